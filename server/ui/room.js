// The deployment room: one deployment, live, with what it rests on and what can be done; and its past, by a slider.
import { actionBar, command, commandTitle, decide, mayCommand, mayDecide } from "./act.js";
import { get, list, who } from "./api.js";
import { h } from "./dom.js";
import { setKeys } from "./keys.js";
import { listen } from "./live.js";
import { roundsPanel, trialPanel } from "./measures.js";
import { blocks, button, chip, dial, facts, icon, note, panel, traffic } from "./parts.js";
import { proofOf } from "./proof.js";
import * as store from "./store.js";
import { chart, legend } from "./timeline.js";
import { actor, clock, duration, figure, plural, ticking } from "./words.js";

const REFRESH_MS = 1500; // at most so often while events come thick
const EVENTS_MAX = 2000; // of the past; the latest count

/** The deployment as an event saw it. */
function framed(deployment, plan, event) {
  const { data } = event;
  const step = plan?.steps[data.step];
  return { ...deployment, state: data.state ?? deployment.state, old: { ...deployment.old, ...data.old }, new: { ...deployment.new, ...data.new, addresses: [] },
    waitingFor: data.waitingFor ?? null, waitingUntil: null, error: null,
    step: { index: data.step ?? 0, of: plan?.steps.length ?? deployment.step?.of ?? 1, kind: step?.kind ?? "", text: step?.text ?? "" } };
}

function head(d, replayed) {
  return h("header", { class: "room-head", "data-state": d.state },
    h("div", { class: "room-title" }, h("h1", null, d.appId), chip(d.state), h("span", { class: "tag" }, d.strategy)),
    h("p", { class: "muted" }, d.reason && h("q", null, d.reason), " ", actor(d.createdBy), ", ", d.endedAt ? ["ended ", ticking("ago", d.endedAt)] : d.startedAt ? ["under way for ", ticking("since", d.startedAt)] : ["asked for ", ticking("ago", d.createdAt)],
      !d.endedAt && d.deadlineAt && [" · deadline in ", ticking("left", d.deadlineAt)]),
    !replayed && actionBar(d));
}

function why(d, explanation, replayed) {
  const text = d.error?.text ?? d.waitingFor?.text;
  const helpers = replayed ? [] : explanation?.whoCanUnblock ?? [];
  const marathon = replayed ? null : explanation?.marathon;
  if (!text && helpers.length === 0) return null;
  return panel(null, { class: "why-panel", "data-tone": d.error ? "bad" : "plain", "aria-label": "Why it waits" },
    text && h("p", { class: "why-text" }, text, d.waitingUntil && h("span", { class: "countdown" }, ticking("left", d.waitingUntil), " left")),
    d.waitingFor?.since && !replayed && h("p", { class: "muted small" }, "for ", ticking("since", d.waitingFor.since)),
    helpers.map(({ who: helper, how }) => h("p", null, icon("dot"), " ", h("strong", null, helper), `: ${how}.`)),
    marathon && !marathon.reachable && note("warn", `Marathon does not answer: ${marathon.error}`),
    marathon?.lastTaskFailure && note("warn", h("strong", null, "Last task failure: "), marathon.lastTaskFailure.text));
}

