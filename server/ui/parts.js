// The parts that views are made of. Whatever has a colour has a shape and words, too.
import { h, s } from "./dom.js";
import { figure, label, percent, plural } from "./words.js";

const BLOCKS_MAX = 40; // drawn one by one; more are told as a number

const icons = {
  run: "M5 3.5v9l7-4.5z",
  wait: "M8 2.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM8 5v3.2l2.2 1.4",
  hold: "M5 3.5v9M11 3.5v9",
  good: "M3 8.5l3.3 3.3L13 5",
  bad: "M4 4l8 8M12 4l-8 8",
  back: "M6.5 4L3 7.5 6.5 11M3 7.5h6a4 4 0 010 8",
  dot: "M8 5.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5z",
  warn: "M8 2.5l6 10.5H2zM8 6.5v3M8 11.2v.3",
  lock: "M4.5 7.5h7v6h-7zM6 7.5V5.3a2 2 0 014 0v2.2",
  gate: "M8 2l6 6-6 6-6-6z",
};

// How words of the server look. One that is not here looks plain, and still says what it says.
const looks = {
  running: ["active", "run"], queued: ["plain", "wait"], paused: ["warn", "hold"], waiting: ["warn", "gate"],
  "rolling-back": ["warn", "back"], succeeded: ["good", "good"], "rolled-back": ["plain", "back"],
  failed: ["bad", "bad"], canceled: ["plain", "bad"], proved: ["good", "good"], refuted: ["bad", "bad"],
  unknown: ["plain", "dot"], passed: ["good", "good"], inconclusive: ["plain", "wait"], error: ["warn", "warn"], open: ["warn", "gate"],
  approved: ["good", "good"], rejected: ["bad", "bad"],
};

export function icon(name) {
  return s("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: icons[name] }));
}

export function chip(word, title) {
  const [tone, shape] = looks[word] ?? ["plain", "dot"];
  return h("span", { class: "chip", "data-tone": tone, title }, icon(shape), (title ?? word).replace("-", " "));
}

export const button = (text, onclick, props) => h("button", { type: "button", onclick, ...props }, text);

export function panel(title, props, ...children) {
  return h("section", { ...props, class: `panel ${props?.class ?? ""}` }, title && h("h2", null, title), ...children);
}

export const facts = (...pairs) => h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) =>
  h("div", null, h("dt", null, name), h("dd", null, value))));

export function trouble(problem, what) {
  return h("div", { class: "note", "data-tone": "bad", role: "alert" }, icon("warn"),
    h("div", null, h("strong", null, what ?? problem.title ?? "Something went wrong."), " ", h("span", null, what ? problem.message : problem.detail ?? ""),
      problem.errors?.length > 0 && h("ul", null, problem.errors.map((one) => h("li", null, h("code", null, one.pointer), " ", one.detail)))));
}

export const note = (tone, ...children) =>
  h("div", { class: "note", "data-tone": tone }, icon(tone === "good" ? "good" : tone === "plain" ? "dot" : "warn"), h("div", null, ...children));

/** Instances, each a block, filled when healthy: squares are old ones, diamonds new ones; "now" are those of an app at rest. */
export function blocks(side, { instances, healthy }) {
  const drawn = Math.min(instances, BLOCKS_MAX);
  const words = instances === 0 ? "none" : `${figure(healthy)} of ${figure(instances)} healthy`;
  const row = [];
  for (let i = 0; i < drawn; i++) {
    row.push(s("svg", { class: "block", viewBox: "0 0 16 16", "data-side": side, "data-full": i < healthy },
      side !== "new" ? s("rect", { x: 2, y: 2, width: 12, height: 12, rx: 2.5 }) : s("path", { d: "M8 .8L15.2 8 8 15.2.8 8z" })));
  }
  return h("div", { class: "blocks" }, side !== "now" && h("span", { class: "blocks-side" }, side),
    h("span", { class: "blocks-row", role: "img", "aria-label": side === "now" ? words : `${side}: ${words}` }, row, instances > drawn && ` +${figure(instances - drawn)}`),
    h("span", { class: "blocks-words" }, words));
}

/** Who gets the requests, as a bar; where the server wants it to be is a mark. */
export function traffic(deployment) {
  const side = deployment.new;
  if (deployment.old.healthy + side.healthy === 0) return h("div", { class: "traffic" }, h("div", { class: "bar", "data-empty": true }), h("div", { class: "bar-words" }, "No instance is healthy, none takes requests"));
  const words = [`${percent(side.weight)} to the new version`];
  if (side.wantedWeight !== undefined && side.wantedWeight !== side.weight) words.push(`wanted ${percent(side.wantedWeight)}`);
  if (typeof side.measuredWeight === "number") words.push(`measured ${percent(side.measuredWeight)}`);
  return h("div", { class: "traffic" },
    h("div", { class: "bar", role: "img", "aria-label": `Requests: ${words.join(", ")}` },
      h("span", { class: "bar-new", vars: { share: `${side.weight}%` } }),
      side.wantedWeight !== undefined && h("span", { class: "bar-mark", vars: { share: `${side.wantedWeight}%` } })),
    h("div", { class: "bar-words" }, words.join(" · ")));
}

