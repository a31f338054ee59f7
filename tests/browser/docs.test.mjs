// The API's page in a real Chromium: it draws what openapi.json has, under its policy, and asks nobody else.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openWorld } from "./world.mjs";

const { ZDD_BIN: bin, ZDD_MODULES: modules, ZDD_SHOTS: shots, CHROMIUM: chromiumPath } = process.env;
const { chromium } = createRequire(join(modules, "package.json"))("playwright-core");
const PATIENCE_MS = 30000;

let world, browser;

before(async () => {
  mkdirSync(shots, { recursive: true });
  world = await openWorld(bin);
  browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  await world?.close();
});

test("/docs shows every operation of the contract, with nothing from elsewhere", async (t) => {
  const page = await browser.newPage({ baseURL: world.url, viewport: { width: 1280, height: 900 } });
  const complaints = [], strangers = [];
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => complaints.push(`${error}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => request.url().startsWith(`${world.url}/`) || request.url().startsWith("data:") || strangers.push(request.url()));
  await page.goto("/docs");
  if (await page.getByText("deploy/npm-modules server/ui build/docs").count()) {
    t.skip("this build has no renderer: the page says how to get it");
    return;
  }

  const contract = await (await fetch(`${world.url}/openapi.json`)).json();
  const operations = Object.values(contract.paths).flatMap(Object.keys).length;
  await page.locator(".opblock").first().waitFor();
  assert.equal(await page.locator(".opblock").count(), operations);
  await page.screenshot({ path: join(shots, "docs.png") });

  await page.locator("#operations-plans-createPlan .opblock-summary-control").click();
  await page.getByText("wholeDefinition").first().waitFor({ state: "attached" });
  await page.getByText("app-busy").first().waitFor({ state: "attached" });
  await page.screenshot({ path: join(shots, "docs-operation.png") });
  assert.equal(await page.getByText("Warning", { exact: true }).count(), 0);
  assert.deepEqual(complaints, []);
  assert.deepEqual(strangers, []);
});
