// How things are written: times, durations, numbers, names.
import { now } from "./api.js";
import { h } from "./dom.js";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export const figure = (value) => (Math.abs(value) < 1 ? small : number).format(value);
export const percent = (value) => `${figure(value)} %`;
export const plural = (count, one, many = `${one}s`) => `${number.format(count)} ${count === 1 ? one : many}`;

/** "3 min 5 s" says more at night than 185. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = (size, unit, rest, restUnit) => `${Math.floor(whole / size)} ${unit}${rest > 0 ? ` ${rest} ${restUnit}` : ""}`;
  if (whole >= 86400) return parts(86400, "d", Math.floor((whole % 86400) / 3600), "h");
  if (whole >= 3600) return parts(3600, "h", Math.floor((whole % 3600) / 60), "min");
  if (whole >= 60) return parts(60, "min", whole % 60, "s");
  return `${whole} s`;
}

/** "minimumHealthCapacity" as a label; "drainSeconds" has its unit in the name. */
export function label(name) {
  const unit = name.endsWith("Seconds") && name !== "Seconds" ? " (s)" : "";
  const words = (unit ? name.slice(0, -"Seconds".length) : name).replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1) + unit;
}

/** Keep what is filtered by in the address, so that it can be shared and gone back to. */
export function remember(path, query) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  history.replaceState(null, "", `#${path}${text ? `?${text}` : ""}`);
}

/** Who it was, without the kind of credential that everybody here has. */
export const actor = (text) => (text ?? "").replace(/^token:/, "");

// What is over is told roughly.
function roughly(seconds) {
  const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([one]) => seconds >= one);
  return `${Math.floor(seconds / size)} ${unit}`;
}

function text(kind, time) {
  const seconds = (Date.parse(time) - now()) / 1000;
  if (kind === "ago") return seconds > -5 ? "just now" : `${roughly(-seconds)} ago`;
  if (kind === "since") return duration(-seconds);
  if (kind === "due") return seconds > 0 ? `in ${duration(seconds)}` : "is over";
  return seconds > 0 ? duration(seconds) : "any moment";
}

/** A time that tells by itself how long ago it was ("ago"), how long it has lasted ("since"), how much is left ("left"), or
 * when it is due ("due"). */
export function ticking(kind, time) {
  return h("time", { datetime: time, "data-tick": kind, title: `${new Date(time).toLocaleString("en-GB")} (${time})` }, text(kind, time));
}

/** Said while somebody is waited for, with how long it has taken. */
export const asking = (words) => h("p", { class: "muted" }, `${words} … `, ticking("since", new Date(now()).toISOString()));

export function tick(root) {
  for (const element of root.querySelectorAll("time[data-tick]")) {
    const wanted = text(element.dataset.tick, element.dateTime);
    if (element.textContent !== wanted) element.textContent = wanted;
  }
}

export const clock = (time) => h("time", { datetime: time, title: time }, clockFormat.format(new Date(time)));
export const moment = (time) => h("time", { datetime: time, title: time }, `${dayFormat.format(new Date(time)).split(",")[0]}, ${clockFormat.format(new Date(time))}`);
export const day = (time) => h("time", { datetime: time, title: time }, dayFormat.format(new Date(time)));
