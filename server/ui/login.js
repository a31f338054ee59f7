// Logging in: the token is sent once and kept nowhere.
import { login } from "./api.js";
import { h } from "./dom.js";
import { icon, note } from "./parts.js";

/** @param why  the last session ended, or null */
export function loginPage(why) {
  const field = h("input", { id: "token", type: "password", autocomplete: "current-password", required: true, maxlength: 200, spellcheck: "false", "aria-describedby": "token-error token-help" });
  const fault = h("p", { class: "field-error", id: "token-error", role: "alert" });
  const submit = h("button", { type: "submit", class: "primary" }, "Log in");
  const form = h("form", { class: "login-form", onsubmit: async (event) => {
    event.preventDefault();
    if (submit.ariaDisabled === "true") return;
    submit.ariaDisabled = "true"; // not `disabled`: that would take the focus
    fault.replaceChildren();
    try {
      await login(field.value.trim());
    } catch (problem) {
      fault.replaceChildren(icon("warn"), problem.status === 401 ? "Nobody has this token, or it has ended." : problem.message);
      field.setAttribute("aria-invalid", "true");
      field.select();
      field.focus();
    }
    submit.ariaDisabled = "false";
  } },
  h("label", { for: "token" }, "Token"), field, fault, submit,
  h("p", { id: "token-help", class: "muted small" }, "Whoever runs the server makes one:", h("code", { class: "command" }, "zdd-server token create --name you --scope read")));
  queueMicrotask(() => field.focus());
  return h("main", { class: "login", id: "main", "data-own": true }, h("div", { class: "login-card" },
    h("h1", null, h("img", { src: new URL("icon.svg", import.meta.url).href, alt: "", width: 36, height: 36 }), "zdd"),
    h("p", { class: "muted" }, "Deployments without a lost request."), why && note("warn", why), form));
}
