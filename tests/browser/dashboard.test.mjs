// The dashboard in a real Chromium, against a running lab with HAProxy. Run it by tests/run browser.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openWorld, shop } from "./world.mjs";

const { ZDD_BIN: bin, ZDD_MODULES: modules, ZDD_SHOTS: shots, CHROMIUM: chromiumPath } = process.env;
const require = createRequire(join(modules, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core"), "utf8");

const PATIENCE_MS = 30000;
const MARKUP = "<img src=x onerror=alert(1)> release";
const QUICK = { keepOldSeconds: 1, drainSeconds: 1 };

let world, browser, ann;
const breaches = []; // of the policy, and errors of scripts

// A browser of its own, logged in, unless `token` is null.
async function openPage(token, options = {}) {
  const context = await browser.newContext({ baseURL: world.url, viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on("pageerror", (error) => breaches.push(`${error}`));
  page.on("console", (message) => /content security policy|trusted ?type/i.test(message.text()) && breaches.push(message.text()));
  await page.goto("/");
  if (token) {
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("navigation").waitFor();
  }
  return page;
}

const shot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
const go = async (page, hash, heading) => {
  await page.goto(`/#${hash}`);
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
};
const change = (version) => ({ appId: "/shop/web", change: { env: { SIMPLE_SERVICE_VERSION: version } }, reason: MARKUP });

before(async () => {
  mkdirSync(shots, { recursive: true });
  world = await openWorld(bin);
  const first = await world.call("/v1/deployments", { strategy: "blue-green", app: shop("1.0"), reason: "first release" });
  browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
  await world.until(first.id, (one) => one.state === "succeeded");
});

after(async () => {
  await browser?.close();
  await world?.close();
});

// What the focused field is called.
const focused = (page) => page.evaluate(() => document.activeElement.labels?.[0]?.textContent.replace(" (needed)", "") ?? document.activeElement.getAttribute("aria-label"));

test("who has no token stays outside, and a wrong one is told so", async () => {
  const page = await openPage(null);
  await page.getByLabel("Token").fill("zdd_wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").getByText("Nobody has this token").waitFor();
  await shot(page, "login");
  await page.context().close();
});

test("a canary is planned in a form that is drawn from the catalogue, and started", async () => {
  ann = await openPage(world.tokens.ann);
  await ann.getByText("Nothing is being deployed.").waitFor();
  await ann.getByRole("link", { name: "Plan", exact: true }).click();
  await ann.getByLabel("App").fill("/shop/web");
  await ann.getByRole("radio", { name: "canary" }).check();
  await ann.getByLabel("Definition as JSON").fill('{"env":{"SIMPLE_SERVICE_VERSION":"1.1","DB_PASSWORD":"hunter2"}}');
  await ann.getByLabel("Weight").fill("120");
  await ann.getByLabel("Weight").evaluate((field) => { field.max = ""; }); // past the browser, to the server
  await ann.getByRole("button", { name: "Preview" }).click();
  await ann.locator(".form-row .field-error").getByText(/100/).waitFor();
  assert.equal(await focused(ann), "Weight"); // the one that is wrong
  await ann.getByLabel("Weight").fill("20");
  await ann.getByRole("button", { name: "+ Gate" }).click();
  await ann.getByLabel("Gate").fill("go-live");
  await ann.getByLabel("Quorum").fill("2");
  await ann.getByLabel("Drain (s)").fill("1");
  await ann.getByLabel("Keep old (s)").fill("1");
  await ann.getByText("Reason, deadline").click();
  await ann.getByLabel("Reason").fill(MARKUP);
  await ann.getByRole("button", { name: "Preview" }).click();
  await ann.getByRole("heading", { name: "Upgrade /shop/web" }).waitFor();
  await ann.locator(".figure", { hasText: "serve at the worst moment" }).getByText("3").waitFor();
  await ann.locator(".diff .secret").getByText(/^secret [0-9a-f]{6}$/).waitFor();
  assert.ok(!(await ann.locator("main").innerText()).match(/hunter2|redacted/));
  const slider = ann.getByRole("slider", { name: "Moment of the timeline" });
  await slider.focus();
  await slider.press("End");
  await ann.locator(".chart-words").getByText("done").waitFor();
  await shot(ann, "plan");
  await ann.getByRole("button", { name: "Start …" }).click();
  await ann.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await ann.waitForURL(/#\/deployments\//);
});

test("it is watched live up to its gate, which two approve, and it succeeds", async () => {
  await ann.getByRole("heading", { name: "Gate go-live" }).waitFor();
  await ann.locator(".dial").getByText("20 %", { exact: true }).waitFor();
  await ann.getByText(MARKUP).first().waitFor(); // as text
  assert.match(await ann.title(), /\/shop\/web waiting/);
  await shot(ann, "room");
  await ann.getByRole("button", { name: "Set weight" }).click();
  const dialog = ann.getByRole("dialog");
  await dialog.getByLabel("Weight").evaluate((field) => { field.max = ""; });
  await dialog.getByLabel("Weight").fill("300");
  await dialog.getByRole("button", { name: "Set weight" }).click();
  await dialog.locator(".field-error").getByText(/0 to 100/).waitFor();
  assert.equal(await focused(ann), "Weight");
  await ann.keyboard.press("Escape");
  await ann.getByText("0 of 2 approvals").waitFor();
  const decisions = `/v1/deployments/${ann.url().split("/").at(-1)}/gates/go-live/decisions`;
  await world.callAs(world.makeToken("bob", "read,promote"))(decisions, { decision: "approve", reason: "by a bot" });
  await ann.getByText("1 of 2 approvals").waitFor(); // at once, though the gate stays as it is
  await ann.getByText("by a bot").waitFor();
  await ann.getByRole("button", { name: "Approve" }).click();
  await dialog.getByLabel("Reason").fill("looks good");
  await shot(ann, "approve");
  await dialog.getByRole("button", { name: "Approve" }).click();
  await ann.locator(".room-head .chip").getByText("succeeded").waitFor();
  assert.equal(await ann.locator("[data-command]").count(), 0);
  const slider = ann.getByRole("slider", { name: "Replay the events" });
  await slider.focus();
  await ann.keyboard.press("Home");
  await ann.getByText("A replay:").waitFor();
  // The slider keeps the focus while all around it changes; the shares of then are shown.
  const share = ann.locator(".dial-number");
  for (let i = 0; i < 60 && await share.textContent() !== "20 %"; i++) await ann.keyboard.press("ArrowRight");
  assert.equal(await share.textContent(), "20 %");
  await ann.locator(".dial").getByText("wanted 20 %").waitFor();
  assert.equal(await focused(ann), "Replay the events");
  await shot(ann, "replay");
  await ann.getByRole("button", { name: "Back to live" }).click();
  await ann.locator(".chain summary", { hasText: "no request is under way" }).click();
  await ann.locator(".chain details[open] .proof").getByText("Old servers").waitFor();
});

test("another one is aborted with a reason, that the audit has", async () => {
  const verify = { checks: [{ source: "http", url: "/health" }], intervalSeconds: 1, count: 2, failureLimit: 0 };
  const { id } = await world.call("/v1/deployments", { ...change("1.2"), strategy: "blue-green", options: { ...QUICK, promote: "manual", verify } });
  await go(ann, "/", "Now");
  const card = ann.getByRole("article", { name: /shop\/web/ });
  await card.getByText("The new version is ready").waitFor();
  await shot(ann, "now");
  await card.getByRole("link", { name: "Open" }).click();
  await ann.locator(".rounds-panel").getByText("round 2 passed").waitFor();
  await ann.locator(".measure").getByText("/health").waitFor();
  await ann.getByRole("button", { name: "Abort" }).click();
  const dialog = ann.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("wrong image");
  await shot(ann, "abort");
  await dialog.getByRole("button", { name: "Abort" }).click();
  await ann.locator(".room-head .chip").getByText(/canceled|rolled back/).waitFor();
  assert.ok(["canceled", "rolled-back"].includes((await world.call(`/v1/deployments/${id}`)).state));
  await go(ann, "/audit", "Audit");
  await ann.getByText("The chain is whole").waitFor();
  await ann.getByLabel("Action").fill("deployment.abort");
  await ann.getByRole("button", { name: "Search" }).click();
  await ann.locator(".audit-reason").getByText("wrong image").waitFor();
  assert.equal(await ann.getByLabel("Action").inputValue(), "deployment.abort"); // what is searched for stays there
  assert.match(ann.url(), /action=deployment.abort/);
  await shot(ann, "audit");
  await go(ann, "/deployments?state=succeeded", "History");
  await ann.locator(".list .chip").getByText("succeeded").first().waitFor();
  assert.deepEqual(await ann.locator(".list .chip").getByText(/rolled|canceled/).count(), 0);
  await ann.getByLabel("State").and(ann.locator("select")).waitFor();
});

test("an earlier revision is brought back from the app's history, by way of a preview", async () => {
  await go(ann, "/apps", "Apps");
  await shot(ann, "apps");
  await ann.getByRole("link", { name: "/shop/web" }).click();
  await ann.getByRole("button", { name: "Compare revision 1" }).click();
  await ann.getByRole("button", { name: "Compare revision 2" }).click();
  await ann.getByRole("heading", { name: "From revision 1 to 2" }).waitFor();
  await ann.locator(".diff").getByText('"1.1"').waitFor();
  await shot(ann, "app");
  await ann.getByRole("button", { name: "Roll back to this" }).last().click();
  await ann.getByRole("heading", { name: "Upgrade /shop/web" }).waitFor();
  await ann.locator(".diff").getByText('"1.0"').waitFor();
  assert.equal(await ann.locator(".diff-path").getByText(/port|upgradeStrategy|backoff/).count(), 0); // Marathon's own doing
  await ann.getByRole("button", { name: "Start …" }).click();
  await ann.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await ann.waitForURL(/#\/deployments\//);
  await ann.locator(".chip", { hasText: "running" }).first().waitFor();
  const id = ann.url().split("/").at(-1);
  await world.until(id, (one) => one.new.weight === 100);
  await ann.locator(".dial").getByText("100 %", { exact: true }).waitFor();
});

test("a token that may only read sees no button that changes anything, and is refused", async () => {
  const page = await openPage(world.tokens.wall);
  const { items } = await world.call("/v1/deployments?ended=false");
  await page.getByRole("article").waitFor();
  assert.equal(await page.locator("[data-command]").count(), 0);
  assert.deepEqual(await page.getByRole("navigation").getByRole("link").allTextContents(), ["Now", "Apps", "History"]);
  await go(page, `/deployments/${items[0].id}`, "/shop/web");
  assert.equal(await page.locator("[data-command], [data-decision]").count(), 0);
  await page.goto("/#/plan");
  await page.getByText("may not see this").waitFor();
  const status = await page.evaluate(async (id) => {
    const { csrfToken } = await (await fetch("/v1/session")).json();
    return (await fetch(`/v1/deployments/${id}/abort`, { method: "POST", headers: { "X-CSRF-Token": csrfToken } })).status;
  }, items[0].id);
  assert.equal(status, 403);
  await page.context().close();
});

test("while the server is away the page says how old it is; it comes back with the session", async () => {
  await go(ann, "/", "Now");
  await ann.locator(".live").getByText("live", { exact: true }).waitFor();
  await world.stopServer();
  await ann.locator(".live").getByText("not live").waitFor();
  await ann.locator(".live").getByText("as of").waitFor();
  await ann.getByRole("article").waitFor(); // what was known stays
  await shot(ann, "away");
  await world.startServer();
  await ann.locator(".live").getByText("live", { exact: true }).waitFor();
});

test("who looks on while his token is revoked is told why he is outside", async () => {
  const page = await openPage(world.makeToken("eve", "read"));
  await page.locator(".live").getByText("live", { exact: true }).waitFor();
  world.revokeToken("eve");
  await page.getByText("The session has ended").waitFor();
  assert.equal(await focused(page), "Token");
  await page.context().close();
});

test("keys go everywhere and ask before they do", async () => {
  await go(ann, "/", "Now");
  await ann.keyboard.press("g");
  await ann.keyboard.press("a");
  await ann.getByRole("heading", { name: "Apps", level: 1 }).waitFor();
  await ann.keyboard.press("?");
  await ann.getByRole("dialog").getByText("Keys are on").waitFor();
  await ann.keyboard.press("Escape");
  await ann.getByRole("dialog").waitFor({ state: "detached" });
});

async function faults(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  return violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${name}: ${one.id} at ${one.nodes.map((node) => node.target).join(", ")}`);
}

test("every view is accessible and fits 400 px, light and dark", async () => {
  const { items } = await world.call("/v1/deployments?limit=1");
  const views = [["/", "Now"], ["/plan", "Plan"], [`/plans/${items[0].planId}`, "Plan"], [`/deployments/${items[0].id}`, "/shop/web"], ["/apps", "Apps"], ["/apps/%2Fshop%2Fweb", "/shop/web"], ["/deployments", "History"], ["/audit", "Audit"]];
  const found = [];
  for (const [width, colorScheme] of [[1280, "light"], [400, "dark"]]) {
    // The check itself writes markup: this page alone goes without the policy.
    const page = await openPage(world.tokens.ann, { viewport: { width, height: 860 }, colorScheme, bypassCSP: true });
    for (const [hash, heading] of views) {
      const name = `${heading.replace(/\W/g, "")}-${hash.split("/")[1] || "now"}-${width}-${colorScheme}`;
      await go(page, hash, heading);
      await page.waitForFunction(() => !document.querySelector("main").textContent.match(/Looking …|Asking Marathon|Walking the chain/));
      found.push(...await faults(page, name));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) found.push(`${name}: ${over} px too wide`);
      await shot(page, name);
    }
    await page.context().close();
  }
  assert.deepEqual(found, []);
});

test("logging out ends the session on the server", async () => {
  const cookies = await ann.context().cookies();
  assert.equal(cookies[0].httpOnly, true);
  assert.equal(cookies[0].sameSite, "Strict");
  await ann.locator(".menu summary").click();
  await ann.getByRole("button", { name: "Log out" }).click();
  await ann.getByLabel("Token").waitFor();
  const response = await fetch(`${world.url}/v1/plans`, { headers: { Cookie: `${cookies[0].name}=${cookies[0].value}` } });
  assert.equal(response.status, 401);
});

test("the first view is light, and nothing has broken the policy", async () => {
  const page = await openPage(null);
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  const { bytes, paint } = await page.evaluate(() => ({
    bytes: performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation")).reduce((sum, one) => sum + one.encodedBodySize, 0),
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  }));
  console.log(`first paint after ${Math.round(paint)} ms, ${Math.round(bytes / 1024)} KiB`);
  assert.ok(bytes > 0 && bytes < 200 * 1024, `${bytes} bytes`);
  assert.deepEqual(breaches, []);
});
