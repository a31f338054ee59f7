// Deployments as the server last told them: read once, and again when an event names them.
import { get, list } from "./api.js";
import { listen } from "./live.js";

const RECENT = 12;
const OPEN_MAX = 500; // shown at once; more are told by History
const DRAW_MS = 200; // at most so often, however many events come
const GATHER_MS = 100; // events of so long are answered together …
const SINGLE_MAX = 8; // … and for more deployments than these the list is read
const deployments = new Map();
const reading = new Map(); // id: {again, done}: whether it has to be read once more, and the promise of this time
const watchers = new Set();
let loadedAt = null;

let drawing = null;

function tell() {
  for (const watcher of [...watchers]) watcher();
}

// The first change is shown at once, those that follow it closely together.
function changed() {
  if (drawing !== null) {
    drawing.again = true;
    return;
  }
  const mine = { again: false };
  tell();
  drawing = mine;
  setTimeout(() => {
    drawing = null;
    if (mine.again) changed();
  }, DRAW_MS);
}

/** Called after any change. @return what ends it */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export const known = (id) => deployments.get(id);
export const etagOf = (id) => deployments.has(id) ? `"${deployments.get(id).revision}"` : undefined;
export const isLoaded = () => loadedAt !== null;

const newestFirst = (a, b) => (a.id < b.id ? 1 : -1);
export const unended = () => [...deployments.values()].filter((one) => one.endedAt === null).sort(newestFirst);
export const ended = () => [...deployments.values()].filter((one) => one.endedAt !== null).sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1)).slice(0, RECENT);

export function keep(deployment) {
  const before = deployments.get(deployment.id);
  if (before && before.revision > deployment.revision) return;
  deployments.set(deployment.id, deployment);
}

/** Read one anew; while that lasts, further wishes become one. Once it is done the deployment is known. */
export function read(id) {
  const before = reading.get(id);
  if (before) {
    before.again = true;
    return before.done;
  }
  const mine = { again: false, done: null };
  reading.set(id, mine);
  mine.done = get(`/v1/deployments/${id}`).then((deployment) => {
    keep(deployment);
    changed();
  }).finally(() => {
    reading.delete(id);
    if (mine.again) read(id).catch(() => {});
  });
  return mine.done;
}

async function readLists() {
  const [open, recent] = await Promise.all([list("/v1/deployments?ended=false", OPEN_MAX), get(`/v1/deployments?limit=${RECENT * 2}`)]);
  const told = new Set([...open, ...recent.items].map((one) => one.id));
  for (const id of deployments.keys()) if (!told.has(id)) deployments.delete(id); // it has ended, long ago
  [...open, ...recent.items].forEach(keep);
  loadedAt = Date.now();
  changed();
}

let loading = null;

/** Read everything that has not ended, and what ended last; one such reading at a time. */
export function load() {
  loading ??= readLists().finally(() => { loading = null; });
  return loading;
}

export function forget() {
  deployments.clear();
  loadedAt = null;
}

let named = null; // ids that events have named lately

function readNamed() {
  const ids = [...named];
  named = null;
  if (ids.length > SINGLE_MAX) load().catch(() => {});
  else for (const id of ids) read(id).catch(() => {});
}

listen((kind, event) => {
  if (kind === "reset") load().catch(() => {});
  if (kind !== "event" || !event.deploymentId) return;
  if (named === null) {
    named = new Set();
    setTimeout(readNamed, GATHER_MS);
  }
  named.add(event.deploymentId);
});
