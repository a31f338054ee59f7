// Audit: who did what, and whether the chain of entries is whole.
import { get } from "./api.js";
import { h } from "./dom.js";
import { button, icon, note, trouble, values } from "./parts.js";
import { actor, figure, moment, remember } from "./words.js";

const PAGE = 50;
const ACTIONS = ["deployment.", "plan.", "gate.", "order.", "session.", "token."]; // as beginnings; more can be typed
const FILTERS = [["actor", "Actor", "token:ann"], ["action", "Action", "deployment."], ["appId", "App", "/shop/web"]];

function chain(verdict, fault) {
  if (fault) return note("plain", fault.status === 403 ? "The whole chain is for tokens that reach every app." : fault.message);
  if (!verdict) return h("p", { class: "muted" }, "Walking the chain …");
  if (!verdict.ok) return note("bad", h("strong", null, `The chain is broken at entry ${figure(verdict.broken.seq)}: `), verdict.broken.text);
  return note("good", h("strong", null, `The chain is whole: ${figure(verdict.entries)} entries.`), " Its head is ", h("code", null, verdict.head.slice(0, 23)), "…");
}

function entry(one) {
  return h("li", { class: "audit-entry", "data-key": `entry-${one.seq}` }, h("details", null,
    h("summary", null, h("span", { class: "audit-when muted" }, moment(one.time)), h("strong", null, actor(one.actor)), h("span", { class: "tag" }, one.action),
      h("span", { class: "audit-app" }, one.appId ?? ""), h("span", { class: "audit-result", "data-tone": one.result.startsWith("refused") ? "bad" : "plain" }, one.result.startsWith("refused") && icon("bad"), one.result), h("span", { class: "muted audit-reason" }, one.reason)),
    values({ entry: one.seq, time: one.time, actor: one.actor, from: one.remote, reason: one.reason, request: one.requestId, hash: one.hash, data: one.data }),
    one.deploymentId && h("p", null, h("a", { href: `#/deployments/${one.deploymentId}` }, "Its deployment"))));
}

export const auditView = {
  title: () => "Audit",
  open(place) {
    let items = null, cursor = null, verdict = null, chainFault = null, fault = null;
    const inputs = FILTERS.map(([name, text, example]) => [name, text, h("input", { id: `audit-${name}`, type: "search", placeholder: example, maxlength: 255, value: place.query.get(name) ?? "", list: name === "action" ? "audit-actions" : null })]);
    const tools = h("form", { class: "filters", "data-own": true, "data-key": "filters", onsubmit: (event) => {
      event.preventDefault();
      ask(true);
    } }, inputs.map(([name, text, input]) => [h("label", { for: `audit-${name}` }, text), input]), h("datalist", { id: "audit-actions" }, ACTIONS.map((value) => h("option", { value }))), h("button", { type: "submit" }, "Search"));
    const draw = () => place.show(
      h("header", { class: "page-head" }, h("h1", null, "Audit"), tools.isConnected ? h("form", { "data-own": true, "data-key": "filters" }) : tools),
      chain(verdict, chainFault), fault && trouble(fault),
      items === null ? h("p", { class: "muted" }, "Looking …") : items.length === 0 ? h("p", { class: "muted" }, "No entry is like that.") : h("ul", { class: "audit" }, items.map(entry)),
      cursor && button("Show more", () => ask(false)));
    async function ask(anew) {
      const query = new URLSearchParams({ limit: PAGE });
      for (const [name, , input] of inputs) if (input.value.trim()) query.set(name, input.value.trim());
      if (anew) remember("/audit", Object.fromEntries(inputs.map(([name, , input]) => [name, input.value.trim()])));
      if (!anew && cursor) query.set("cursor", cursor);
      try {
        const page = await get(`/v1/audit?${query}`);
        items = anew ? page.items : [...items, ...page.items];
        cursor = page.nextCursor;
        fault = null;
      } catch (problem) {
        fault = problem;
      }
      if (place.live()) draw();
    }
    draw();
    ask(true);
    get("/v1/audit/verify").then((found) => { verdict = found; }, (problem) => { chainFault = problem; }).then(() => place.live() && draw());
  },
};
