// The package on a page of nothing else: the OpenAI-shaped calls, sessions, grammars, the store, and what goes wrong.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { open, root, serve } from "./harness.mjs";

const MODEL = "/models/SmolLM2-135M-Instruct.Q4_1.gguf";
const LOAD_MS = 60_000;
/** Lets tests of a lost device reach it: the worker's script, behind a line that remembers devices. */
const REMEMBER = `{
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    return (globalThis.device = await requestDevice.apply(this, args));
  };
}`;

/** A model that loads at once, and Hugging Face's greedy ids after a prompt. */
const TINY = (() => {
  const reference = path.join(root, "tests", "fixtures", "models", "llama-gqa", "reference.json");
  const { prompts, greedy } = JSON.parse(readFileSync(reference, "utf8"));
  return { file: "F32.gguf", prompt: prompts["33"], ids: greedy["33"].ids.slice(0, 8) };
})();

/** A page with the package and nothing else. */
async function bare(stage, options = {}) {
  const page = await open(stage.browser, options);
  const html = `<!doctype html><title>bare</title><script type="module">
    import { Motet } from "/pkg/motet.js";
    globalThis.Motet = Motet;
  </script>`;
  await page.context().route("**/bare.html", (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.goto(`${stage.url}/bare.html`);
  await page.waitForFunction(() => globalThis.Motet);
  return page;
}

/** The same with the default model loaded as `motet`. */
async function loaded(stage, options) {
  const page = await bare(stage, options);
  page.setDefaultTimeout(LOAD_MS);
  await page.evaluate(async (model) => {
    globalThis.motet = await Motet.load(model);
  }, MODEL);
  return page;
}

async function close(page) {
  assert.deepEqual(page.trouble, []);
  await page.context().close();
}

/** The `openai` client as a module for the page. */
async function client() {
  const require = createRequire(path.join(root, "web", "package.json"));
  const { outputFiles } = await require("esbuild").build({
    stdin: { contents: `export { default } from "openai";`, resolveDir: path.join(root, "web") },
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0].text;
}

/** OpenAI's calls: whole and in chunks, with log-probabilities, stops and several choices, and the same by their client. */
export async function openAi(stage) {
  const page = await loaded(stage);
  await page.context().route("**/openai.js", async (route) =>
    route.fulfill({ contentType: "text/javascript", body: await client() }),
  );
  const messages = [{ role: "user", content: "What is the capital of France?" }];
  const { whole, streamed, usage, likely, stopped, several } = await page.evaluate(async (messages) => {
    const { completions } = motet.chat;
    const params = { messages, temperature: 0, max_tokens: 16 };
    const whole = await completions.create(params);
    let [streamed, usage] = ["", null];
    for await (const chunk of await completions.create({ ...params, stream: true, stream_options: { include_usage: true } })) {
      streamed += chunk.choices[0]?.delta.content ?? "";
      usage ??= chunk.usage;
    }
    const likely = await completions.create({ ...params, max_tokens: 3, logprobs: true, top_logprobs: 4 });
    const stopped = await completions.create({ ...params, stop: ["Paris"] });
    const several = await completions.create({ messages, max_tokens: 4, n: 2, seed: 5, temperature: 1.2 });
    return { whole, streamed, usage, likely, stopped, several };
  }, messages);
  const [choice] = whole.choices;
  assert.match(choice.message.content, /Paris/);
  assert.equal(streamed, choice.message.content);
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [whole.usage.prompt_tokens, whole.usage.completion_tokens]);
  assert(usage.prompt_tokens_details.cached_tokens >= usage.prompt_tokens - 1, "the prompt was computed twice");
  assert.equal(likely.choices[0].logprobs.content.length, 3);
  for (const { logprob, bytes, token, top_logprobs: top } of likely.choices[0].logprobs.content) {
    assert.equal(top.length, 4);
    assert(Math.abs(top[0].logprob - logprob) < 1e-6, "the likeliest was not chosen");
    assert.deepEqual(top.map((t) => t.logprob), top.map((t) => t.logprob).sort((a, b) => b - a));
    assert(top.reduce((sum, t) => sum + Math.exp(t.logprob), 0) <= 1 + 1e-6);
    assert.equal(Buffer.from(bytes).toString(), token);
  }
  assert.equal(stopped.choices[0].finish_reason, "stop");
  assert.equal(stopped.choices[0].message.content, choice.message.content.split("Paris")[0]);
  assert.deepEqual(several.choices.map(({ index }) => index), [0, 1]);

  const theirs = await page.evaluate(async (messages) => {
    const { default: OpenAI } = await import("/openai.js");
    const client = new OpenAI({ baseURL: "http://motet/v1", apiKey: "none", fetch: motet.fetch, dangerouslyAllowBrowser: true });
    const stream = client.chat.completions.stream({ model: motet.model.name, messages, temperature: 0, max_tokens: 16 });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
    const final = await stream.finalChatCompletion();
    const models = [];
    for await (const model of client.models.list()) models.push(model.id);
    const error = await client.chat.completions.create({ model: "gpt-none", messages }).catch((e) => e);
    const long = await client.chat.completions
      .create({ model: motet.model.name, messages: [{ role: "user", content: "many words ".repeat(12_000) }] })
      .catch((e) => e);
    const fields = ({ status, code, type, message }) => ({ status, code, type, message });
    return { text, final: final.choices[0].message.content, models, error: fields(error), long: fields(long), name: motet.model.name };
  }, messages);
  assert.equal(theirs.text, choice.message.content);
  assert.equal(theirs.final, choice.message.content);
  assert.deepEqual(theirs.models, [theirs.name]);
  assert.equal(theirs.error.status, 404);
  assert.equal(theirs.error.code, "model_not_found");
  assert.deepEqual([theirs.long.status, theirs.long.code, theirs.long.type], [400, "context_length_exceeded", "invalid_request_error"]);
  await close(page);
}

const THING = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 16 },
    year: { type: "integer", minimum: 0, maximum: 2100 },
    kinds: { type: "array", items: { enum: ["person", "place", "thing"] }, minItems: 1, maxItems: 2 },
    real: { type: "boolean" },
  },
  required: ["name", "year", "kinds", "real"],
  additionalProperties: false,
};

