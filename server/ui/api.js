// Calls to the API with the session's cookie, and who is logged in.

/** A refusal (RFC 9457), or no answer at all: then `code` is "offline". */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ? `${body.title} ${body.detail}` : body.title);
    Object.assign(this, { status, code: body.code, title: body.title, detail: body.detail, errors: body.errors ?? [], body });
  }
}

let session = null;
let ended = null; // why the last one did, when nobody has asked for it
let skew = 0; // the server's clock minus ours, milliseconds
const listeners = new Set();

export const who = () => session;
export const endedBecause = () => ended;
export const now = () => Date.now() + skew;

/** Called with nothing whenever somebody logs in or out, or the session ends. */
export function onSession(listener) {
  listeners.add(listener);
}

function setSession(value) {
  const changed = (session?.csrfToken ?? null) !== (value?.csrfToken ?? null);
  session = value;
  if (changed) for (const listener of listeners) listener();
}

/** May this session do that? `operation` like "POST /v1/plans", as the API's own document has it. */
export function may(operation) {
  return session?.allowedOperations.includes(operation) ?? false;
}

function noteClock(response) {
  const date = Date.parse(response.headers.get("Date"));
  // Whole seconds only: smaller differences mean nothing.
  if (!Number.isNaN(date) && Math.abs(date - Date.now() - skew) > 1500) skew = date + 500 - Date.now();
}

async function problemOf(response) {
  const body = await response.json().catch(() => ({ title: `The server answered ${response.status}.`, code: "unknown" }));
  return new Problem(response.status, body);
}

/** `fetch` for this API. Throws Problem. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  const all = { Accept: "application/json", ...headers };
  if (body !== undefined) all["Content-Type"] = "application/json";
  if (method !== "GET" && session) all["X-CSRF-Token"] = session.csrfToken;
  let response;
  try {
    response = await fetch(path, {
      method, headers: all, signal, credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "The server does not answer.", code: "offline" });
  }
  noteClock(response);
  if (response.status < 400) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && path !== "/v1/session") {
    if (session) ended = "The session has ended: the token was revoked or has run out, or the session was 12 h old. What was asked last was not done.";
    setSession(null);
  }
  throw problem;
}

export async function get(path, options) {
  const response = await send("GET", path, options);
  return response.status === 204 ? null : response.json();
}

/** A whole list, page by page, `most` items at the most. */
export async function list(path, most = 200) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor && items.length < most);
  return items;
}

/** A POST under a key of its own: sent again after a lost answer, it happens once. */
export async function post(path, body, { etag } = {}) {
  const headers = { "Idempotency-Key": randomKey() };
  if (etag) headers["If-Match"] = etag;
  const ask = () => send("POST", path, { body, headers });
  const response = await ask().catch((problem) => {
    if (problem.code === "offline") return ask();
    throw problem;
  });
  return response.status === 204 ? null : response.json();
}

// crypto.randomUUID() exists in secure contexts only.
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Is somebody logged in already? */
export async function resume() {
  try {
    setSession(await get("/v1/session"));
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    setSession(null);
  }
}

export async function login(token) {
  const response = await send("POST", "/v1/session", { body: { token } });
  ended = null;
  setSession(await response.json());
}

export async function logout() {
  await send("DELETE", "/v1/session").catch((problem) => {
    if (problem.status !== 401) throw problem;
  });
  setSession(null);
}
