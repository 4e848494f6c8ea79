// A page whose model is scripted.js: what it says and how fast is the story's choice.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { open, root, state } from "./harness.mjs";

const scripted = readFileSync(path.join(root, "tests", "web", "scripted.js"), "utf8");
const axe = readFileSync(createRequire(path.join(root, "web", "package.json")).resolve("axe-core/axe.min.js"), "utf8");

/** What scripted.js reads from the page: milliseconds a piece of an answer takes, and a load. */
const QUICK = { scriptedPace: 0, scriptedLoadMs: 0 };

/** A page of a fresh profile, at `address`, with the scripted package in place of the real one. */
export async function pretend(stage, { address = "/", options = {}, script = {} } = {}) {
  // A service worker's requests pass by what stands in here.
  const page = await open(stage.browser, { serviceWorkers: "block", ...options });
  await page.context().route("**/pkg/motet.js", (route) => route.fulfill({ contentType: "text/javascript", body: scripted }));
  await page.addInitScript((script) => Object.assign(globalThis, script), { ...QUICK, ...script });
  page.requested = [];
  page.on("request", (request) => page.requested.push(request.url()));
  await page.goto(stage.url + address);
  return page;
}

/** The chat page with its model loaded. */
export async function chatting(stage, more) {
  const page = await pretend(stage, more);
  await state(page, "ready", 15_000);
  return page;
}

/** The end of a story: nothing went wrong behind its back. */
export async function leave(page) {
  assert.deepEqual(page.trouble, []);
  await page.context().close();
}

/** What axe-core finds that is serious or critical, as lines. */
export async function obstacles(page) {
  // Colours change over a tenth of a second.
  await page.waitForTimeout(300);
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat().join(" ")).join(", ")}`);
  });
}

/** The messages that the chat has. */
export function messages(page) {
  return page.evaluate(() => document.querySelector("motet-chat").messages.map(({ role, content }) => [role, content]));
}
