// What was measured of the new version, and of the old one beside it.
import { h, s } from "./dom.js";
import { chip, note, panel } from "./parts.js";
import { clock, figure, percent, plural } from "./words.js";

const ROUNDS_SHOWN = 5;
const SPARK = { width: 160, height: 36, pad: 3 };

// A line through the values of one side; gaps where nothing was measured.
function path(values, most) {
  const step = (SPARK.width - 2 * SPARK.pad) / Math.max(1, values.length - 1);
  let pen = "M";
  return values.map((value, i) => {
    if (typeof value !== "number") {
      pen = "M";
      return "";
    }
    const point = `${pen}${(SPARK.pad + i * step).toFixed(1)} ${(SPARK.height - SPARK.pad - (value / most) * (SPARK.height - 2 * SPARK.pad)).toFixed(1)}`;
    pen = "L";
    return point;
  }).join("");
}

function spark(name, values, oldValues) {
  const most = Math.max(...[...values, ...oldValues].filter((value) => typeof value === "number"), 1e-9);
  return s("svg", { class: "spark", viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, role: "img", "aria-label": `${name}: ${plural(values.length, "round")}, the last ${figure(values.at(-1))}` },
    s("path", { class: "spark-old", d: path(oldValues, most) }), s("path", { class: "spark-new", d: path(values, most) }));
}

// What a check asks, as the plan has it.
function nameOf(check, definition) {
  const asked = check.measure ?? definition?.query ?? definition?.measure ?? [definition?.url, definition?.pointer].filter(Boolean).join(" ");
  return asked || `check ${check.check + 1}`;
}

function series(measured, definitions) {
  const checks = new Map();
  for (const round of measured) for (const check of round.checks) checks.set(check.check, [...(checks.get(check.check) ?? []), check]);
  return [...checks].map(([place, all]) => {
    const last = all.at(-1), name = nameOf(last, definitions?.[place]);
    const values = all.map((one) => one.value), old = all.map((one) => one.oldValue);
    return h("li", { class: "measure" }, chip(last.result), h("code", null, name), last.observeOnly && h("span", { class: "tag" }, "only watched"),
      values.every((value) => typeof value === "number") && values.length > 1 && spark(name, values, old),
      h("span", { class: "muted small" }, typeof last.value === "number" ? figure(last.value) : String(last.value ?? ""), typeof last.oldValue === "number" && `, old ${figure(last.oldValue)}`,
        last.asked > 1 && `; ${figure(last.passed)} of ${plural(last.asked, "instance")} passed`),
      last.text && h("p", { class: "small" }, last.text));
  });
}

/** The rounds of checks among these events, a line for each check. */
export function roundsPanel(events, plan) {
  const rounds = events.filter((event) => event.data.measured);
  if (rounds.length === 0) return null;
  const last = rounds.at(-1);
  const definitions = (plan?.steps[last.data.step]?.verify ?? plan?.verify)?.checks;
  const measured = rounds.filter((event) => event.data.step === last.data.step).map((event) => event.data.measured);
  return panel("Checks", { class: "rounds-panel", "data-key": "rounds" }, h("ul", { class: "plain-list" }, series(measured, definitions)),
    h("p", { class: "rounds" }, measured.slice(-ROUNDS_SHOWN).map((round) => h("span", { class: "round" }, chip(round.result, `round ${round.round} ${round.result}`), " ", clock(round.at)))));
}

function compared(name, value, oldValue, say) {
  const most = Math.max(value, oldValue, 1e-9);
  const line = (side, one) => h("div", { class: "versus-line" }, h("span", { class: "blocks-side" }, side), h("span", { class: `versus-bar versus-${side}`, vars: { share: `${(100 * one) / most}%` } }), h("span", { class: "small" }, say(one)));
  return h("div", { class: "versus" }, h("h3", null, name), line("old", oldValue), line("new", value));
}

/** Errors and response time of the new version against the old one, as the balancers count them. */
export function trialPanel(trial) {
  if (!trial || trial.new.requests + trial.old.requests === 0) return null;
  const { old, odds, rounds } = trial;
  return panel("Old against new", { class: "trial-panel", "data-key": "trial" },
    compared("Failed", trial.new.failedPercent, old.failedPercent, percent), compared("Response time", trial.new.responseMs, old.responseMs, (value) => `${figure(value)} ms`),
    h("p", { class: "muted small" }, `${plural(trial.new.requests, "request")} to the new version, ${figure(old.requests)} to the old one.`, odds > 1 && ` That it is worse has become ${figure(odds)} times likelier.`),
    rounds?.text && note("warn", rounds.text));
}
