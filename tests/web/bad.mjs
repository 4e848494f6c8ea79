// What goes wrong, and is said in words: each time the page stays usable.
import assert from "node:assert/strict";
import { ask, launch, open, serve, setTemperature, state } from "./harness.mjs";

const DEFAULT_MODEL = "/models/SmolLM2-135M-Instruct.Q4_1.gguf";
/** Enough for the header of the default model, and not for its weights. */
const CUT_AT = 3_000_000;

/** One sentence for people: no stack, no debug output, not two lines. */
function assertSentence(text) {
  assert.match(text, /^\S.{15,400}[.!]$/, `not a sentence: ${JSON.stringify(text)}`);
  assert.doesNotMatch(text, /undefined|\[object|JsValue|panicked|unwrap/);
}

/** The page is usable: it answers. */
async function sayHello(page) {
  await setTemperature(page, 0);
  assert((await ask(page, "Say hello.")).length > 0, "no answer");
}

/** Waits for the sentence that says why there is no model. */
async function refusal(page, timeout = 60_000) {
  await state(page, "failed", timeout);
  const text = await page.locator("#loader-error").textContent();
  assertSentence(text);
  assert(await page.locator("#retry").isVisible());
  return text;
}

export async function badModels({ browser, url, shot }) {
  const response = await fetch(url + DEFAULT_MODEL, { headers: { Range: `bytes=0-${CUT_AT - 1}` } });
  const truncated = Buffer.from(await response.arrayBuffer()).subarray(0, CUT_AT);
  assert.equal(truncated.subarray(0, 4).toString(), "GGUF");
  const server = await serve({ "truncated.gguf": truncated, "empty.gguf": Buffer.alloc(1), "noise.gguf": Buffer.alloc(4096, "GGUF\x03") });
  const seen = [];
  try {
    for (const model of [
      `${url}/models/missing.gguf`,
      `${url}/index.html`,
      `${server.url}/truncated.gguf`,
      `${server.url}/empty.gguf`,
      `${server.url}/noise.gguf`,
      "http://127.0.0.1:9/closed.gguf",
    ]) {
      const page = await open(browser);
      await page.goto(`${url}/?model=${encodeURIComponent(model)}`);
      seen.push(await refusal(page));
      if (model.endsWith("missing.gguf")) await shot(page, "error");
      assert.deepEqual(page.trouble, []);
      await page.context().close();
    }
    // The same from a file that the user opens; then, in the same page, the good model.
    const page = await open(browser);
    await page.goto(`${url}/?model=${encodeURIComponent(`${url}/models/missing.gguf`)}`);
    await refusal(page);
    await page.setInputFiles("#file", { name: "truncated.gguf", mimeType: "application/octet-stream", buffer: truncated });
    await page.locator("#loader-title", { hasText: "truncated.gguf" }).waitFor();
    seen.push(await refusal(page));
    await page.evaluate(async (address) => {
      const files = new DataTransfer();
      files.items.add(new File([await (await fetch(address)).blob()], "good.gguf"));
      const input = document.getElementById("file");
      input.files = files.files;
      input.dispatchEvent(new Event("change"));
    }, url + DEFAULT_MODEL);
    await state(page, "ready", 60_000);
    await sayHello(page);
    assert.deepEqual(page.trouble, []);
    await page.context().close();
  } finally {
    server.close();
  }
  return seen.map((text) => `\n    ${text}`).join("");
}

export async function longPrompt({ browser, url }) {
  const page = await open(browser);
  await page.goto(url);
  await state(page, "ready", 60_000);
  const question = "many words ".repeat(12_000).trim();
  assert.equal(await ask(page, question), "");
  const text = await page.locator("article.assistant .note").last().textContent();
  assertSentence(text);
  assert.equal(await page.inputValue("#input"), question, "the question was lost");
  await sayHello(page);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
  return `\n    ${text}`;
}

/** A stand-in for the wasm module, for failures that the real one cannot be made to have. */
const standIn = ({ create = "", next = "" }) => `
  export default async function init() { return { memory: new WebAssembly.Memory({ initial: 1 }) }; }
  class Session {
    length = 0; contextLength = 64; waiting = 0;
    reusable() { return 0; }
    setBias() {}
    keepLogits() {}
    hold() {}
    prompt(ids) { this.length = ids.length; this.waiting = 1; }
    step() { this.length += 1; this.waiting += 1; }
    async next() { ${next}; this.waiting -= 1; return 65; }
    inFlight() { return this.waiting; }
    stop() { this.waiting = 0; }
  }
  class Model {
    info() {
      return { name: "stand-in", architecture: "none", parameters: 1, activeParameters: 1, weightBytes: 1, contextLength: 64,
        vocabulary: 256, layers: 1, experts: 0, expertsUsed: 0 };
    }
    tokenize() { return new Uint32Array(3); }
    render() { return { ids: new Uint32Array(3), text: "" }; }
    decoder() { return { push: (id) => String.fromCharCode(id), finish: () => "", free() {} }; }
    isEnd() { return false; }
    async session() { return new Session(); }
  }
  export class Engine {
    static async create() { ${create}; return new Engine(); }
    info() { return { adapter: "stand-in", backend: "none", subgroups: false, f16: false, software: true, kernels: {} }; }
    tuningKey() { return "stand-in"; }
    async load() { return new Model(); }
    failure() { return undefined; }
  }`;

async function openStandIn(browser, url, failure) {
  const page = await open(browser);
  await page
    .context()
    .route("**/pkg/motet_web.js", (route) => route.fulfill({ contentType: "text/javascript", body: standIn(failure) }));
  await page.goto(url);
  return page;
}

/** A wasm trap, time and again, so that no other worker helps; thrown to the caller or lost in a future; a call of the GPU that never returns cannot be told here. */
export async function crash({ browser, url }) {
  const trap = `new WebAssembly.RuntimeError("unreachable")`;
  const lost = `setTimeout(() => { throw ${trap}; }); await new Promise(() => {})`;
  for (const next of [`throw ${trap}`, lost]) {
    const page = await openStandIn(browser, url, { next: `if (this.length > 5) { ${next}; }` });
    await state(page, "ready", 20_000);
    await ask(page, "Say hello.", 10_000);
    assert.match(await page.locator("article.assistant .note").last().textContent(), /^The engine crashed \(.*unreachable.*\): load the model again\.$/);
    assert.match(await refusal(page), /load the model again/);
    await page.context().unrouteAll();
    await page.click("#retry");
    await state(page, "ready", 60_000);
    await sayHello(page);
    await page.context().close();
  }
}

export async function smallAdapter({ browser, url }) {
  const sentence = "This GPU allows buffers of 16 MiB and the model needs 128 MiB: use another GPU.";
  const page = await openStandIn(browser, url, { create: `throw new Error(${JSON.stringify(sentence)})` });
  assert.equal(await refusal(page, 20_000), sentence);
  assert.deepEqual(page.trouble, []);
  await page.context().close();
}

export async function noWebGpu({ browser, url }) {
  const page = await open(browser);
  await page.addInitScript(() => delete Navigator.prototype.gpu);
  await page.goto(url);
  const seen = [await refusal(page, 20_000)];
  assert.match(seen[0], /^This browser has no WebGPU: use Chrome/);
  assert.deepEqual(page.trouble, []);
  await page.context().close();

  for (const flags of [["--disable-features=WebGPU", "--disable-gpu"], ["--disable-blink-features=WebGPU"]]) {
    const without = await launch(flags);
    try {
      const page = await open(without);
      await page.goto(url);
      seen.push(await refusal(page, 20_000));
      assert.match(seen.at(-1), /WebGPU/);
      assert.deepEqual(page.trouble, []);
    } finally {
      await without.close();
    }
  }
  return seen.map((text) => `\n    ${text}`).join("");
}
