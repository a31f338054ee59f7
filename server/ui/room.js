// The deployment room: one deployment, live, with what it rests on and what can be done; and its past, by a slider.
import { actionBar, command, commandTitle, decide, mayCommand, mayDecide } from "./act.js";
import { get, list, may, who } from "./api.js";
import { h } from "./dom.js";
import { setKeys } from "./keys.js";
import { connection, listen } from "./live.js";
import { roundsPanel, trialPanel } from "./measures.js";
import { blocks, button, chip, dial, facts, icon, note, panel, traffic } from "./parts.js";
import { framed, pastPanel } from "./past.js";
import { proofOf } from "./proof.js";
import * as store from "./store.js";
import { actor, clock, duration, figure, plural, ticking } from "./words.js";

const REFRESH_MS = 1500; // at most so often while events come thick
const COUNT_MS = 4000; // what is measured makes no event: look so often while it is under way …
const EXPLAIN_COUNTS = 3; // … and ask every so many looks what it waits for
const EVENTS_MAX = 2000; // of the past; the latest count
const LONG = 40; // letters of an id: from here on it is written smaller

// What somebody does next with a deployment that is over.
function afterwards(d) {
  if (!d.endedAt || !may("POST /v1/plans")) return null;
  const again = `#/plan?app=${encodeURIComponent(d.appId)}&strategy=${encodeURIComponent(d.strategy)}`;
  return h("div", { class: "actions" }, d.error && h("a", { class: "button", href: again }, "Plan another try"),
    h("a", { class: "button quiet", href: `#/apps/${encodeURIComponent(d.appId)}` }, "Earlier revisions"));
}

function head(d, gates, replayed) {
  // Where an approval is asked for, promote is but another way to give it.
  const likely = gates.some((gate) => gate.state === "open") ? null : d.suggestedCommand;
  return h("header", { class: "room-head", "data-state": d.state },
    h("div", { class: "room-title" }, h("h1", { "data-long": d.appId.length > LONG }, d.appId), h("span", { role: "status" }, chip(d.state)), h("span", { class: "tag" }, d.strategy)),
    h("p", { class: "muted" }, d.reason && h("q", null, d.reason), " ", actor(d.createdBy), ", ", d.endedAt ? ["ended ", ticking("ago", d.endedAt)] : d.startedAt ? ["under way for ", ticking("since", d.startedAt)] : ["asked for ", ticking("ago", d.createdAt)],
      !d.endedAt && d.deadlineAt && [" · deadline ", ticking("due", d.deadlineAt)]),
    !replayed && (actionBar(d, likely) || afterwards(d)));
}

function why(d, explanation, gates, replayed) {
  const asked = !replayed && !d.error && gates.some((gate) => gate.state === "open"); // the gate's own panel says it all
  const text = asked ? null : d.error?.text ?? d.waitingFor?.text;
  const helpers = replayed || asked ? [] : explanation?.whoCanUnblock ?? [];
  const marathon = replayed ? null : explanation?.marathon;
  const troubled = marathon && (!marathon.reachable || marathon.lastTaskFailure);
  if (!text && helpers.length === 0 && !troubled) return null;
  return panel(null, { class: "why-panel", "data-tone": d.error ? "bad" : "plain", "aria-label": "Why it waits" },
    d.error && h("h2", { class: "why-head" }, icon("warn"), d.endedAt ? "What went wrong" : "What is wrong"),
    text && h("p", { class: "why-text" }, text, d.waitingUntil && h("span", { class: "countdown" }, ticking("left", d.waitingUntil), " left")),
    d.waitingFor?.since && !asked && !replayed && h("p", { class: "muted small" }, d.error && [d.waitingFor.text, " "], "For ", ticking("since", d.waitingFor.since), "."),
    helpers.length > 0 && h("h3", null, "Who can help"),
    helpers.map(({ who: helper, how }) => h("p", null, icon("dot"), " ", h("strong", null, helper), `: ${how}.`)),
    marathon && !marathon.reachable && note("warn", `Marathon does not answer: ${marathon.error}`),
    marathon?.lastTaskFailure && note("warn", h("strong", null, "Last task failure: "), marathon.lastTaskFailure.text));
}