function assertThing(text) {
  const thing = JSON.parse(text);
  assert.deepEqual(Object.keys(thing), ["name", "year", "kinds", "real"], text);
  assert(typeof thing.name === "string" && [...thing.name].length <= 16, text);
  assert(Number.isInteger(thing.year) && thing.year >= 0 && thing.year <= 2100, text);
  assert(thing.kinds.length >= 1 && thing.kinds.length <= 2, text);
  assert(thing.kinds.every((kind) => ["person", "place", "thing"].includes(kind)), text);
  assert.equal(typeof thing.real, "boolean", text);
}

/** Answers that have to have a form have it, warm as well as greedy; a form that cannot be is refused. */
export async function forms(stage) {
  const page = await loaded(stage);
  const things = ["Napoleon", "the Moon", "Sherlock Holmes", "a bicycle", "Paris", "Ada Lovelace", "an atom", "Atlantis", "tea", "a dragon",
    "Mount Everest", "Cleopatra", "a violin", "Mars", "the internet", "Homer", "a penguin", "Kyoto", "gravity", "a lighthouse"];
  const wanted = process.env.MOTET_FULL ? things : things.slice(0, 2);
  for (const [i, thing] of wanted.entries()) {
    const text = await page.evaluate(
      async ({ thing, schema, temperature }) => {
        const answer = await motet.chat.completions.create({
          messages: [{ role: "user", content: `Describe ${thing} as JSON.` }],
          response_format: { type: "json_schema", json_schema: { name: "thing", schema } },
          temperature,
          seed: 1,
          max_tokens: 120,
        });
        return answer.choices[0].message.content;
      },
      { thing, schema: THING, temperature: i % 2 },
    );
    assertThing(text);
  }
  const { date, schema, regex } = await page.evaluate(async () => {
    const ask = (response_format) =>
      motet.chat.completions
        .create({ messages: [{ role: "user", content: "When was that?" }], response_format, max_tokens: 16, temperature: 0 })
        .then((answer) => answer.choices[0].message.content, ({ type, code, param, message }) => ({ type, code, param, message }));
    return {
      date: await ask({ type: "regex", regex: "[12][0-9]{3}-[01][0-9]" }),
      schema: await ask({ type: "json_schema", json_schema: { name: "none", schema: { type: "nothing" } } }),
      regex: await ask({ type: "regex", regex: "(" }),
    };
  });
  assert.match(date, /^[12][0-9]{3}-[01][0-9]$/);
  for (const refusal of [schema, regex]) {
    assert.deepEqual([refusal.type, refusal.code, refusal.param], ["invalid_request_error", "invalid_schema", "response_format"]);
    assert.match(refusal.message, /^The (JSON schema|regular expression) cannot be used \(.+\): change it\.$/);
  }
  await close(page);
  return `${wanted.length} of ${wanted.length} by the schema`;
}

