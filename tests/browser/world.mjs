// A lab with a real HAProxy, a server that knows it, and tokens; all of it goes with the test.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const START_MS = 20000;
const END_MS = 60000;

// The first address in a program's greeting.
function greeting(child, what) {
  return new Promise((done, fail) => {
    let said = "";
    const late = setTimeout(() => fail(new Error(`${what} says nothing: ${said}`)), START_MS);
    const hear = (piece) => {
      said += piece;
      const found = /http:\/\/127\.\d+\.\d+\.\d+:\d+/.exec(said);
      if (found) {
        clearTimeout(late);
        done(found[0]);
      }
    };
    child.stdout.on("data", hear);
    child.stderr.resume(); // its log names other addresses, too
    child.on("exit", () => fail(new Error(`${what} has ended: ${said}`)));
  });
}

/** Ports in the apps' labels are fixed, so each world has an address of the loopback network of its own. */
function ownHost() {
  const byte = () => 1 + Math.floor(Math.random() * 250);
  return `127.${byte()}.${byte()}.${byte()}`;
}

export async function openWorld(bin) {
  const dir = mkdtempSync(join(tmpdir(), "zdd-browser-"));
  const host = ownHost();
  const children = [];
  const start = async (program, args, what) => {
    const child = spawn(join(bin, program), args, { stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    return greeting(child, what);
  };
  const stop = async (child) => {
    const gone = new Promise((done) => child.once("exit", done));
    if (child.exitCode === null && child.signalCode === null && child.kill()) await gone;
  };
  const close = async () => {
    for (const child of children.reverse()) await stop(child);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const db = join(dir, "zdd.db");
    const marathon = await start("zdd-lab", ["--listen", "127.0.0.1:0", "--speed", "20", "--state", join(dir, "lab"), "--balancer", `${host}:9090`], "zdd-lab");
    const token = (name, scope) => execFileSync(join(bin, "zdd-server"), ["token", "create", "--db", db, "--name", name, "--scope", scope], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    const revokeToken = (name) => execFileSync(join(bin, "zdd-server"), ["token", "revoke", "--db", db, name], { stdio: "ignore" });
    const tokens = { ann: token("ann", "read,plan,deploy,promote,abort,admin"), wall: token("wall", "read") };
    const serve = (listen) => start("zdd-server", ["serve", "--listen", listen, "--db", db, "--marathon", marathon, "--balancer", `http://${host}:9090`, "--agent-listen", `${host}:8091`], "zdd-server");
    const url = await serve(`${host}:0`);
    return { url, tokens, close, makeToken: token, revokeToken, stopServer: () => stop(children.at(-1)), startServer: () => serve(new URL(url).host), ...caller(url, tokens.ann) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The app that is deployed here: three instances behind port 10080 of the balancer. */
export const shop = (version) => ({
  id: "/shop/web", instances: 3, cpus: 0.1, mem: 32, networks: [{ mode: "host" }],
  container: { type: "DOCKER", docker: { image: "mhausenblas/simpleservice:0.4.0" } },
  env: { SIMPLE_SERVICE_VERSION: version }, labels: { HAPROXY_GROUP: "external", HAPROXY_0_PORT: "10080" },
  healthChecks: [{ protocol: "HTTP", path: "/health", gracePeriodSeconds: 30, intervalSeconds: 5, timeoutSeconds: 5, maxConsecutiveFailures: 3 }],
});

const callAs = (url, token) => async (path, body) => {
  const response = await fetch(`${url}${path}`, {
    method: body ? "POST" : "GET", body: body && JSON.stringify(body),
    headers: { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) },
  });
  const answer = await response.json();
  if (response.status >= 400) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
};

function caller(url, token) {
  const call = callAs(url, token);
  /** Wait until a deployment is as `is` says. */
  async function until(id, is) {
    const end = Date.now() + END_MS;
    for (;;) {
      const deployment = await call(`/v1/deployments/${id}`);
      if (is(deployment)) return deployment;
      if (Date.now() > end) throw new Error(`the deployment is still ${deployment.state}: ${deployment.waitingFor?.text}`);
      await pause(100);
    }
  }
  return { call, callAs: (other) => callAs(url, other), until };
}