const isMine = (decision) => decision.by === `token:${who().name}`;

function gatePanel(d, gates) {
  return gates.filter((gate) => gate.state === "open").map((gate) => panel(`Gate ${gate.name}`, { class: "gate-panel" },
    h("p", null, h("strong", null, "Somebody has to decide: "), "approve goes on with the next step, reject goes back. ", gate.approvers.length > 0 ? `Asked are ${gate.approvers.join(", ")}.` : "Anybody who may promote decides.",
      ` ${gate.approvals} of ${plural(gate.quorum, "approval")}.`, gate.expiresAt && [" Without them in ", ticking("left", gate.expiresAt), `: ${gate.onExpiry}.`]),
    gate.decisions.length > 0 && h("ul", { class: "plain-list" }, gate.decisions.map((one) => h("li", null, icon(one.decision === "approve" ? "good" : "bad"), ` ${actor(one.by)}: ${one.decision} `, one.reason && h("q", null, one.reason)))),
    mayDecide(gate, who().name) && h("div", { class: "actions" },
      !gate.decisions.some((one) => isMine(one) && one.decision === "approve") && button("Approve", () => decide(d, gate, "approve"), { class: "primary", "data-decision": "approve" }),
      button("Reject", () => decide(d, gate, "reject"), { class: "danger", "data-decision": "reject" }))));
}

const marks = { succeeded: "good", failed: "bad", running: "run", pending: "dot", skipped: "dot" };

function chain(steps, at) {
  return panel("Steps", { class: "chain-panel" }, h("ol", { class: "chain" }, steps.map((step) => {
    const state = at === null ? step.state : step.index < at ? "succeeded" : step.index === at ? "running" : "pending";
    const proof = at === null ? proofOf(step) : null;
    const took = at === null && step.endedAt && step.startedAt ? duration((Date.parse(step.endedAt) - Date.parse(step.startedAt)) / 1000) : null;
    const line = [h("span", { class: "chain-mark", "data-kind": step.kind }, icon(marks[state] ?? "dot")), h("span", { class: "chain-text" }, step.text),
      h("span", { class: "chain-time muted" }, state === "running" && step.startedAt && at === null ? ticking("since", step.startedAt) : took, h("span", { class: "unseen" }, ` ${state}`))];
    return h("li", { "data-state": state, "data-key": `step-${step.index}`, "aria-current": state === "running" ? "step" : null },
      proof ? h("details", null, h("summary", null, line), proof) : h("div", { class: "chain-line" }, line));
  })));
}

function instances(d, explanation, replayed) {
  const floor = replayed ? null : explanation?.floor;
  return panel("Instances", { class: "instances-panel" }, blocks("old", d.old), blocks("new", d.new),
    floor && h("p", { class: "floor", "data-tone": floor.broken ? "bad" : "good" }, icon(floor.broken ? "warn" : "good"), `${figure(floor.serving)} take requests, ${figure(floor.promised)} promised`),
    facts(d.old.appId !== d.new.appId && d.old.version && ["Old app", d.old.appId], d.old.appId !== d.new.appId && ["New app", d.new.appId], d.new.addresses?.length > 0 && ["Ask the new one at", d.new.addresses.join(", ")]));
}

const isPair = (d) => d.new.wantedWeight !== undefined;

function shares(d) {
  if (d.new.weight === undefined) return null; // an event of a time when events had none
  return panel("Requests", { class: "dial-panel" }, isPair(d) ? dial(d.new) : traffic(d));
}

