// The past of a deployment: its events as a chart with a slider, and the deployment as each of them saw it.
import { h } from "./dom.js";
import { chart, legend } from "./timeline.js";
import { actor, clock, figure, percent, plural } from "./words.js";

// Was it measured since the share is what it is? Until there is something, the last share's is told on.
function isOfThisShare(events, at) {
  const told = (i) => events[i].data.new ?? {};
  let since = at;
  while (since > 0 && told(since).wantedWeight === told(since - 1).wantedWeight) since--;
  return since === 0 || told(at).measuredRequests !== told(since).measuredRequests;
}

/** The deployment as an event saw it. Shares are told since events have them. */
export function framed(deployment, plan, events, at) {
  const { data } = events[at];
  const step = plan?.steps[data.step];
  const fresh = { wantedWeight: undefined, measuredWeight: null, measuredInterval: null, measuredRequests: 0, addresses: [] };
  const stale = isOfThisShare(events, at) ? {} : { measuredWeight: null, measuredRequests: 0 };
  return { ...deployment, state: data.state ?? deployment.state, old: { ...deployment.old, ...data.old }, new: { ...deployment.new, weight: undefined, ...fresh, ...data.new, ...stale },
    waitingFor: data.waitingFor ?? null, waitingUntil: null, error: data.cause ? { code: data.cause, text: data.text } : null,
    step: { index: data.step ?? 0, of: plan?.steps.length ?? deployment.step?.of ?? 1, kind: step?.kind ?? "", text: step?.text ?? "" } };
}

// By their number and not by their time: what happens in a second is as plain as an hour at a gate.
function momentOf({ data }, x) {
  return { x, old: data.old?.instances ?? 0, new: data.new?.instances ?? 0, healthyOld: data.old?.healthy ?? 0, healthyNew: data.new?.healthy ?? 0,
    wanted: data.new?.wantedWeight, measured: data.new?.measuredWeight };
}

// What was measured is told again until there is more, and at first beside a share that is only wanted by then: one point for each, where it belongs.
function momentsOf(events) {
  const moments = events.map(momentOf);
  for (let i = 1; i < moments.length; i++) {
    if (events[i].data.new?.measuredRequests === events[i - 1].data.new?.measuredRequests) moments[i].measured = undefined;
    else if (moments[i].wanted !== moments[i - 1].wanted) {
      moments[i - 1].measured = moments[i].measured;
      moments[i].measured = undefined;
    }
  }
  return moments;
}

// What one of several did, where the type alone does not say it.
function detail({ type, data }) {
  if (type === "deployment.gate.voted") return `${actor(data.by)}: ${data.decision}, ${figure(data.approvals)} of ${plural(data.quorum, "approval")}`;
  if (type === "deployment.weight.changed" && data.new.weight !== undefined) return `${percent(data.new.weight)} to the new version`;
  if (data.measured) return `round ${figure(data.measured.round)} ${data.measured.result}`;
  if (data.floor !== undefined) return `${figure(data.serving)} take requests, ${figure(data.floor)} promised`;
  return null;
}

const nameOf = (event) => event.type.replace(/^deployment\./, "").replaceAll(/[.-]/g, " ");

/** The past as a chart with a slider; keeps its own elements, so that a finger stays on it. */
export function pastPanel(state, redraw) {
  const place = h("div", { class: "chart-place" });
  const slider = h("input", { type: "range", min: 0, value: 0, "aria-label": "Replay the events" });
  const words = h("output", { class: "chart-words" });
  const from = h("span"), to = h("span");
  const keys = h("div");
  const back = h("button", { type: "button", class: "quiet", onclick: () => {
    set(null);
    slider.focus();
  } }, "Back to live");
  const el = h("section", { class: "panel past-panel", "data-own": true, "data-key": "past" }, h("h2", null, "What happened"), place,
    h("div", { class: "chart-times small muted" }, from, to), slider, h("div", { class: "past-foot" }, words, back), keys);
  function set(at) {
    state.at = at;
    draw();
    redraw();
  }
  function draw() {
    const { events, deployment, plan } = state;
    if (events.length === 0 || !deployment) return; // events can be here before the deployment
    const event = state.at === null ? null : events[state.at];
    const moments = momentsOf(events);
    const shared = moments.some((one) => one.wanted !== undefined);
    slider.max = events.length;
    slider.value = state.at ?? events.length;
    back.hidden = state.at === null;
    from.replaceChildren(clock(events[0].time));
    to.replaceChildren(clock(events.at(-1).time));
    const more = event && detail(event);
    words.replaceChildren(...(event ? [clock(event.time), " "] : []), h("strong", null, event ? nameOf(event) : deployment.endedAt ? "the end" : "now"), more ? ` ${more}` : "",
      h("span", { class: "muted" }, event ? ` event ${state.at + 1} of ${events.length}` : ` after ${plural(events.length, "event")}`));
    slider.setAttribute("aria-valuetext", words.textContent);
    place.replaceChildren(chart({ moments, end: events.length, floor: plan?.capacity.lowestServing, at: state.at ?? events.length, height: shared ? 190 : 150, shared,
      width: Math.max(280, place.clientWidth || 640), words: `Instances${shared ? " and shares" : ""} over ${plural(events.length, "event")}` }));
    keys.replaceChildren(legend({ shared }));
  }
  slider.oninput = () => set(Number(slider.value) > state.events.length - 1 ? null : Number(slider.value));
  new ResizeObserver(draw).observe(place);
  // Once it is on the page it is not put there again: moving it would take the finger off.
  const part = () => el.isConnected ? h("section", { "data-own": true, "data-key": "past" }) : el;
  return { part, draw };
}
