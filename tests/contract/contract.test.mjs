// openapi.json as others use it: linted, and turned into a client in TypeScript that drives a deployment.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { openWorld, shop } from "../browser/world.mjs";

const { ZDD_BIN: bin, ZDD_MODULES: modules } = process.env;
const contract = join(process.cwd(), "openapi/openapi.json");
const DEPLOY_MS = 60000;

// A program of a package, run where its packages are; what it says is told when it fails.
function run(program, ...args) {
  try {
    return execFileSync(join(modules, "node_modules/.bin", program), args, {
      cwd: modules, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    });
  } catch (error) {
    throw new Error(`${program}: ${error.stdout}${error.stderr}`);
  }
}

const lint = (file) => JSON.parse(run("redocly", "lint", "--extends=recommended", "--format=json", file));

test("Redocly's recommended rules have nothing to say, and nothing is silenced", () => {
  assert.deepEqual(lint(contract).totals, { errors: 0, warnings: 0, ignored: 0 });
});

test("a client is generated, held against the contract by the compiler, and drives a deployment from its plan to success", async (t) => {
  for (const file of ["client.ts", "refused.ts", "tsconfig.json"]) copyFileSync(join("tests/contract", file), join(modules, file));
  run("openapi-typescript", contract, "--output", join(modules, "api.d.ts"));
  run("tsc", "--project", modules);
  const { connect } = await import(pathToFileURL(join(modules, "client.js")));
  const world = await openWorld(bin);
  t.after(() => world.close());
  const zdd = connect(world.url, world.tokens.ann);
  const states = new Set();

  for (const version of ["0.9", "1.0"]) {
    const plan = await zdd.plan(shop(version), `release ${version}`);
    assert.equal(plan.verdict.arithmetic, "proved");
    const { id } = await zdd.start(plan);
    const end = await zdd.follow(id, ({ state }) => states.add(state), DEPLOY_MS);
    assert.equal(end.state, "succeeded", end.error?.detail);
  }
  assert.ok(states.has("running"));
  assert.equal(await zdd.versions("/shop/web"), 1);
  await assert.rejects(connect(world.url, world.tokens.wall).plan(shop("1.1"), "not mine"), /^Error: scope-missing: /);
});
