// Forms drawn from JSON Schemas, so that what the server offers is what the page offers.
import { h } from "./dom.js";
import { label } from "./words.js";

let serial = 0;
const unset = undefined;

/** Put the focus on the first field that has an error. */
export function focusFault(root) {
  const control = root.querySelector("[aria-invalid=true]") ?? [...root.querySelectorAll(".field-error")].find((one) => one.textContent)?.closest(".field")?.querySelector("input, select, textarea, button");
  control?.focus();
}

function frame(schema, name, control, required) {
  const id = `f${++serial}`;
  const fault = h("p", { class: "field-error", id: `${id}-error` });
  const hint = schema.description && h("p", { class: "field-hint", id: `${id}-hint` }, schema.description);
  control.id = id;
  control.setAttribute("aria-describedby", `${hint ? `${id}-hint ` : ""}${id}-error`);
  if (required) control.required = true;
  const text = [label(name), required && h("span", { class: "needed" }, " (needed)")];
  const el = h("div", { class: "field" }, control.type === "checkbox" ? h("label", { class: "check", for: id }, control, text) : [h("label", { for: id }, text), control], fault, hint);
  return { el, fail(errors) {
    const mine = errors.filter((one) => one.pointer === "");
    fault.replaceChildren(...mine.map((one) => one.detail));
    control.setAttribute("aria-invalid", mine.length > 0);
    const around = mine.length > 0 && el.closest("details");
    if (around) around.open = true;
    return mine.length > 0;
  } };
}

function choice(schema, name, required, value) {
  const options = schema.enum ?? [schema.const];
  const initial = value ?? schema.default ?? (required ? options[0] : "");
  const control = h("select", null, !required && schema.default === undefined && h("option", { value: "" }, "as the server chooses"),
    options.map((one) => h("option", { value: one, selected: one === initial }, String(one))));
  return { ...frame(schema, name, control, required), read: () => (control.value === "" ? unset : control.value) };
}

function flag(schema, name, value) {
  const control = h("input", { type: "checkbox", checked: value ?? schema.default ?? false });
  return { ...frame(schema, name, control, false), read: () => (control.checked ? true : unset) };
}

function quantity(schema, name, required, value) {
  const control = h("input", { type: "number", inputmode: "decimal", min: schema.minimum, max: schema.maximum, step: schema.type === "integer" ? 1 : "any", value: value ?? "" });
  return { ...frame(schema, name, control, required), read: () => (control.value === "" ? unset : Number(control.value)) };
}

function words(schema, name, required, value) {
  const control = h("input", { type: "text", maxlength: schema.maxLength, value: value ?? "" });
  return { ...frame(schema, name, control, required), read: () => (control.value === "" ? unset : control.value) };
}

// A list of texts.
function names(schema, name, required, value) {
  const control = h("input", { type: "text", value: value?.join(", ") ?? "", placeholder: "one, another" });
  return { ...frame(schema, name, control, required), read: () => {
    const list = control.value.split(",").map((one) => one.trim()).filter((one) => one !== "");
    return list.length > 0 ? list : unset;
  } };
}

function members(schema, value, only) {
  const needed = new Set(schema.required ?? []);
  const order = Object.keys(schema.properties ?? {}).filter((key) => !only || only.includes(key))
    .sort((a, b) => needed.has(b) - needed.has(a));
  const fields = order.map((key) => [key, field(schema.properties[key], key, needed.has(key), value?.[key])]);
  return {
    el: h("div", { class: "fields" }, fields.map(([, one]) => one.el)),
    read() {
      const result = {};
      for (const [key, one] of fields) {
        const here = one.read();
        if (here !== unset) result[key] = here;
      }
      return result;
    },
    fail: (errors) => fields.map(([key, one]) => one.fail(below(errors, key))).some(Boolean),
  };
}

