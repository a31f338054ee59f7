// All deployments, newest first, page by page.
import { get } from "./api.js";
import { schemaNamed } from "./contract.js";
import { h } from "./dom.js";
import { button, chip, trouble } from "./parts.js";
import { actor, day, duration, figure, remember } from "./words.js";

const PAGE = 50;

function row(d) {
  const took = d.endedAt && d.startedAt ? duration((Date.parse(d.endedAt) - Date.parse(d.startedAt)) / 1000) : null;
  return h("tr", { "data-key": d.id },
    h("td", null, chip(d.state)), h("th", { scope: "row" }, h("a", { href: `#/deployments/${d.id}` }, d.appId)), h("td", null, d.strategy),
    h("td", { class: "wide" }, d.error?.text ?? d.reason), h("td", null, actor(d.createdBy)), h("td", null, day(d.createdAt)), h("td", null, took ?? `${figure(Math.round(d.progress * 100))} %`));
}

export const historyView = {
  title: () => "History",
  open(place) {
    const filters = { appId: place.query.get("appId") ?? "", state: place.query.get("state") ?? "", since: place.query.get("since") ?? "" };
    let items = null;
    let cursor = null;
    let fault = null;
    const app = h("input", { id: "history-app", type: "search", value: filters.appId, placeholder: "/shop/web", onchange: () => {
      filters.appId = app.value.trim();
      ask(true);
    } });
    const state = h("select", { id: "history-state", onchange: () => {
      filters.state = state.value;
      ask(true);
    } }, h("option", { value: "" }, "any"));
    schemaNamed("State").then(({ enum: states }) => state.append(...states.map((one) => h("option", { value: one, selected: one === filters.state }, one.replace("-", " "))))).catch(() => {});
    const since = h("input", { id: "history-since", type: "date", value: filters.since, onchange: () => {
      filters.since = since.value;
      ask(true);
    } });
    const tools = h("div", { class: "filters", "data-own": true, "data-key": "filters" }, h("label", { for: "history-app" }, "App"), app, h("label", { for: "history-state" }, "State"), state, h("label", { for: "history-since" }, "Since"), since);
    const draw = () => place.show(
      h("header", { class: "page-head" }, h("h1", null, "History"), tools.isConnected ? h("div", { "data-own": true, "data-key": "filters" }) : tools),
      fault && trouble(fault),
      items === null ? h("p", { class: "muted" }, "Looking …") : items.length === 0 ? h("p", { class: "muted" }, "No deployment is like that.") :
        h("div", { class: "scroll list-box", tabindex: 0, role: "region", "aria-label": "Deployments" }, h("table", { class: "list" },
          h("thead", null, h("tr", null, ["State", "App", "Strategy", "Reason", "By", "When", "Took"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", null, items.map(row)))),
      cursor && button("Show more", () => ask(false)));
    async function ask(anew) {
      const query = new URLSearchParams({ limit: PAGE });
      if (filters.appId) query.set("appId", filters.appId);
      if (filters.state) query.set("state", filters.state);
      if (anew) remember("/deployments", filters);
      if (filters.since) query.set("since", new Date(filters.since).toISOString());
      if (!anew && cursor) query.set("cursor", cursor);
      try {
        const page = await get(`/v1/deployments?${query}`);
        items = anew ? page.items : [...items, ...page.items];
        cursor = page.nextCursor;
        fault = null;
      } catch (problem) {
        fault = problem;
        items ??= [];
      }
      if (place.live()) draw();
    }
    draw();
    ask(true);
  },
};
