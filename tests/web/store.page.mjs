// A page with the store's worker, as the tests drive it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import path from "node:path";
import { open, root } from "./harness.mjs";

const { build } = createRequire(path.join(root, "web", "package.json"))("esbuild");

export const MIB = 2 ** 20;
/** Bytes of a piece, if nothing else is asked for. */
export const PIECE = 4 * MIB;

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** A module of the project, bundled, as text. */
export async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

/** Opens a page in a fresh context, or in one that is given. */
export async function openPage(stage, context) {
  const page = context ? await context.newPage() : await open(stage.browser);
  const driver = new Driver(page, stage.page.url);
  await driver.reload();
  return driver;
}

/** A driver on a fresh profile, with the server behaving well, but for `how`. */
export async function begin(stage, how) {
  stage.server.behave(how);
  return openPage(stage);
}

/** Loads, and asserts that the bytes are right. */
export async function loadWell(stage, driver, options) {
  const state = await driver.load(stage.server.url, options);
  assert.equal(state.digest, sha256(stage.server.body), "other bytes than the file has");
  return state;
}

/** The only model in the store. */
export async function theOne(driver) {
  const models = await driver.ask("list");
  assert.equal(models.length, 1, JSON.stringify(models));
  return models[0];
}

export class Driver {
  constructor(page, url) {
    this.page = page;
    this.url = url;
  }

  /** (Re)loads the page, whose worker dies with it, and starts another. */
  async reload() {
    await this.page.goto(this.url);
    await this.page.evaluate(async () => {
      await import("/worker.js");
      window.worker = new Worker("/worker.js", { type: "module" });
      window.waiting = new Map();
      window.fetched = 0;
      window.worker.onmessage = ({ data }) => {
        if (data.fetched !== undefined) window.fetched = data.fetched;
        else window.waiting.get(data.call)?.(data);
      };
      let last = 0;
      window.ask = (message) =>
        new Promise((resolve) => {
          const call = ++last;
          window.waiting.set(call, resolve);
          window.worker.postMessage({ ...message, call });
        });
    });
  }

  /** What the worker answers: `{ value }` or `{ error, reason }`. */
  tell(command, given = {}) {
    return this.page.evaluate((message) => window.ask(message), { command, ...given });
  }

  /** The same, where a failure fails the test. */
  async ask(command, given = {}) {
    const { value, error } = await this.tell(command, given);
    assert.equal(error, undefined, `${command}: ${error}`);
    return value;
  }

  /** The same on the page's own thread. */
  async askPage(command, given = {}) {
    const { value, error } = await this.page.evaluate((message) => window.onPage(message), { command, ...given });
    assert.equal(error, undefined, `${command}: ${error}`);
    return value;
  }

  /** The sentence with which a command fails. */
  async refusal(command, given = {}) {
    const { value, error, reason } = await this.tell(command, given);
    assert.notEqual(error, undefined, `${command} did not fail: ${JSON.stringify(value)}`);
    assert.match(error, /^\S[^\n]{15,400}[.!]$/, `not a sentence: ${JSON.stringify(error)}`);
    assert.doesNotMatch(error, /undefined|\[object|NaN/);
    return { sentence: error, reason };
  }

  /** Bytes that have come from the server since the page was loaded. */
  fetched() {
    return this.page.evaluate(() => window.fetched);
  }

  /** Opens, reads everything as the engine does, and closes: the SHA-256, and what the reader says of itself. */
  async load(address, { window, ...options } = {}) {
    const id = 1;
    await this.ask("open", { id, address, options });
    const digest = await this.ask("readAll", { id, ...(window && { window }) });
    const state = await this.ask("state", { id });
    await this.ask("close", { id });
    return { digest, ...state };
  }

  async close() {
    if (this.page.trouble) assert.deepEqual(this.page.trouble, []);
    await this.page.context().close();
  }
}