/** The steps as a row of segments: how far, at a glance. */
export function track(deployment) {
  const step = deployment.step;
  if (!step) return null;
  const ended = deployment.endedAt !== null;
  const done = ended && !deployment.error ? step.of : step.index;
  const cells = [];
  for (let i = 0; i < step.of; i++) {
    const state = i < done ? "done" : i === step.index && !ended ? "now" : "next";
    cells.push(h("span", { class: "track-cell", "data-state": state }));
  }
  return h("div", { class: "track", role: "img", "aria-label": `Step ${step.index + 1} of ${step.of}: ${step.text}` }, cells);
}

const at = (share, radius) => {
  const angle = Math.PI * (1 - share / 100);
  return [100 + radius * Math.cos(angle), 100 - radius * Math.sin(angle)].map((value) => value.toFixed(2)).join(" ");
};
const arc = (from, to, radius) => `M${at(from, radius)}A${radius} ${radius} 0 0 1 ${at(to, radius)}`;

/** The share of requests as a dial: what the weights give, what is wanted, what was measured. */
export function dial(side) {
  const interval = side.measuredInterval;
  const words = `${percent(side.weight)} of the requests go to the new version`;
  return h("figure", { class: "dial" },
    s("svg", { viewBox: "0 0 200 112", role: "img", "aria-label": words },
      s("path", { class: "dial-old", d: arc(0, 100, 80) }),
      side.weight > 0 && s("path", { class: "dial-new", d: arc(0, side.weight, 80) }),
      Array.isArray(interval) && s("path", { class: "dial-range", d: arc(interval[0], interval[1], 62) }),
      side.wantedWeight !== undefined && s("path", { class: "dial-mark", d: `M${at(side.wantedWeight, 66)}L${at(side.wantedWeight, 94)}` }),
      s("text", { x: 100, y: 88, class: "dial-number" }, percent(side.weight)),
      s("text", { x: 100, y: 106, class: "dial-caption" }, "to the new version")),
    h("figcaption", null,
      side.wantedWeight !== undefined && h("span", { class: "key key-mark" }, `wanted ${percent(side.wantedWeight)}`),
      typeof side.measuredWeight === "number"
        ? h("span", { class: "key key-range" }, `measured ${percent(side.measuredWeight)}`, Array.isArray(interval) && ` (${figure(interval[0])}–${figure(interval[1])})`,
          ` in ${plural(side.measuredRequests, "request")}`)
        : side.measuredRequests !== undefined && h("span", { class: "muted" }, "nothing measured yet")));
}

const MARKER = /‹redacted:([0-9a-f]{6})[0-9a-f]*›/; // as much of it as people compare

/** A text with a badge for each value that the server keeps to itself; equal badges stand for equal values. */
export function veiled(text) {
  const parts = text.split(new RegExp(MARKER.source, "g")); // texts, and between them the first digits of a marker
  return parts.map((part, i) => i % 2 === 0 ? part : h("span", { class: "secret", title: "A secret: the server shows nobody its value. The same digits are the same value." }, icon("lock"), `secret ${part}`));
}

const isSecret = (value) => typeof value === "string" && MARKER.test(value);

/** What changes, in the words of RFC 6902 with the former value. */
export function diff(rows) {
  if (rows.length === 0) return h("p", { class: "muted" }, "Nothing changes in the definition.");
  const line = (sign, value) => h("div", { class: "diff-line", "data-sign": sign }, h("span", { class: "diff-sign" }, sign), h("code", null, veiled(JSON.stringify(value, null, 1))));
  const order = ["replace", "add", "remove", "more"]; // what has another value now is what most look for
  return h("div", { class: "diff" }, [...rows].sort((a, b) => order.indexOf(a.op) - order.indexOf(b.op)).map((row) => row.op === "more" ? h("p", { class: "muted" }, "… and more") :
    h("div", { class: "diff-row" }, h("div", { class: "diff-path" }, row.path.slice(1).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")).join(" › "), row.op === "replace" && isSecret(row.from) && isSecret(row.value) && h("span", { class: "tag" }, "the secret changes")),
      row.from !== undefined && line("−", row.from), row.op !== "remove" && line("+", row.value))));
}

/** Any JSON value for people: members as rows. */
export function values(value) {
  if (value === null || value === undefined) return h("span", { class: "muted" }, "–");
  if (Array.isArray(value)) return value.length === 0 ? h("span", { class: "muted" }, "none") : h("ol", { class: "values" }, value.map((one) => h("li", null, values(one))));
  if (typeof value === "object") return facts(...Object.entries(value).map(([key, one]) => [label(key), values(one)]));
  return h("span", null, typeof value === "number" ? figure(value) : veiled(String(value)));
}
