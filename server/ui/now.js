// Now: what is under way, what it waits for, and the one thing that somebody would most likely do.
import { commandButton } from "./act.js";
import { may } from "./api.js";
import { h } from "./dom.js";
import { connection } from "./live.js";
import { blocks, button, chip, icon, note, track, traffic } from "./parts.js";
import * as store from "./store.js";
import { actor, plural, ticking } from "./words.js";

const COUNT_MS = 10000; // what is measured makes no event: look so often while something is under way
const FILTERED_MIN = 6; // so many under way can be searched
const DENSE_MIN = 12; // … and so many shown are shown short

const room = (deployment) => `#/deployments/${deployment.id}`;

function waiting(deployment) {
  const text = deployment.error?.text ?? deployment.waitingFor?.text;
  if (!text) return null;
  return h("p", { class: "why", "data-tone": deployment.error ? "bad" : "plain" }, icon(deployment.error ? "warn" : "wait"), h("span", null, text,
    deployment.waitingUntil && h("span", { class: "muted" }, " ", ticking("left", deployment.waitingUntil), " left")));
}

function card(deployment) {
  return h("article", { class: "card", "data-key": deployment.id, "data-state": deployment.state, "aria-label": `${deployment.strategy} deployment of ${deployment.appId}` },
    h("header", { class: "card-head" },
      h("h2", null, h("a", { href: room(deployment) }, deployment.appId)),
      chip(deployment.state), h("span", { class: "tag" }, deployment.strategy),
      h("span", { class: "card-by muted" }, deployment.reason && h("q", null, deployment.reason), " ", actor(deployment.createdBy), deployment.startedAt && [", for ", ticking("since", deployment.startedAt)])),
    deployment.step && h("div", { class: "card-step" }, track(deployment),
      h("p", null, h("span", { class: "muted" }, `${Math.min(deployment.step.index + 1, deployment.step.of)} / ${deployment.step.of} `), deployment.step.text)),
    h("div", { class: "card-body" },
      h("div", { class: "card-blocks" }, blocks("old", deployment.old), blocks("new", deployment.new)),
      traffic(deployment),
      h("div", { class: "card-why" }, waiting(deployment), deployment.deadlineAt && h("p", { class: "muted small" }, "Deadline ", ticking("due", deployment.deadlineAt)))),
    h("footer", { class: "card-foot" },
      deployment.suggestedCommand && commandButton(deployment, deployment.suggestedCommand, deployment.suggestedCommand),
      h("a", { class: "button quiet", href: room(deployment) }, "Open")));
}

function row(deployment) {
  return h("li", { class: "row", "data-key": deployment.id },
    chip(deployment.state), h("a", { class: "row-main", href: room(deployment) }, deployment.appId), h("span", { class: "tag" }, deployment.strategy),
    h("span", { class: "row-text muted" }, deployment.error?.text ?? deployment.reason), h("span", { class: "muted row-when" }, actor(deployment.createdBy), " · ", ticking("ago", deployment.endedAt)));
}

function quiet() {
  return note("good", h("strong", null, "All quiet."), " What is started here, by a script or by a chat bot shows up at once. ",
    may("POST /v1/plans") && h("a", { href: "#/plan" }, "Plan a deployment"));
}

// Those in a state that was chosen, with an app that was searched for.
function fits(deployment, wanted) {
  return (wanted.state === null || deployment.state === wanted.state) && `${deployment.appId} ${deployment.reason} ${deployment.createdBy}`.toLowerCase().includes(wanted.text);
}

function stateButtons(open, wanted, redraw) {
  const counts = new Map();
  for (const { state } of open) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([state, count]) => button([chip(state), ` ${count}`], () => {
    wanted.state = wanted.state === state ? null : state;
    redraw();
  }, { class: "pick-state", "aria-pressed": String(wanted.state === state), "data-key": `state-${state}` }));
}

function underWay(open, wanted, search, redraw) {
  if (open.length === 0) return quiet();
  const filtered = open.length >= FILTERED_MIN;
  const shown = filtered ? open.filter((one) => fits(one, wanted)) : open;
  return [filtered && h("div", { class: "filters", role: "group", "aria-label": "Show only", "data-key": "filters" }, search.isConnected ? h("input", { "data-own": true }) : search, stateButtons(open, wanted, redraw)),
    shown.length === 0 ? h("p", { class: "muted" }, "None under way is like that.") : h("div", { class: "cards", "data-dense": shown.length >= DENSE_MIN }, shown.map(card))];
}

function page(wanted, search, redraw) {
  if (!store.isLoaded()) return h("p", { class: "muted" }, "Looking …");
  const open = store.unended();
  const past = store.ended();
  const states = [...new Set(open.map((one) => one.state))].map((state) => `${open.filter((one) => one.state === state).length} ${state.replace("-", " ")}`);
  return [
    h("header", { class: "page-head" }, h("h1", null, "Now"),
      h("p", { class: "muted" }, open.length === 0 ? "Nothing is being deployed." : [plural(open.length, "deployment"), ` under way: ${states.join(", ")}`])),
    underWay(open, wanted, search, redraw),
    past.length > 0 && h("section", { class: "recent" }, h("h2", null, "Ended last"), h("ul", { class: "rows" }, past.map(row)), h("p", null, h("a", { href: "#/deployments" }, "All deployments"))),
  ];
}

export const now = {
  title: () => "Now",
  open(place) {
    const wanted = { text: "", state: null };
    const search = h("input", { type: "search", "data-own": true, "aria-label": "Find under way", placeholder: "App, reason or who", oninput: () => {
      wanted.text = search.value.trim().toLowerCase();
      draw();
    } });
    const draw = () => place.show(page(wanted, search, draw));
    const counting = setInterval(() => !document.hidden && connection().live && store.unended().length > 0 && store.load().catch(() => {}), COUNT_MS);
    place.onEnd(() => clearInterval(counting));
    if (!store.isLoaded()) store.load().catch(place.fail);
    place.onEnd(store.watch(draw));
    draw();
  },
};
