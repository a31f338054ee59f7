// Elements, and keeping a part of the page equal to a tree that was made anew. Text only ever becomes text.

const SVG = "http://www.w3.org/2000/svg";

function put(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) {
    node[name] = value;
    (node.zddHandlers ??= new Set()).add(name);
  } else if (name === "vars") {
    for (const [key, one] of Object.entries(value)) node.style.setProperty(`--${key}`, one);
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) put(node, name, value);
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function s(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

const keyOf = (node) => node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;

const isOwn = (node) => node.nodeType === Node.ELEMENT_NODE && node.hasAttribute("data-own");

// What keeps itself is stood for by an empty element, which has no class.
function sameKind(a, b) {
  return a.nodeName === b.nodeName && keyOf(a) === keyOf(b) && (a.classList?.[0] === b.classList?.[0] || (isOwn(a) && isOwn(b)));
}

// What the reader has opened, typed or chosen is his.
const kept = new Set(["open", "value", "checked"]);

function morphAttributes(have, want) {
  for (const { name } of [...have.attributes]) {
    if (!want.hasAttribute(name) && !kept.has(name) && name !== "style") have.removeAttribute(name);
  }
  for (const { name, value } of want.attributes) {
    if (name !== "style" && !kept.has(name) && have.getAttribute(name) !== value) have.setAttribute(name, value);
  }
  if (have.style.cssText !== want.style.cssText) have.style.cssText = want.style.cssText;
  for (const name of have.zddHandlers ?? []) if (!want.zddHandlers?.has(name)) have[name] = null;
  for (const name of want.zddHandlers ?? []) have[name] = want[name];
  have.zddHandlers = want.zddHandlers;
}

// The next one from `at` on that `child` could be made of: what is before it has gone.
function nextLike(at, child) {
  while (at && !sameKind(at, child)) at = at.nextSibling;
  return at;
}

// Take away what is between `at` and `old` and not wanted: to move `old` instead would take its focus. @return the next place
function clearUpTo(at, old, wanted) {
  while (at && at !== old && at.compareDocumentPosition(old) & Node.DOCUMENT_POSITION_FOLLOWING && !wanted.has(keyOf(at))) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
  return at;
}

function morphChildren(have, want) {
  const keyed = new Map();
  const wanted = new Set([...want.childNodes].map(keyOf).filter((key) => key !== null));
  for (const child of have.childNodes) if (keyOf(child) !== null) keyed.set(keyOf(child), child);
  let at = have.firstChild;
  for (const child of [...want.childNodes]) {
    const key = keyOf(child);
    const old = key === null ? nextLike(at, child) : keyed.get(key);
    if (!old || !sameKind(old, child)) {
      have.insertBefore(child, at);
      continue;
    }
    at = clearUpTo(at, old, wanted);
    if (old === at) at = at.nextSibling;
    else have.insertBefore(old, at);
    morph(old, child);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function morph(have, want) {
  if (have.nodeType !== Node.ELEMENT_NODE) {
    if (have.data !== want.data) have.data = want.data;
    return;
  }
  if (want.hasAttribute("data-own")) { // it keeps itself: a form, a chart with a cursor; an empty one stands for it
    if (want.firstChild) have.replaceWith(want);
    return;
  }
  morphAttributes(have, want);
  morphChildren(have, want);
}

/** Make what is inside of `root` equal to `tree`; what stays the same keeps its focus and place. */
export function show(root, ...tree) {
  const wanted = document.createElement("div");
  fill(wanted, null, tree);
  morphChildren(root, wanted);
}
