// The event stream: one for the whole page, over fetch, so that its silence is noticed and no type of event is left out.
import { now, Problem, send } from "./api.js";

const SILENT_MS = 40000; // the server sends a comment every 15 s
const RETRY_MS = [500, 1000, 2000, 5000, 10000];

const listeners = new Set();
let state = { live: false, heardAt: null, tries: 0 };
let last = null; // id of the newest event seen
let abort = null;
let wanted = false; // somebody is logged in
let running = false;
let turn = 0; // of the loop that counts

export const connection = () => state;

/** Called with ("event", event), ("reset") when events were missed, or ("state"). @return what ends it */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(...news) {
  for (const listener of [...listeners]) listener(...news);
}

function set(change) {
  const before = state.live;
  state = { ...state, ...change };
  if (state.live !== before) tell("state");
}

// One frame: lines of "field: value".
function take(frame) {
  const fields = {};
  for (const line of frame.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).replace(/^ /, "");
  }
  if (fields.id) last = fields.id;
  if (fields.event === "end") return; // the session is over: the next try is refused, and says so
  if (fields.event === "reset") tell("reset");
  else if (fields.data) tell("event", JSON.parse(fields.data));
}

async function read(response, heard) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const frames = (rest + value).split("\n\n");
    rest = frames.pop();
    frames.forEach(take);
  }
}

async function connect() {
  abort = new AbortController();
  let silence = null;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => abort.abort(), SILENT_MS);
    set({ live: true, heardAt: now(), tries: 0 });
  };
  try {
    const headers = { Accept: "text/event-stream" };
    if (last !== null) headers["Last-Event-ID"] = last;
    const response = await send("GET", "/v1/events", { headers, signal: abort.signal });
    if (last === null) tell("reset"); // whatever was read before may be older
    await read(response, heard);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) running = false;
  } finally {
    clearTimeout(silence);
  }
}

async function run() {
  const mine = ++turn;
  while (running && mine === turn) {
    await connect();
    if (mine !== turn) return;
    set({ live: false, tries: state.tries + 1 });
    if (running) await new Promise((wake) => setTimeout(wake, RETRY_MS[Math.min(state.tries - 1, RETRY_MS.length - 1)]));
  }
}

export function start() {
  if (running) return;
  running = true;
  last = null;
  wanted = true;
  run();
}

export function stop() {
  wanted = false;
  running = false;
  abort?.abort();
}

// A hidden page gives its connection back: browsers keep only six to a server.
document.addEventListener("visibilitychange", () => {
  if (document.hidden && running) {
    running = false;
    abort?.abort();
  } else if (!document.hidden && wanted && !running) {
    running = true;
    run();
  }
});
