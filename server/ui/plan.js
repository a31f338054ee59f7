// Plan preview: say what shall happen, see what would, and start exactly that.
import { ask } from "./act.js";
import { get, list, may, post } from "./api.js";
import { schemaNamed } from "./contract.js";
import { h } from "./dom.js";
import { focusFault, schemaForm } from "./form.js";
import { button, chip, diff, facts, icon, note, panel, trouble } from "./parts.js";
import { planTimeline } from "./timeline.js";
import { actor, day, duration, figure, label, percent, plural } from "./words.js";

const MORE = ["reason", "deadlineSeconds", "onFailure", "whenBusy"];
let handed = null; // a request that another view has begun

/** Open the preview with this request filled in. */
export function planWith(request) {
  handed = request;
  location.hash = `#/plan?as=${Date.now().toString(36)}`;
}

function stepRow(step) {
  return h("li", null, h("span", { class: "chain-mark", "data-kind": step.kind }, icon("dot")),
    h("span", { class: "chain-text" }, step.text,
      step.share && step.share.achievable !== step.share.wanted && h("span", { class: "muted" }, ` Whole weights give ${percent(step.share.achievable)}.`),
      step.gate && h("span", { class: "muted" }, ` ${step.gate.name}: ${step.gate.approvers ?? "anybody who may promote"}; ${plural(step.gate.quorum, "approval")}${step.gate.expiresSeconds ? `; after ${duration(step.gate.expiresSeconds)} ${step.gate.onExpiry}` : ""}.`)),
    h("span", { class: "chain-time muted" }, `≤ ${duration(step.deadlineSeconds)}`));
}

function start(plan) {
  return async () => {
    const { planId, digest, ...rest } = (await schemaNamed("PlanReference")).properties;
    ask({
      title: `Start: ${plan.appId}`, confirm: "Start", tone: "primary", value: { reason: plan.reason || undefined, whenBusy: plan.whenBusy },
      schema: { type: "object", properties: { reason: rest.reason, whenBusy: rest.whenBusy } },
      text: [`${label(plan.strategy)}: exactly what this plan shows. If the app has changed since, nothing is started.`],
      async send(body) {
        const deployment = await post("/v1/deployments", { planId: plan.id, digest: plan.digest, ...body });
        location.hash = `#/deployments/${deployment.id}`;
      },
    });
  };
}

const proofs = ["arithmetic", "placement", "resources"];

function number(value, name, tone) {
  return h("div", { class: "figure", "data-tone": tone }, h("strong", null, figure(value)), h("span", null, name));
}

/** Everything that a plan says. */
function planResult(plan) {
  const { capacity, verdict, suggestion } = plan;
  return [
    h("header", { class: "plan-head" },
      h("div", null, h("h2", null, `${label(plan.action)} ${plan.appId}`), h("p", { class: "muted" }, `${plan.strategy}, planned by ${actor(plan.createdBy)}, `, day(plan.createdAt))),
      may("POST /v1/deployments") && plan.action !== "none" && button("Start …", start(plan), { class: "primary big" })),
    plan.warnings.map((one) => note("warn", one.text)),
    panel("Capacity", null,
      h("div", { class: "figures" }, number(capacity.lowestServing, "serve at the worst moment", capacity.lowestServing > 0 ? "good" : plan.action === "create" ? undefined : "bad"), number(capacity.killedAtOnce, "killed at once", capacity.killedAtOnce > 0 ? "warn" : "good"),
        number(capacity.peakInstances, "exist at most"), number(capacity.peakExtra.cpus, "CPUs on top"), number(capacity.peakExtra.memMiB, "MiB on top")),
      planTimeline(capacity),
      h("div", { class: "verdicts" }, proofs.map((name) => h("span", null, `${label(name)} `, chip(verdict[name])))),
      verdict.reasons.map((reason) => h("p", { class: "muted small" }, reason)),
      suggestion && note("plain", h("strong", null, "Safer: "), Object.entries(suggestion).map(([key, value]) => `${label(key).toLowerCase()} ${value}`).join(", "), ".")),
    h("div", { class: "plan-pair" },
      panel("What changes", null, diff(plan.diff)),
      panel("Steps", null, h("ol", { class: "chain" }, plan.steps.map(stepRow)), h("p", { class: "muted small" }, `All of it within ${duration(plan.deadlineSeconds)}; on failure: ${plan.onFailure}.`))),
    panel("The way back", null, h("p", null, plan.rollback.text), facts(["By", plan.rollback.mode], ["Takes about", duration(plan.rollback.estimateSeconds)])),
    h("p", { class: "small muted" }, "Plan ", h("code", null, plan.id), " · ", h("code", null, plan.digest.slice(0, 19)), "…"),
  ];
}