// The errors of one member, with their pointers as seen from it.
function below(errors, key) {
  const prefix = `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return errors.filter((one) => one.pointer === prefix || one.pointer.startsWith(`${prefix}/`))
    .map((one) => ({ ...one, pointer: one.pointer.slice(prefix.length) }));
}

/** What an alternative is called: by its constant word, or by what it cannot do without. */
function alternativeName(schema) {
  if (schema.type === "array") return "a list";
  for (const one of Object.values(schema.properties ?? {})) {
    const only = one.const ?? (one.enum?.length === 1 ? one.enum[0] : null);
    if (only !== null) return String(only);
  }
  return label(schema.required?.[0] ?? Object.keys(schema.properties ?? {})[0] ?? "value");
}

const fits = (schema, value) => schema.type === "array" ? Array.isArray(value) :
  !Array.isArray(value) && (schema.required ?? []).every((key) => key in (value ?? {}));

// Something that may be left out as a whole.
function optional(schema, name, value) {
  const inner = h("div", { class: "nested" });
  let part = null;
  const toggle = h("button", { type: "button", class: "quiet", "aria-expanded": "false", onclick: () => set(part === null) });
  function set(on, initial) {
    part = on ? members(schema, initial) : null;
    inner.replaceChildren(...(part ? [part.el] : []));
    toggle.textContent = on ? `Leave out ${label(name).toLowerCase()}` : `Add ${label(name).toLowerCase()}`;
    toggle.setAttribute("aria-expanded", on);
  }
  set(value !== undefined, value);
  return { el: h("div", { class: "field" }, toggle, schema.description && h("p", { class: "field-hint" }, schema.description), inner), read: () => part?.read(), fail: (errors) => part?.fail(errors) ?? false };
}

function rows(schema, name, required, value) {
  const alternatives = schema.items?.oneOf ?? [schema.items];
  const list = h("ol", { class: "form-rows" });
  const fault = h("p", { class: "field-error" });
  let parts = [];
  function add(one, initial) {
    const part = members(one, initial);
    const entry = { part, el: null };
    const move = (by) => {
      const from = parts.indexOf(entry);
      const to = from + by;
      if (to < 0 || to >= parts.length) return;
      parts.splice(from, 1);
      parts.splice(to, 0, entry);
      list.replaceChildren(...parts.map((each) => each.el));
    };
    entry.el = h("li", { class: "form-row" }, part.el, h("div", { class: "form-row-tools" },
      h("button", { type: "button", class: "quiet", "aria-label": "Earlier", onclick: () => move(-1) }, "↑"),
      h("button", { type: "button", class: "quiet", "aria-label": "Later", onclick: () => move(1) }, "↓"),
      h("button", { type: "button", class: "quiet", "aria-label": "Remove", onclick: () => {
        parts = parts.filter((each) => each !== entry);
        entry.el.remove();
      } }, "×")));
    parts.push(entry);
    list.append(entry.el);
  }
  const initial = value ?? (required ? [null] : []);
  for (const one of initial) add(one === null ? alternatives[0] : alternatives.find((each) => fits(each, one)) ?? alternatives[0], one ?? undefined);
  const el = h("fieldset", { class: "field" }, h("legend", null, label(name), required && h("span", { class: "needed" }, " (needed)")), schema.description && h("p", { class: "field-hint" }, schema.description), list, fault,
    h("div", { class: "form-add" }, alternatives.map((one) => h("button", { type: "button", class: "quiet", onclick: () => add(one) }, `+ ${alternativeName(one)}`))));
  return { el,
    read: () => (parts.length > 0 ? parts.map((entry) => entry.part.read()) : unset),
    fail(errors) {
      const mine = errors.filter((one) => one.pointer === "");
      fault.replaceChildren(...mine.map((one) => one.detail));
      return [mine.length > 0, ...parts.map((entry, i) => entry.part.fail(below(errors, i)))].some(Boolean);
    } };
}

// One of several shapes; the first, or the one that the value has.
function either(schema, name, required, value) {
  const chosen = Math.max(0, value === undefined ? 0 : schema.oneOf.findIndex((one) => fits(one, value)));
  const body = h("div");
  let part = null;
  function take(index, initial) {
    const one = { description: schema.description, ...schema.oneOf[index] };
    part = one.type === "array" ? rows(one, name, required, initial) : members(one, initial);
    body.replaceChildren(part.el);
  }
  const select = h("select", { "aria-label": `${label(name)} as`, onchange: () => take(Number(select.value)) },
    schema.oneOf.map((one, index) => h("option", { value: index, selected: index === chosen }, alternativeName(one))));
  take(chosen, value);
  return { el: h("div", { class: "either" }, h("div", { class: "either-head" }, h("span", null, `${label(name)} as`), select), body), read: () => part.read(), fail: (errors) => part.fail(errors) };
}

function field(schema, name, required, value) {
  if (schema.oneOf) return either(schema, name, required, value);
  if (schema.enum || schema.const !== undefined) return choice(schema, name, required, value);
  if (schema.type === "boolean") return flag(schema, name, value);
  if (schema.type === "integer" || schema.type === "number") return quantity(schema, name, required, value);
  if (schema.type === "array" && schema.items && schema.items.type !== "string") return rows(schema, name, required, value);
  if (schema.type === "array") return names(schema, name, required, value);
  if (schema.type === "object" && schema.properties) return optional(schema, name, value);
  return words(schema, name, required, value);
}

/**
 * A form for an object; `only` names the members to ask for.
 * @return {el, read(), fail(errors)}: errors as in a problem, with pointers below `base`; fail() is true when a field
 * has shown one of them
 */
export function schemaForm(schema, { value, only, base = "#" } = {}) {
  const part = members(schema, value, only);
  const seen = (errors) => errors.filter((one) => one.pointer.startsWith(base)).map((one) => ({ ...one, pointer: one.pointer.slice(base.length) }));
  return { el: part.el, read: part.read, fail: (errors) => part.fail(seen(errors)) };
}