/** Sessions of one's own: forked, side by side, step by step; what they give is what one run gives. */
export async function sessions(stage) {
  const page = await loaded(stage);
  const { ids, greedy } = stage.prompts[0];
  const expected = greedy.slice(0, 8);
  const { single, forked, both, order, cached, logits } = await page.evaluate(
    async ({ ids, expected }) => {
      const all = async (tokens, seen = () => {}) => {
        const out = [];
        for await (const { id } of tokens) {
          if (id === undefined) continue;
          out.push(id);
          seen();
        }
        return out;
      };
      const session = motet.session();
      let so = Uint32Array.from(ids);
      const single = [];
      let logits;
      for (let step = 0; step < 3; step += 1) {
        const [id] = await all(session.prompt(so, { maxTokens: 1, ignoreEnd: true, logprobs: 0 }));
        single.push(id);
        so = Uint32Array.of(...so, id);
        logits = await session.logits();
      }
      const best = logits.reduce((best, z, id) => (z > logits[best] ? id : best), 0);
      const fork = await session.fork();
      session.close();
      let cached;
      const forked = [];
      for await (const { id, finish } of fork.prompt(so, { maxTokens: 5, ignoreEnd: true })) {
        if (id !== undefined) forked.push(id);
        cached ??= finish?.cachedTokens;
      }
      const order = [];
      const run = (name) => all(motet.session().prompt(ids, { maxTokens: 6, ignoreEnd: true }), () => order.push(name));
      const both = await Promise.all([run("a"), run("b")]);
      return { single, forked, both, order: order.join(""), cached, logits: [logits.length, best] };
    },
    { ids, expected },
  );
  assert.deepEqual([...single, ...forked], expected);
  assert.equal(cached, ids.length + 2, "the fork computed what it had");
  assert.deepEqual(both, [expected.slice(0, 6), expected.slice(0, 6)]);
  assert.match(order, /a+b+a|b+a+b/, `one waited for the other: ${order}`);
  assert.deepEqual(logits, [49_152, single[2]]);
  await close(page);
  return order;
}

/** A device that is lost in the middle of an answer, then a worker: the text is the one of an undisturbed run. */
export async function recovers(stage) {
  const page = await bare(stage);
  let workers = 0;
  page.on("worker", () => (workers += 1));
  await page.context().route("**/pkg/worker.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${REMEMBER}${await response.text()}` });
  });
  await page.evaluate(async (model) => {
    globalThis.motet = await Motet.load(model);
  }, MODEL);
  const { ids, greedy } = stage.prompts[0];
  const answer = page.evaluate(async (ids) => {
    globalThis.came = 0;
    const out = [];
    for await (const { id } of motet.run({ ids: Uint32Array.from(ids) }, { maxTokens: 20, ignoreEnd: true })) {
      if (id === undefined) continue;
      out.push(id);
      globalThis.came += 1;
    }
    return out;
  }, ids);
  const lose = async (after, how) => {
    await page.waitForFunction((n) => globalThis.came >= n, after, { timeout: LOAD_MS, polling: 20 });
    const worker = page.workers().at(-1);
    await worker.evaluate(how);
  };
  await lose(4, () => globalThis.device.destroy());
  await lose(10, () => setTimeout(() => { throw new WebAssembly.RuntimeError("unreachable"); }));
  assert.deepEqual(await answer, greedy.slice(0, 20));
  assert.equal(workers, 3, "nothing was lost");
  assert.equal(await page.evaluate(() => motet.failure), undefined);
  await close(page);
}

/** A model that was loaded once loads without the network; it is listed, and gone when it is removed. */
export async function stored(stage) {
  const page = await loaded(stage);
  const first = await page.evaluate(() => Motet.cached());
  assert.equal(first.length, 1);
  await page.waitForFunction(async () => (await Motet.cached())[0].complete, null, { timeout: 20_000 });
  await page.evaluate(() => motet.close());
  let asked = 0;
  await page.context().route("**/models/**", (route) => {
    asked += 1;
    return route.abort();
  });
  const { text, fromStore, ms } = await page.evaluate(async (model) => {
    let fromStore = 0;
    const start = performance.now();
    globalThis.motet = await Motet.load(model, { onProgress: (progress) => (fromStore = progress.fromStore ?? fromStore) });
    const answer = await motet.chat.completions.create({
      messages: [{ role: "user", content: "What is the capital of France?" }],
      temperature: 0,
      max_tokens: 12,
    });
    return { text: answer.choices[0].message.content, fromStore, ms: performance.now() - start };
  }, MODEL);
  assert.match(text, /Paris/);
  assert.equal(asked, 0, "the network was asked");
  assert(fromStore > 90e6, `${fromStore} bytes came from the store`);
  await page.evaluate(() => motet.close());
  const removed = await page.evaluate(async (model) => [await Motet.remove(model), await Motet.cached(), await Motet.remove(model)], MODEL);
  assert.deepEqual(removed, [true, [], false]);
  const without = await page.evaluate((model) => Motet.load(model).catch(({ code }) => code), MODEL);
  assert.equal(without, "model_unreadable");
  assert(asked > 0, "what was removed came from somewhere");
  await close(page);
  return `an answer ${(ms / 1000).toFixed(1)} s after loading from the store began`;
}

