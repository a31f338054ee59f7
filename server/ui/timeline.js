// Instances over time as stepped areas: what serves at the bottom, what is there besides on top, floor and cap as lines.
import { h, s } from "./dom.js";
import { plural } from "./words.js";

const LEFT = 30, RIGHT = 10, RIGHT_SHARED = 42, TOP = 16, BOTTOM = 20;

// From the bottom up; each a function of a moment.
const layers = [
  ["old-serving", (m) => m.healthyOld],
  ["new-serving", (m) => m.healthyNew],
  ["old-rest", (m) => Math.max(0, m.old - m.healthyOld)],
  ["new-rest", (m) => Math.max(0, m.new - m.healthyNew)],
  ["ending", (m) => m.ending ?? 0],
];
const top = (moment) => layers.reduce((sum, [, of]) => sum + of(moment), 0);

function marks(most) {
  const step = Math.max(1, Math.ceil(most / 4));
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

// What the new version shall get as a line, what was measured as points: in percent from bottom to top.
function shareLines(moments, until, px, height, right) {
  const py = (share) => height - BOTTOM - (share / 100) * (height - TOP - BOTTOM);
  const path = moments.map((m, i) => m.wanted === undefined ? "" : `${moments[i - 1]?.wanted === undefined ? "M" : "L"}${px(m.x)} ${py(m.wanted)}H${px(until(i))}`).join("");
  return [[0, 50, 100].map((share) => s("text", { class: "axis", x: right + 6, y: py(share) + 4 }, `${share} %`)),
    s("path", { class: "share-edge", d: path }), s("path", { class: "share", d: path }),
    moments.map((m, i) => typeof m.measured === "number" && s("circle", { class: "share-measured", cx: (px(m.x) + px(until(i))) / 2, cy: py(m.measured), r: 3.5 }))];
}

/**
 * @param moments  [{x, old, new, healthyOld, healthyNew, ending, wanted, measured}], x growing
 * @param end      x at which the last moment ends
 * @param shared   the shares of the new version are drawn, too, by a scale of their own
 */
export function chart({ moments, end, floor, cap, at, width, height = 210, shared = false, words }) {
  const right = shared ? RIGHT_SHARED : RIGHT;
  const most = Math.max(1, cap ?? 0, floor ?? 0, ...moments.map(top));
  const x0 = moments[0].x, span = Math.max(end - x0, 1e-9);
  const px = (x) => LEFT + ((x - x0) / span) * (width - LEFT - right);
  const py = (y) => height - BOTTOM - (y / most) * (height - TOP - BOTTOM);
  const until = (i) => (i + 1 < moments.length ? moments[i + 1].x : end);
  const base = moments.map(() => 0);
  const areas = layers.map(([name, of]) => {
    const low = [...base];
    moments.forEach((m, i) => { base[i] += of(m); });
    if (base.every((value, i) => value === low[i])) return null;
    const forth = moments.map((m, i) => `L${px(m.x)} ${py(base[i])}L${px(until(i))} ${py(base[i])}`).join("");
    const back = moments.map((m, i) => `L${px(until(i))} ${py(low[i])}L${px(m.x)} ${py(low[i])}`).reverse().join("");
    return s("path", { class: `area area-${name}`, d: `M${px(x0)} ${py(low[0])}${forth}${back}Z` });
  });
  const line = (value, name, text) => value !== undefined && value !== null && [
    s("path", { class: `line line-${name}`, d: `M${LEFT} ${py(value)}H${width - right}` }),
    s("text", { class: "line-text", x: width - right, y: py(value) - 4, "text-anchor": "end" }, text)];
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": words },
    s("defs", null,
      s("pattern", { id: "hatch-old", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("rect", { class: "hatch-old", width: 2.5, height: 6 })),
      s("pattern", { id: "hatch-new", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" }, s("rect", { class: "hatch-new", width: 2.5, height: 6 }))),
    marks(most).map((value) => [s("path", { class: "grid", d: `M${LEFT} ${py(value)}H${width - right}` }), s("text", { class: "axis", x: LEFT - 8, y: py(value) + 4, "text-anchor": "end" }, value)]),
    areas, shared && shareLines(moments, until, px, height, width - right), line(floor, "floor", `floor ${floor}`), line(cap, "cap", `at most ${cap}`),
    at !== undefined && s("path", { class: "cursor", d: `M${px(at)} ${TOP - 8}V${height - BOTTOM}` }));
}

export function legend({ cap, shared }) {
  const key = (name, text) => h("span", { class: `key key-${name}` }, text);
  return h("p", { class: "legend" }, key("old-serving", "old, serving"), key("new-serving", "new, serving"), key("rest", "hatched: there, not serving"), key("floor", "floor"), cap && key("cap", "cap"),
    shared && [key("share", "share wanted"), key("measured", "share measured")]);
}

const say = (m) => `${plural(m.old, "old")}`.replace(/s$/, "") + ` (${m.healthyOld} healthy), ${m.new} new (${m.healthyNew} healthy)${m.ending ? `, ${m.ending} ending` : ""}`;

/** A plan's timeline with a slider through its moments; keeps itself. */
export function planTimeline(capacity) {
  const moments = capacity.timeline.map((m) => ({ ...m, x: m.t }));
  const last = moments.length - 1;
  const end = moments[last].t + 1;
  const place = h("div", { class: "chart-place" });
  const text = h("output", { class: "chart-words" });
  const slider = h("input", { type: "range", min: 0, max: last, value: 0, "aria-label": "Moment of the timeline" });
  const draw = () => {
    const i = Number(slider.value), moment = moments[i];
    const width = Math.max(280, place.clientWidth || 640);
    place.replaceChildren(chart({ moments, end, floor: capacity.lowestServing, cap: capacity.peakInstances, at: moment.x + 0.5, width,
      words: `Instances over ${moments.length} moments: at least ${capacity.lowestServing} serve, at most ${capacity.peakInstances} exist` }));
    text.replaceChildren(h("strong", null, `T${moment.t} ${moment.note}`), h("span", { class: "muted" }, ` ${say(moment)}`));
    slider.setAttribute("aria-valuetext", `${moment.note}: ${say(moment)}`);
  };
  slider.oninput = draw;
  const observer = new ResizeObserver(draw);
  observer.observe(place);
  const table = h("details", null, h("summary", null, "As a table"), h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Timeline as a table" }, h("table", null,
    h("thead", null, h("tr", null, ["Moment", "Old", "healthy", "New", "healthy", "Ending", ""].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", null, moments.map((m) => h("tr", null, h("td", null, `T${m.t}`), [m.old, m.healthyOld, m.new, m.healthyNew, m.ending].map((value) => h("td", null, value)), h("td", null, m.note)))))));
  return h("div", { class: "timeline", "data-own": true }, place, slider, text, legend({ cap: true }), table);
}
