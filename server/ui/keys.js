// Keys: two to go somewhere, one to command what is open. They can be switched off (WCAG 2.1.4).
import { may } from "./api.js";
import { h } from "./dom.js";

const STORED = "zdd-keys";
const places = { n: ["#/", "Now"], p: ["#/plan", "Plan"], a: ["#/apps", "Apps"], h: ["#/deployments", "History"], u: ["#/audit", "Audit"] };
let pending = null; // "g" was pressed
let commands = new Map(); // key: {name, act}

const enabled = () => localStorage.getItem(STORED) !== "off";

/** What the open view can be commanded by key; each opens a dialog at the most. @return what ends it */
export function setKeys(list) {
  commands = new Map();
  for (const { name, act } of list) {
    const key = [...name].find((letter) => letter !== "g" && !commands.has(letter));
    if (key) commands.set(key, { name, act });
  }
  return () => {
    commands = new Map();
  };
}

export function openKeys() {
  const row = (key, text) => h("tr", null, h("th", { scope: "row" }, h("kbd", null, key)), h("td", null, text));
  const dialog = h("dialog", { "aria-labelledby": "keys-title", onclose: () => dialog.remove() },
    h("div", { class: "ask" }, h("h2", { id: "keys-title" }, "Keys"),
      h("table", { class: "keys" }, h("tbody", null, Object.entries(places).map(([key, [, name]]) => row(`g ${key}`, name)),
        [...commands].map(([key, { name }]) => row(key, `${name} (asks first)`)), row("?", "This list"))),
      h("label", { class: "check" }, h("input", { type: "checkbox", checked: enabled(), onchange: (event) => localStorage.setItem(STORED, event.target.checked ? "on" : "off") }), "Keys are on"),
      h("div", { class: "ask-foot" }, h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Good"))));
  document.body.append(dialog);
  dialog.showModal();
}

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, dialog");
  if (!enabled() || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (pending && places[event.key]) {
    location.hash = places[event.key][0];
    pending = null;
  } else if (event.key === "g") {
    clearTimeout(pending);
    pending = setTimeout(() => { pending = null; }, 1500);
  } else if (event.key === "?" && may("GET /v1/deployments")) {
    openKeys();
  } else if (commands.has(event.key)) {
    event.preventDefault();
    commands.get(event.key).act();
  }
});