function page(state, past) {
  const { deployment, plan, events, at } = state;
  if (!deployment) return h("p", { class: "muted" }, "Looking …");
  const replayed = at !== null;
  const d = replayed ? framed(deployment, plan, events, at) : deployment;
  return [head(d, state.gates, replayed),
    replayed && note("plain", h("strong", null, "A replay: "), "as it was at ", clock(events[at].time), "."),
    !replayed && gatePanel(d, state.gates),
    h("div", { class: "room", "data-key": "room" },
      h("div", { class: "room-main" }, why(d, state.explanation, state.gates, replayed), h("div", { class: "room-pair" }, instances(d, state.explanation, replayed), shares(d)), !replayed && trialPanel(d.verify), roundsPanel(replayed ? events.slice(0, at + 1) : events, plan), events.length > 0 && past.part()),
      chain(state.steps, replayed ? events[at].data.step ?? 0 : null)),
    h("p", { class: "small muted" }, "Deployment ", h("code", null, d.id), " · ", h("a", { href: `#/plans/${d.planId}` }, "its plan"), " · ", h("a", { href: `#/apps/${encodeURIComponent(d.appId)}` }, "the app"))];
}

// Read what belongs to the deployment; what cannot be had now (Marathon is down) is left out.
async function refresh(state) {
  const base = `/v1/deployments/${state.id}`;
  const open = store.known(state.id)?.endedAt === null;
  const [steps, gates, explanation] = await Promise.all([get(`${base}/steps`), get(`${base}/gates`).catch(() => ({ items: [] })), open ? get(`${base}/explain`).catch(() => null) : null]);
  state.steps = steps.items;
  state.gates = gates.items;
  state.explanation = explanation;
}

export const roomView = {
  title: () => "Deployment",
  async open(place) {
    const [id] = place.args;
    const state = { id, deployment: null, plan: null, steps: [], gates: [], explanation: null, events: [], at: null };
    const draw = () => {
      if (!place.live()) return;
      state.deployment = store.known(id) ?? state.deployment;
      place.show(page(state, past));
      past.draw();
      const d = state.deployment;
      if (d) place.title(`${d.appId} ${d.state.replace("-", " ")}`);
      setKeys((d?.allowedCommands ?? []).filter(mayCommand).map((name) => ({ name: commandTitle(name).toLowerCase(), act: () => command(state.deployment, name) })));
    };
    const past = pastPanel(state, draw);
    let timer = null;
    let due = false;
    const soon = () => {
      due = true;
      timer ??= setTimeout(async () => {
        due = false;
        await refresh(state).catch(() => {});
        timer = null;
        if (!place.live()) return;
        draw();
        if (due) soon();
      }, state.steps.length > 0 ? REFRESH_MS / 3 : 0);
    };
    const take = (event) => {
      if (event.deploymentId !== id || event.seq <= (state.events.at(-1)?.seq ?? 0)) return;
      state.events.push(event);
      if (state.events.length > EVENTS_MAX) state.events.shift();
      soon();
    };
    place.onEnd(listen((kind, event) => kind === "event" ? take(event) : kind === "reset" && soon()));
    place.onEnd(store.watch(draw));
    place.onEnd(setKeys([]));
    place.onEnd(() => clearTimeout(timer));
    let counts = 0;
    const counting = setInterval(() => {
      if (document.hidden || !connection().live || store.known(id)?.endedAt !== null) return;
      store.read(id).catch(() => {});
      if (++counts % EXPLAIN_COUNTS === 0) soon();
    }, COUNT_MS);
    place.onEnd(() => clearInterval(counting));
    place.show(page(state, past));
    try {
      await store.read(id);
      const [plan, events] = await Promise.all([get(`/v1/plans/${store.known(id).planId}`).catch(() => null), list(`/v1/deployments/${id}/events`, EVENTS_MAX), refresh(state)]);
      state.plan = plan;
      const later = state.events;
      state.events = events;
      later.forEach(take);
      draw();
    } catch (problem) {
      place.fail(problem);
    }
  },
};
