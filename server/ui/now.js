// Now: what is under way, what it waits for, and the one thing that somebody would most likely do.
import { commandButton } from "./act.js";
import { h } from "./dom.js";
import { blocks, chip, icon, note, track, traffic } from "./parts.js";
import * as store from "./store.js";
import { actor, plural, ticking } from "./words.js";

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
      h("h3", null, h("a", { href: room(deployment) }, deployment.appId)),
      chip(deployment.state), h("span", { class: "tag" }, deployment.strategy),
      h("span", { class: "card-by muted" }, deployment.reason && h("q", null, deployment.reason), " ", actor(deployment.createdBy), deployment.startedAt && [", for ", ticking("since", deployment.startedAt)])),
    deployment.step && h("div", { class: "card-step" }, track(deployment),
      h("p", null, h("span", { class: "muted" }, `${Math.min(deployment.step.index + 1, deployment.step.of)} / ${deployment.step.of} `), deployment.step.text)),
    h("div", { class: "card-body" },
      h("div", { class: "card-blocks" }, blocks("old", deployment.old), blocks("new", deployment.new)),
      traffic(deployment),
      h("div", { class: "card-why" }, waiting(deployment), deployment.deadlineAt && h("p", { class: "muted small" }, "Deadline in ", ticking("left", deployment.deadlineAt)))),
    h("footer", { class: "card-foot" },
      deployment.suggestedCommand && commandButton(deployment, deployment.suggestedCommand),
      h("a", { class: "button quiet", href: room(deployment) }, "Open")));
}

function row(deployment) {
  return h("li", { class: "row", "data-key": deployment.id },
    chip(deployment.state), h("a", { class: "row-main", href: room(deployment) }, deployment.appId), h("span", { class: "tag" }, deployment.strategy),
    h("span", { class: "row-text muted" }, deployment.error?.text ?? deployment.reason), h("span", { class: "muted row-when" }, actor(deployment.createdBy), " · ", ticking("ago", deployment.endedAt)));
}

function page() {
  if (!store.isLoaded()) return h("p", { class: "muted" }, "Looking …");
  const open = store.unended();
  const past = store.ended();
  const states = [...new Set(open.map((one) => one.state))].map((state) => `${open.filter((one) => one.state === state).length} ${state}`);
  return [
    h("header", { class: "page-head" }, h("h1", null, "Now"),
      h("p", { class: "muted" }, open.length === 0 ? "Nothing is being deployed." : [plural(open.length, "deployment"), ` under way: ${states.join(", ")}`])),
    open.length === 0 ? note("good", h("strong", null, "All quiet."), " What is started here, by a script or by a chat bot shows up at once.") :
      h("div", { class: "cards" }, open.map(card)),
    past.length > 0 && h("section", { class: "recent" }, h("h2", null, "Ended last"), h("ul", { class: "rows" }, past.map(row)), h("p", null, h("a", { href: "#/deployments" }, "All deployments"))),
  ];
}

export const now = {
  title: () => "Now",
  open(place) {
    if (!store.isLoaded()) store.load().catch(place.fail);
    place.onEnd(store.watch(() => place.show(page())));
    place.show(page());
  },
};
