// Deployments as the server last told them: read once, and again when an event names them.
import { get, list } from "./api.js";
import { listen } from "./live.js";

const RECENT = 12;
const deployments = new Map();
const etags = new Map();
const reading = new Map(); // id: whether it has to be read once more
const watchers = new Set();
let loadedAt = null;

function changed() {
  for (const watcher of [...watchers]) watcher();
}

/** Called after any change. @return what ends it */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export const known = (id) => deployments.get(id);
export const etagOf = (id) => etags.get(id);
export const isLoaded = () => loadedAt !== null;

const newestFirst = (a, b) => (a.id < b.id ? 1 : -1);
export const unended = () => [...deployments.values()].filter((one) => one.endedAt === null).sort(newestFirst);
export const ended = () => [...deployments.values()].filter((one) => one.endedAt !== null).sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1)).slice(0, RECENT);

export function keep(deployment) {
  const before = deployments.get(deployment.id);
  if (before && before.revision > deployment.revision) return;
  deployments.set(deployment.id, deployment);
  etags.set(deployment.id, `"${deployment.revision}"`);
}

/** Read one anew; while that lasts, further wishes become one. */
export async function read(id) {
  if (reading.has(id)) {
    reading.set(id, true);
    return;
  }
  reading.set(id, false);
  try {
    keep(await get(`/v1/deployments/${id}`));
    changed();
  } finally {
    const again = reading.get(id);
    reading.delete(id);
    if (again) read(id).catch(() => {});
  }
}

/** Everything that has not ended, and what ended last. */
export async function load() {
  const [open, recent] = await Promise.all([list("/v1/deployments?ended=false", 500), get(`/v1/deployments?limit=${RECENT * 2}`)]);
  deployments.clear();
  [...open, ...recent.items].forEach(keep);
  loadedAt = Date.now();
  changed();
}

export function forget() {
  deployments.clear();
  loadedAt = null;
}

listen((kind, event) => {
  if (kind === "reset") load().catch(() => {});
  if (kind === "event" && event.deploymentId) read(event.deploymentId).catch(() => {});
});
