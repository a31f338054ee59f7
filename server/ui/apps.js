// Apps: what runs, live from Marathon; and one app's past, from which one can go back.
import { get, list, may } from "./api.js";
import { h } from "./dom.js";
import { listen } from "./live.js";
import { blocks, button, chip, diff, icon, note, panel, veiled } from "./parts.js";
import { planWith } from "./plan.js";
import { actor, asking, day, figure, plural, ticking } from "./words.js";

const REFRESH_MS = 3000;
const MOST = 2000;
const here = (id) => `#/apps/${encodeURIComponent(id)}`;

/** Ask again when something happens, not more often than every few seconds. */
function keepFresh(place, ask, concerns) {
  let timer = null;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      ask().catch(() => {});
    }, REFRESH_MS);
  };
  place.onEnd(listen((kind, event) => (kind === "reset" || (kind === "event" && concerns(event))) && soon()));
  place.onEnd(() => clearTimeout(timer));
}

// Apps of one pair belong together.
function grouped(apps) {
  const groups = new Map();
  for (const app of apps) {
    const name = app.pairName ?? app.id;
    groups.set(name, [...(groups.get(name) ?? []), app]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

// Tasks by whether they are of the present configuration: after a scale those have several versions.
function sides(app) {
  const sum = (versions) => versions.reduce((all, one) => ({ instances: all.instances + one.instances, healthy: all.healthy + one.healthy }), { instances: 0, healthy: 0 });
  const current = sum(app.versions.filter((one) => one.current)), old = sum(app.versions.filter((one) => !one.current));
  return old.instances === 0 ? [["now", current]] : [["old", old], ["new", current]];
}

function member(app, paired) {
  return h("div", { class: "app-member" }, paired && h("span", { class: "muted small" }, app.id),
    app.versions.length === 0 ? h("span", { class: "muted" }, app.instances === 0 ? "scaled to none" : "no instance yet") : sides(app).map(([side, tally]) => blocks(side, tally)),
    app.healthy < app.instances && h("span", { class: "tag", "data-tone": "warn" }, `wants ${figure(app.instances)}`));
}

function appRow([name, apps]) {
  const deployment = apps.map((app) => app.deployment).find(Boolean);
  const failure = apps.map((app) => app.lastTaskFailure).find(Boolean);
  return h("li", { class: "app-row", "data-key": name }, h("div", null, h("h2", null, h("a", { href: here(name) }, name)), failure?.time && h("p", { class: "muted small" }, icon("warn"), " a task failed ", ticking("ago", failure.time))),
    h("div", { class: "app-members" }, apps.map((app) => member(app, apps.length > 1))),
    h("div", { class: "app-tools" }, deployment ? h("a", { class: "button", href: `#/deployments/${deployment}` }, "Under way") : may("POST /v1/plans") && h("a", { class: "button quiet", href: `#/plan?app=${encodeURIComponent(name)}` }, "Plan")));
}

export const appsView = {
  title: () => "Apps",
  open(place) {
    let apps = null;
    let wanted = "";
    const waiting = asking("Asking Marathon");
    const search = h("input", { type: "search", "data-own": true, "aria-label": "Find an app", placeholder: "Find an app", oninput: () => {
      wanted = search.value.trim().toLowerCase();
      draw();
    } });
    const draw = () => {
      const groups = grouped(apps ?? []).filter(([name]) => name.toLowerCase().includes(wanted));
      place.show(h("header", { class: "page-head" }, h("h1", null, "Apps"), search.isConnected ? h("input", { type: "search", "data-own": true }) : search),
        apps === null ? waiting : groups.length === 0 ? h("p", { class: "muted" }, wanted ? "No app is called so." : "Marathon runs no app that this token reaches. ", !wanted && may("POST /v1/plans") && h("a", { href: "#/plan" }, "Plan the first one")) : h("ul", { class: "app-list" }, groups.map(appRow)));
    };
    const ask = async () => {
      apps = await list("/v1/apps", MOST);
      if (place.live()) draw();
    };
    draw();
    ask().catch(place.fail);
    keepFresh(place, ask, () => true);
  },
};

// The difference of two definitions in the words of a plan's diff.
function compare(from, value, path = "") {
  if (JSON.stringify(from) === JSON.stringify(value)) return [];
  const open = (one) => one !== null && typeof one === "object" && !Array.isArray(one);
  if (Array.isArray(from) && Array.isArray(value) && from.length === value.length) return from.flatMap((one, i) => compare(one, value[i], `${path}/${i}`));
  if (!open(from) || !open(value)) return [{ op: from === undefined ? "add" : value === undefined ? "remove" : "replace", path, from, value }];
  return [...new Set([...Object.keys(from), ...Object.keys(value)])].sort().flatMap((key) => compare(from[key], value[key], `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`));
}

// The simplest strategy that can bring a definition back: over a pair when the app is one.
function strategyBack(strategies, paired) {
  const simple = strategies.filter((one) => one.source === "request" && (one.options.required ?? []).length === 0);
  return (simple.find((one) => (one.over === "pair") === paired) ?? simple[0])?.name;
}

function revisionRow(state, revision, index, redraw) {
  const picked = state.picked.includes(revision.number);
  return h("li", { class: "row", "data-key": `revision-${revision.number}` },
    button("Compare", () => {
      state.picked = picked ? state.picked.filter((one) => one !== revision.number) : [...state.picked, revision.number].slice(-2);
      redraw();
    }, { class: "quiet", "aria-pressed": String(picked), "aria-label": `Compare revision ${revision.number}` }),
    h("strong", { class: "row-main" }, `Revision ${revision.number}`), index === 0 && h("span", { class: "tag", "data-tone": "good" }, "newest"),
    h("span", { class: "row-text muted" }, day(revision.createdAt), " · ", h("a", { href: `#/deployments/${revision.deploymentId}` }, "deployment")),
    index > 0 && may("POST /v1/plans") && button("Roll back to this", async () => {
      const { items } = await get("/v1/strategies");
      const { id, ...rest } = revision.definition;
      planWith({ strategy: strategyBack(items, state.app?.pair !== undefined && state.app.pair.name !== state.app.id), app: { ...rest, id: revision.appId }, reason: `Back to revision ${revision.number}` });
    }));
}

function comparison(state) {
  if (state.picked.length < 2) return h("p", { class: "muted small" }, "Choose two revisions to compare them.");
  const [from, to] = [...state.picked].sort((a, b) => a - b).map((number) => state.revisions.find((one) => one.number === number));
  const rows = compare(from.definition, to.definition);
  // Marathon fills in what a definition leaves out: what only one of them spells out is seldom what somebody looks for.
  const own = (row) => row.op === "replace" || /^\/(env|labels)\//.test(row.path);
  const rest = rows.filter((row) => !own(row));
  return h("div", { class: "comparison" }, h("h3", null, `From revision ${from.number} to ${to.number}`), diff(rows.filter(own)),
    rest.length > 0 && h("details", null, h("summary", null, `${plural(rest.length, "member")} that only one of the two spells out`), diff(rest)));
}

function pastRow(d) {
  return h("li", { class: "row", "data-key": d.id }, chip(d.state), h("a", { class: "row-main", href: `#/deployments/${d.id}` }, d.strategy),
    h("span", { class: "row-text muted" }, d.reason), h("span", { class: "row-when muted" }, actor(d.createdBy), " · ", ticking("ago", d.createdAt)));
}

function offers(pair) {
  if (!pair || pair.apps.length < 2) return null;
  return note("plain", pair.text, may("POST /v1/plans") && h("ul", { class: "plain-list" }, pair.offers.filter((offer) => offer.request).map((offer) => h("li", null, offer.text, " ", button("Preview", () => planWith(offer.request))))));
}

function appPage(state, redraw) {
  const { app, id } = state;
  return [
    h("header", { class: "page-head" }, h("div", null, h("h1", null, id), h("p", { class: "muted" }, `${plural(state.revisions.length, "revision")}${app ? `, ${plural(app.history.deployments, "deployment")}` : ""}`)),
      h("div", { class: "actions" }, app?.deployment && h("a", { class: "button primary", href: `#/deployments/${app.deployment}` }, "Deployment under way"), may("POST /v1/plans") && h("a", { class: "button", href: `#/plan?app=${encodeURIComponent(id)}` }, "Plan a change"))),
    state.asking, state.missing && note("warn", state.missing),
    app && panel("Runs now", null, offers(app.pair), app.pair?.apps.length > 0
      ? app.pair.apps.map((one) => h("div", { class: "app-member" }, h("span", { class: "muted small" }, one.appId), blocks("now", one)))
      : member(app, false),
    app.lastTaskFailure && note("warn", h("strong", null, "Last task failure: "), app.lastTaskFailure.text),
    h("details", null, h("summary", null, "Definition"), h("pre", { tabindex: 0 }, veiled(JSON.stringify(app.definition, null, 2))))),
    panel("Revisions", null, state.revisions.length === 0 ? h("p", { class: "muted" }, "Nothing was deployed here yet.") : [h("ul", { class: "rows" }, state.revisions.map((one, i) => revisionRow(state, one, i, redraw))), comparison(state)]),
    panel("Deployments", null, state.past.length === 0 ? h("p", { class: "muted" }, "None.") : h("ul", { class: "rows" }, state.past.map(pastRow)))];
}

export const appView = {
  title: ([id]) => id,
  open(place) {
    const [id] = place.args;
    const encoded = encodeURIComponent(id);
    const state = { id, app: null, missing: null, asking: asking("Asking Marathon"), revisions: [], past: [], picked: [] };
    const draw = () => place.show(appPage(state, draw));
    // What the server has itself does not wait for Marathon.
    const askMarathon = async () => {
      const app = await get(`/v1/apps/${encoded}`).catch((problem) => problem);
      state.missing = app instanceof Error ? app.message : null;
      state.app = app instanceof Error ? null : app;
      state.asking = null;
      if (place.live()) draw();
    };
    const askStore = async () => {
      const [revisions, past] = await Promise.all([get(`/v1/apps/${encoded}/revisions?limit=50`), get(`/v1/deployments?appId=${encoded}&limit=50`)]);
      state.revisions = revisions.items;
      state.past = past.items;
      if (place.live()) draw();
    };
    const ask = () => Promise.all([askStore(), askMarathon()]);
    place.show(h("h1", null, id), state.asking);
    ask().catch(place.fail);
    keepFresh(place, ask, (event) => event.appId === id);
  },
};
