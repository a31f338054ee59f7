// Commands: a button for each that the server allows and the session may give, and the dialog before it is sent.
import { may, post } from "./api.js";
import { operation } from "./contract.js";
import { h } from "./dom.js";
import { focusFault, schemaForm } from "./form.js";
import { trouble } from "./parts.js";
import * as store from "./store.js";
import { duration } from "./words.js";

const pathOf = (command) => `/v1/deployments/{id}/${command}`;
const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

// How weighty it looks; what is not here looks ordinary.
const tones = { abort: "danger", rollback: "danger", promote: "primary", resume: "primary", approve: "primary", reject: "danger" };
const titles = { rollback: "Roll back", weight: "Set weight" };
export const commandTitle = (command) => titles[command] ?? capital(command);

/** Ask before something is done. `send(body)` does it; a problem is shown and the dialog stays. */
export function ask({ title, text, schema, value, tone, confirm, send }) {
  const form = schema && schemaForm(schema, { value });
  const fault = h("div");
  const yes = h("button", { type: "submit", class: tone ?? "primary" }, confirm ?? title);
  const dialog = h("dialog", { "aria-labelledby": "ask-title", onclose: () => dialog.remove() },
    h("form", { class: "ask", onsubmit: async (event) => {
      event.preventDefault();
      if (yes.ariaDisabled === "true") return;
      yes.ariaDisabled = "true"; // not `disabled`: that would take the focus
      form?.fail([]);
      try {
        await send(form ? form.read() : {});
        dialog.close();
      } catch (problem) {
        const shown = form?.fail(problem.errors ?? []) ?? false;
        fault.replaceChildren(...(shown ? [] : [trouble(problem)]));
        if (shown) focusFault(dialog);
      }
      yes.ariaDisabled = "false";
    } },
    h("h2", { id: "ask-title" }, title), text.filter(Boolean).map((one) => h("p", null, one)), form?.el, fault,
    h("div", { class: "ask-foot" }, h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Leave it"), yes)));
  document.body.append(dialog);
  dialog.showModal();
  (dialog.querySelector("input, select, textarea") ?? yes).focus();
}

function wayBack(deployment, command) {
  const { possible, mode, estimateSeconds } = deployment.rollback;
  if (tones[command] !== "danger" || !possible) return null;
  return `The way back: ${mode}, about ${duration(estimateSeconds)}.`;
}

/** Ask for a command; what it does and wants is what the API's document says. */
export async function command(deployment, name) {
  const { summary, description, schema } = await operation("POST", pathOf(name));
  ask({
    title: `${commandTitle(name)}: ${deployment.appId}`, confirm: commandTitle(name), tone: tones[name], schema,
    text: [h("strong", null, `${summary}.`), description, wayBack(deployment, name)],
    async send(body) {
      const path = pathOf(name).replace("{id}", deployment.id);
      try {
        store.keep(await post(path, body, { etag: store.etagOf(deployment.id) }));
      } catch (problem) {
        if (problem.status === 412 || problem.status === 409) await store.read(deployment.id); // the next try knows what is
        throw problem;
      }
      await store.read(deployment.id);
    },
  });
}

export const mayCommand = (name) => may(`POST ${pathOf(name)}`);

/** What the server thinks likely stands out; the others only say by their colour what they undo. */
export function commandButton(deployment, name, likely) {
  if (!mayCommand(name)) return null;
  const tone = tones[name] ?? "";
  return h("button", { type: "button", class: name === likely ? `${tone || "primary"} likely` : tone === "danger" ? tone : "", "data-command": name, onclick: () => command(deployment, name) }, commandTitle(name));
}

const decisions = "/v1/deployments/{id}/gates/{name}/decisions";

/** May this session decide at the gate? Its approvers are names of tokens. */
export const mayDecide = (gate, name) => may(`POST ${decisions}`) && (gate.approvers.length === 0 || gate.approvers.includes(name));

export async function decide(deployment, gate, decision) {
  const { description, schema } = await operation("POST", decisions);
  const only = { ...schema, required: decision === "reject" ? ["reason"] : [], properties: { reason: schema.properties.reason } };
  ask({
    title: `${capital(decision)} ${gate.name}: ${deployment.appId}`, confirm: capital(decision), tone: tones[decision], schema: only, text: [description],
    async send(body) {
      await post(decisions.replace("{id}", deployment.id).replace("{name}", encodeURIComponent(gate.name)), { decision, ...body });
      await store.read(deployment.id);
    },
  });
}

/** All that is allowed now, in the server's order. `likely` is the command that stands out, if any. */
export function actionBar(deployment, likely) {
  const buttons = deployment.allowedCommands.map((name) => commandButton(deployment, name, likely)).filter(Boolean);
  return buttons.length > 0 && h("div", { class: "actions", role: "group", "aria-label": "Commands" }, buttons);
}

