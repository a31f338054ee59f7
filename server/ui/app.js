// The page: who is logged in, which view is shown, how fresh its data is, and keys.
import { appsView, appView } from "./apps.js";
import { endedBecause, get, logout, onSession, may, resume, who } from "./api.js";
import { auditView } from "./audit.js";
import { h, show } from "./dom.js";
import { historyView } from "./history.js";
import { openKeys } from "./keys.js";
import { connection, listen, start, stop } from "./live.js";
import { loginPage } from "./login.js";
import { now as nowView } from "./now.js";
import { icon, note, trouble } from "./parts.js";
import { planView } from "./plan.js";
import { roomView } from "./room.js";
import * as store from "./store.js";
import { tick, ticking } from "./words.js";

// Path of the address behind "#", view, and what a session needs to see it.
const routes = [
  [/^\/$/, nowView, "GET /v1/deployments"],
  [/^\/deployments$/, historyView, "GET /v1/deployments"],
  [/^\/deployments\/([^/]+)$/, roomView, "GET /v1/deployments/{id}"],
  [/^\/plan$/, planView, "POST /v1/plans"],
  [/^\/plans\/([^/]+)$/, planView, "GET /v1/plans/{id}"],
  [/^\/apps$/, appsView, "GET /v1/apps"],
  [/^\/apps\/([^/]+)$/, appView, "GET /v1/apps/{appId}"],
  [/^\/audit$/, auditView, "GET /v1/audit"],
];

const places = [
  ["#/", "Now", "GET /v1/deployments", "run"],
  ["#/plan", "Plan", "POST /v1/plans", "gate"],
  ["#/apps", "Apps", "GET /v1/apps", "dot"],
  ["#/deployments", "History", "GET /v1/deployments", "back"],
  ["#/audit", "Audit", "GET /v1/audit", "good"],
];

const HEALTH_MS = 15000;
const root = document.getElementById("app");
const bar = h("header", { class: "top" });
const banner = h("div", { class: "banner", role: "status" });
const main = h("main", { id: "main", tabindex: "-1" });
let endings = [];
let shownAt = null;

function status() {
  const { live, heardAt } = connection();
  const word = live ? "live" : heardAt === null ? "connecting" : "not live";
  // Only the word is announced: the time beside it changes each second.
  return h("span", { class: "live", "data-live": live, title: live ? "Changes are shown as they happen." : null }, icon(live ? "dot" : "warn"), h("span", { role: "status" }, word),
    word === "not live" && h("span", null, "as of ", ticking("ago", new Date(heardAt).toISOString())));
}

function drawBar() {
  const here = `#${location.hash.slice(1).split("?")[0] || "/"}`;
  const session = who();
  show(bar, h("a", { class: "brand", href: "#/" }, h("img", { src: new URL("icon.svg", import.meta.url).href, alt: "", width: 26, height: 26 }), "zdd"),
    h("nav", { "aria-label": "Views" }, places.filter(([, , needs]) => may(needs)).map(([href, name, , shape]) =>
      h("a", { href, "aria-current": here === href ? "page" : here.startsWith(`${href}/`) || here.startsWith(`${href}s/`) ? "true" : null }, icon(shape), name))),
    h("div", { class: "top-end" }, status(),
      h("details", { class: "menu", "data-key": "menu" }, h("summary", null, session.name),
        h("div", { class: "menu-body" },
          h("p", { class: "small" }, session.scopes.join(", "), session.appPrefix !== "/" && ` below ${session.appPrefix}`),
          session.expiresAt && h("p", { class: "small muted" }, "Session ends in ", ticking("left", session.expiresAt)),
          h("button", { type: "button", class: "quiet", onclick: () => openKeys() }, "Keys"),
          h("button", { type: "button", class: "quiet", onclick: () => logout().catch(() => {}) }, "Log out")))));
}

// What the server has to do without, in its own words.
async function askHealth() {
  if (!who() || document.hidden) return;
  const { degraded } = await get("/readyz").catch((problem) => ({ degraded: problem.code === "offline" ? [] : [`The server is not ready: ${problem.message}`] }));
  show(banner, degraded.map((sentence) => note("warn", sentence)));
}

function leave() {
  for (const end of endings) end();
  endings = [];
}

function entitle(text) {
  const wanted = `${text} – zdd`;
  if (document.title !== wanted) document.title = wanted;
}

// What a view may do with the page.
function placeFor(args, query) {
  const mine = {};
  shownAt = mine;
  const live = () => shownAt === mine;
  return {
    args, query,
    show: (...tree) => live() && show(main, ...tree),
    fail: (problem) => {
      if (!live() || problem.name === "AbortError") return;
      entitle("This cannot be shown");
      show(main, h("h1", null, "This cannot be shown"), trouble(problem), h("p", null, h("a", { href: "#/" }, "Back to Now")));
    },
    title: (text) => live() && entitle(text),
    onEnd: (end) => endings.push(end),
    live, root: main,
  };
}

function open() {
  leave();
  const [path, search] = (location.hash.slice(1) || "/").split("?");
  const query = new URLSearchParams(search);
  const [pattern, view, needs] = routes.find(([one]) => one.test(path)) ?? [];
  drawBar();
  main.replaceChildren();
  if (!view || !may(needs)) {
    entitle("Nothing here");
    show(main, h("h1", null, "Nothing here"), h("p", null, view ? "The token may not see this." : "There is no such view. ", h("a", { href: "#/" }, "Back to Now")));
    return;
  }
  const args = pattern.exec(path).slice(1).map(decodeURIComponent);
  entitle(view.title(args));
  view.open(placeFor(args, query));
  window.scrollTo(0, 0);
}

function enter() {
  leave();
  shownAt = null;
  if (!who()) {
    stop();
    store.forget();
    entitle("Log in");
    root.replaceChildren(loginPage(endedBecause()));
    return;
  }
  root.replaceChildren(h("a", { class: "skip", href: "#main", onclick: (event) => {
    event.preventDefault();
    main.focus();
  } }, "To the content"), bar, banner, main);
  askHealth();
  start();
  open();
}

onSession(enter);
listen((kind) => kind === "state" && who() && drawBar());
addEventListener("hashchange", () => {
  if (!who()) return;
  open();
  main.focus({ preventScroll: true });
});
setInterval(() => tick(document), 1000);
setInterval(askHealth, HEALTH_MS);
resume().then(() => who() || enter()).catch((problem) => root.replaceChildren(h("main", { class: "login" }, trouble(problem))));