/** What a model would take, before it is downloaded. */
export async function inspects(stage) {
  const page = await bare(stage);
  const { found, missing, fetched } = await page.evaluate(async (model) => {
    const found = await Motet.inspect(model, { contextLength: 2048 });
    const missing = await Motet.inspect("/models/none.gguf").catch(({ message, code }) => ({ message, code }));
    const fetched = (await Motet.cached()).reduce((sum, { storedBytes }) => sum + storedBytes, 0);
    return { found, missing, fetched };
  }, MODEL);
  assert.equal(found.architecture, "llama");
  assert.equal(found.contextLength, 2048);
  // 30 layers of 3 heads of 64 channels, keys and values, in f32.
  assert.equal(found.cacheBytes, 2048 * 30 * 3 * 64 * 2 * 4);
  assert(found.weightBytes > 90e6 && found.weightBytes < 110e6);
  assert.match(found.reason, /^\d+ MB of weights, 94 MB of cache at 2,048 tokens; this device allows .+ a buffer: fits\.$/);
  assert(fetched < 20e6, `${fetched} bytes were fetched for a header`);
  assert.match(missing.message, /none\.gguf/);
  await close(page);
  return found.reason;
}

/** The kernels that a GPU is fastest with are measured, kept and used; whatever they are, the ids are the same. */
export async function tunes(stage) {
  const { file, ids, prompt } = TINY;
  const server = await serve({ [file]: readFileSync(path.join(root, "tests", "fixtures", "models", "llama-gqa", file)) });
  const page = await bare(stage);
  page.setDefaultTimeout(LOAD_MS);
  const use = (tune, kept) =>
    page.evaluate(
      async ({ address, prompt, length, tune, kept }) => {
        const folder = await navigator.storage.getDirectory();
        if (kept !== undefined) {
          const writer = await (await folder.getFileHandle("motet-tuning-1.json", { create: true })).createWritable();
          await writer.write(kept);
          await writer.close();
        }
        const motet = await Motet.load(address, tune ? { tune } : {});
        const out = [];
        for await (const { id } of motet.run({ ids: Uint32Array.from(prompt) }, { maxTokens: length, ignoreEnd: true })) {
          if (id !== undefined) out.push(id);
        }
        const { kernels } = motet.adapter;
        motet.close();
        const file = await folder.getFileHandle("motet-tuning-1.json").then((handle) => handle.getFile(), () => undefined);
        return { kernels, ids: out, kept: await file?.text() };
      },
      { address: `${server.url}/${file}`, prompt, length: ids.length, tune, kept },
    );
  const usual = await use();
  assert.deepEqual([usual.ids, usual.kept], [ids, undefined], "a GPU in software is not measured unasked");
  const measured = await use("on");
  const [[device, kernels], ...others] = Object.entries(JSON.parse(measured.kept));
  assert.deepEqual([measured.ids, measured.kernels, others], [ids, kernels, []]);
  // What is kept is used, and what cannot be understood counts as nothing.
  const gpus = { weights: "buffers", share: "workgroup" };
  const other = await use(undefined, JSON.stringify({ [device]: gpus }));
  assert.deepEqual([other.ids, other.kernels], [ids, gpus]);
  for (const kept of ['{"', "7", JSON.stringify({ [device]: { weights: "sand", share: "own" } })]) {
    const { ids: now, kernels } = await use("auto", kept);
    assert.deepEqual([now, kernels], [ids, usual.kernels], kept);
  }
  const off = await use("off", JSON.stringify({ [device]: gpus }));
  assert.deepEqual(off.kernels, usual.kernels);
  await close(page);
  server.close();
  return `${kernels.weights}, ${kernels.share}`;
}