// The definition: what changes in it, or the whole of it, as JSON.
function definitionField(request, onmode) {
  const whole = request?.app !== undefined;
  const area = h("textarea", { id: "definition", rows: 9, spellcheck: "false", "aria-describedby": "definition-help definition-error" });
  area.value = JSON.stringify(request?.app ?? request?.change ?? { env: {} }, null, 2);
  let begun = area.value;
  const fault = h("p", { class: "field-error", id: "definition-error" });
  const say = (text) => {
    fault.replaceChildren(text);
    area.setAttribute("aria-invalid", text !== "");
  };
  const modes = [["change", "Change what runs", "A JSON merge patch on the definition that runs now."], ["app", "Whole definition", "A Marathon app definition, with its id."]];
  const help = h("p", { class: "field-hint", id: "definition-help" });
  const radios = modes.map(([value, text, hint]) => h("label", { class: "check" }, h("input", { type: "radio", name: "mode", value, checked: (value === "app") === whole, onchange: () => {
    help.replaceChildren(hint);
    onmode();
  } }), text));
  help.replaceChildren(modes[whole ? 1 : 0][2]);
  const el = h("fieldset", { class: "field" }, h("legend", null, "Definition"), h("div", { class: "check-row" }, radios), h("label", { class: "unseen", for: "definition" }, "Definition as JSON"), area, fault, help);
  return {
    el,
    mode: () => el.querySelector("input:checked").value,
    read() {
      say("");
      try {
        return JSON.parse(area.value);
      } catch (error) {
        say(`This is no JSON: ${error.message}`);
        area.focus();
        return undefined;
      }
    },
    /** Begin with the definition of an app, unless somebody has begun already. */
    async begin(id) {
      if (area.value.trim() !== begun || el.querySelector("input:checked").value !== "app") return;
      const app = await get(`/v1/apps/${encodeURIComponent(id)}`).catch(() => null);
      if (app && area.value.trim() === begun) begun = area.value = JSON.stringify(app.definition, null, 2);
    },
    fail(errors) {
      const mine = errors.filter((one) => /^#\/(app|change)(\/|$)/.test(one.pointer));
      say(mine.map((one) => `${one.pointer} ${one.detail}`).join("; "));
      return mine.length > 0;
    },
  };
}

function strategyField(strategies, chosen, onchange) {
  const radios = strategies.map((one) => h("label", { class: "pick" }, h("input", { type: "radio", name: "strategy", value: one.name, checked: one.name === chosen, onchange: () => onchange(one) }),
    h("span", { class: "pick-body" }, h("strong", null, one.name), h("span", { class: "muted small" }, one.text))));
  return h("fieldset", { class: "field" }, h("legend", null, "Strategy"), h("div", { class: "picks" }, radios));
}

function planForm(strategies, ids, schema, request, onplan) {
  let strategy = strategies.find((one) => one.name === request?.strategy) ?? strategies[0];
  let options = null;
  const app = h("input", { id: "app-id", type: "text", list: "app-ids", value: request?.appId ?? request?.app?.id ?? "", required: true, autocomplete: "off", spellcheck: "false", placeholder: "/shop/web", "aria-describedby": "app-id-error", onchange: () => definition.begin(app.value.trim()) });
  const appFault = h("p", { class: "field-error", id: "app-id-error" });
  const failApp = (errors) => {
    const mine = errors.filter((one) => one.pointer === "#/appId");
    appFault.replaceChildren(mine.map((one) => one.detail).join("; "));
    app.setAttribute("aria-invalid", mine.length > 0);
    return mine.length > 0;
  };
  const definition = definitionField(request, () => definition.begin(app.value.trim()));
  const place = h("div");
  const more = schemaForm(schema, { only: MORE, value: request });
  const fault = h("div");
  const submit = h("button", { type: "submit", class: "primary big" }, "Preview");
  function take(one, value) {
    strategy = one;
    const has = Object.keys(one.options.properties ?? {}).length > 0;
    options = schemaForm(one.options, { value, base: "#/options" });
    definition.el.hidden = one.source !== "request";
    place.replaceChildren(...(has ? [h("fieldset", { class: "field" }, h("legend", null, "Options"), options.el)] : []));
  }
  take(strategy, request?.options);
  function body() {
    const result = { strategy: strategy.name, options: options.read(), ...more.read() };
    if (strategy.source !== "request") return { ...result, appId: app.value.trim() };
    const value = definition.read();
    if (value === undefined) return null;
    return definition.mode() === "app" ? { ...result, app: { ...value, id: value.id ?? app.value.trim() } } : { ...result, appId: app.value.trim(), change: value };
  }
  const form = h("form", { class: "plan-form", onsubmit: async (event) => {
    event.preventDefault();
    const wanted = body();
    if (!wanted || submit.ariaDisabled === "true") return;
    submit.ariaDisabled = "true"; // not `disabled`: that would take the focus
    fault.replaceChildren();
    for (const part of [options, more]) part.fail([]); // what was wrong before may be right now
    failApp([]);
    try {
      onplan(await post("/v1/plans", wanted));
    } catch (problem) {
      const shown = [failApp(problem.errors ?? []), definition.fail(problem.errors ?? []), options.fail(problem.errors ?? []), more.fail(problem.errors ?? [])].some(Boolean);
      const said = [...form.querySelectorAll(".field-error")].filter((one) => one.textContent).length;
      // What every field says itself is not said twice.
      fault.replaceChildren(shown && said >= (problem.errors ?? []).length ? trouble(new Error(`${plural(said, "field")} to mend: what is wrong stands there.`), problem.title) : trouble(problem));
      if (shown) focusFault(form);
      else fault.scrollIntoView({ block: "nearest" });
    }
    submit.ariaDisabled = "false";
  } },
  h("div", { class: "field" }, h("label", { for: "app-id" }, "App", h("span", { class: "needed" }, " (needed)")), app, appFault, ids),
  strategyField(strategies, strategy.name, take), definition.el, place,
  h("details", { class: "field" }, h("summary", null, "Reason, deadline and what happens when"), more.el), h("div", { class: "plan-foot" }, fault, submit));
  return form;
}

async function openForm(place) {
  const request = handed ?? (place.query.get("app") ? { appId: place.query.get("app"), strategy: place.query.get("strategy") ?? undefined } : null);
  handed = null;
  const [{ items: strategies }, schema] = await Promise.all([get("/v1/strategies"), schemaNamed("DeploymentRequest")]);
  const ids = h("datalist", { id: "app-ids" });
  list("/v1/apps", 1000).then((apps) => ids.replaceChildren(...[...new Set(apps.map((one) => one.pairName ?? one.id))].sort().map((id) => h("option", { value: id }))), () => {}); // Marathon may be silent
  const result = h("section", { class: "plan-result", tabindex: -1, "aria-label": "Preview" }, h("div", { class: "empty" }, icon("gate"), h("p", null, "What would happen is shown here. Nothing is touched until you start it.")));
  const form = planForm(strategies, ids, schema, request, (plan) => {
    result.replaceChildren(...planResult(plan).flat());
    history.replaceState(null, "", `#/plans/${plan.id}`);
    result.focus({ preventScroll: true });
    result.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  });
  place.show(h("header", { class: "page-head" }, h("h1", null, "Plan"), h("p", { class: "muted" }, "See what a deployment would do, moment by moment.")), h("div", { class: "plan", "data-own": true }, form, result));
  if (request && (request.app || request.change)) form.requestSubmit();
}

async function openPlan(place, id) {
  const plan = await get(`/v1/plans/${id}`);
  place.show(h("header", { class: "page-head" }, h("h1", null, "Plan")), h("div", { class: "plan-result", "data-own": true }, planResult(plan)));
}

export const planView = {
  title: () => "Plan",
  open(place) {
    place.show(h("h1", null, "Plan"), h("p", { class: "muted" }, "Looking …"));
    (place.args.length > 0 ? openPlan(place, place.args[0]) : openForm(place)).catch(place.fail);
  },
};