function gatePanel(d, gates) {
  return gates.filter((gate) => gate.state === "open").map((gate) => panel(`Gate ${gate.name}`, { class: "gate-panel" },
    h("p", null, gate.approvers.length > 0 ? `Asked are ${gate.approvers.join(", ")}.` : "Anybody who may promote decides.",
      ` ${gate.approvals} of ${plural(gate.quorum, "approval")}.`, gate.expiresAt && [" Without them in ", ticking("left", gate.expiresAt), `: ${gate.onExpiry}.`]),
    gate.decisions.length > 0 && h("ul", { class: "plain-list" }, gate.decisions.map((one) => h("li", null, icon(one.decision === "approve" ? "good" : "bad"), ` ${actor(one.by)}: ${one.decision}`, one.reason && h("q", null, one.reason)))),
    mayDecide(gate, who().name) && h("div", { class: "actions" },
      button("Approve", () => decide(d, gate, "approve"), { class: "primary", "data-decision": "approve" }),
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
    facts(d.old.appId !== d.new.appId && ["Old app", d.old.appId], d.old.appId !== d.new.appId && ["New app", d.new.appId], d.new.addresses?.length > 0 && ["Ask the new one at", d.new.addresses.join(", ")]));
}

const isPair = (d) => d.new.wantedWeight !== undefined;

function shares(d, replayed) {
  if (replayed) return null;
  return panel("Requests", { class: "dial-panel" }, isPair(d) ? dial(d.new) : traffic(d));
}

// By their number and not by their time: what happens in a second is as plain as an hour at a gate.
const momentOf = (event, x) => ({ x, old: event.data.old?.instances ?? 0, new: event.data.new?.instances ?? 0, healthyOld: event.data.old?.healthy ?? 0, healthyNew: event.data.new?.healthy ?? 0 });

// The past as a chart with a slider; keeps its own elements, so that a finger stays on it.
function pastPanel(state, redraw) {
  const place = h("div", { class: "chart-place" });
  const slider = h("input", { type: "range", min: 0, value: 0, "aria-label": "Replay the events" });
  const words = h("output", { class: "chart-words" });
  const back = h("button", { type: "button", class: "quiet", onclick: () => set(null) }, "Back to live");
  const el = h("section", { class: "panel past-panel", "data-own": true, "data-key": "past" }, h("h2", null, "What happened"), place, slider, h("div", { class: "past-foot" }, words, back), legend({ cap: false }));
  function set(at) {
    state.at = at;
    draw();
    redraw();
  }
  function draw() {
    const { events, deployment, plan } = state;
    if (events.length === 0 || !deployment) return; // events can be here before the deployment
    const last = events.length - 1;
    const event = state.at === null ? null : events[state.at];
    slider.max = last + 1;
    slider.value = state.at ?? last + 1;
    back.hidden = state.at === null;
    const said = event ? `${event.type.replace(/^deployment\./, "").replaceAll(/[.-]/g, " ")}` : deployment.endedAt ? "the end" : "now";
    words.replaceChildren(...(event ? [clock(event.time), " "] : []), h("strong", null, said), h("span", { class: "muted" }, event ? ` event ${state.at + 1} of ${events.length}` : ` after ${plural(events.length, "event")}`));
    slider.setAttribute("aria-valuetext", words.textContent);
    place.replaceChildren(chart({ moments: events.map(momentOf), end: events.length, floor: plan?.capacity.lowestServing, at: state.at ?? events.length, height: 150,
      width: Math.max(280, place.clientWidth || 640), words: `Instances over ${plural(events.length, "event")}` }));
  }
  slider.oninput = () => set(Number(slider.value) > state.events.length - 1 ? null : Number(slider.value));
  new ResizeObserver(draw).observe(place);
  // Once it is on the page it is not put there again: moving it would take the finger off.
  const part = () => el.isConnected ? h("section", { "data-own": true, "data-key": "past" }) : el;
  return { part, draw, isThere: () => el.isConnected };
}

function page(state, past) {
  const { deployment, plan, events, at } = state;
  if (!deployment) return h("p", { class: "muted" }, "Looking …");
  const replayed = at !== null;
  const d = replayed ? framed(deployment, plan, events[at]) : deployment;
  return [head(d, replayed),
    replayed && note("plain", h("strong", null, "A replay: "), "as it was at ", clock(events[at].time), "."),
    !replayed && gatePanel(d, state.gates),
    h("div", { class: "room", "data-key": "room" },
      h("div", { class: "room-main" }, why(d, state.explanation, replayed), h("div", { class: "room-pair" }, instances(d, state.explanation, replayed), shares(d, replayed)), !replayed && trialPanel(d.verify), roundsPanel(replayed ? events.slice(0, at + 1) : events, plan), events.length > 0 && past.part()),
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
      if (state.events.length > 0 && !past.isThere()) place.show(page(state, past)); // its old place has gone
      past.draw();
      const d = state.deployment;
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
