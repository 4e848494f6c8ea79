/** The worker: it owns the engine and one model, and runs what the page asks for. */

import { breakdown, crashed, failureOf, isCrash, type MotetError, refusal } from "./errors.js";
import { filesOf } from "./files.js";
import { generate } from "./generate.js";
import { type Grammar, grammarOf } from "./grammar.js";
import type { Engine, Model } from "./motet_web.js";
import { Pace } from "./pace.js";
import type { Answer, FromWorker, Progress, Prompt, Rendered, Run, ToWorker } from "./protocol.js";
import { Sessions } from "./sessions.js";
import { requestSubgroups } from "./subgroups.js";
import { tuned } from "./tuning.js";
import { missingAdapter, missingWebGpu } from "./webgpu.js";

interface Loaded {
  engine: Engine;
  model: Model;
  sessions: Sessions;
  memory: WebAssembly.Memory;
}

type Of<Type extends ToWorker["type"]> = Extract<ToWorker, { type: Type }>;

/** How long after a failed call the loss of its device is known, and how often that is asked. */
const LOSS_KNOWN_MS = 500;
const LOSS_ASKED_MS = 20;

/** How often a load that waits for bytes says that they come. */
const ALIVE_MS = 2000;

/** Set by the first message, "load". */
let loaded: Loaded | undefined;
/** Runs that have not ended, and whether their caller wants them to. */
const stopping = new Map<number, boolean>();
/** Measurements wait for each other. */
let measured: Promise<unknown> = Promise.resolve();

const post = (message: FromWorker): void => self.postMessage(message);

function broken(error: unknown, passing = false): void {
  post({ type: "broken", failure: failureOf(error), passing });
}

/** Another worker could do better: wasm trapped, or the device was lost. */
function brokenInPassing(error: MotetError): void {
  broken(error, true);
}

async function load({ source, name, options }: Of<"load">): Promise<void> {
  const missing = missingWebGpu() ?? (await missingAdapter());
  if (missing) throw refusal(missing, "webgpu_missing");
  if (options.subgroups !== false) requestSubgroups();
  const { default: init, Engine } = await import("./motet_web.js");
  const { memory } = await init();
  const device = await Engine.create({ subgroups: options.subgroups !== false, f16: options.f16 === true });
  const engine = await tuned(device, options.tune ?? "auto");
  const onNotice = (sentence: string): void => post({ type: "notice", sentence });
  let last: Progress | undefined;
  let told = 0;
  const progress = (now: Progress): void => {
    last = now;
    told = performance.now();
    post({ type: "progress", ...now });
  };
  // A window of weights can take minutes to come; that it comes is progress, too.
  const onFetched = (): void => {
    if (last && performance.now() - told > ALIVE_MS) progress(last);
  };
  const files = filesOf(source, name, { store: options.store !== false, onNotice, onFetched });
  const pace = new Pace();
  const { kv, quantize, contextLength } = options;
  try {
    const model = await engine.load(
      files.address,
      files.open,
      (phase, done, total) => {
        const fromStore = phase === "weights" ? { fromStore: Math.min(done, files.fromStore()) } : {};
        progress({ phase, done, total, ...pace.secondsLeft(phase, done, total), ...fromStore });
      },
      { kv, quantize, contextLength },
    );
    loaded = { engine, model, sessions: new Sessions(model), memory };
  } catch (error) {
    await files.giveUp(failureOf(error).code === "invalid_model");
    throw error;
  }
  post({ type: "loaded", model: loaded.model.info(), adapter: engine.info() });
  // The model runs; what it did not ask for is stored behind its back.
  await files.finish().catch(() => undefined);
}

async function inspect({ source, name, options }: Of<"inspect">): Promise<void> {
  const { default: init, inspect } = await import("./motet_web.js");
  await init();
  const nobody = (): void => undefined;
  const files = filesOf(source, name, { store: options.store !== false, onNotice: nobody, onFetched: nobody });
  try {
    const { kv, quantize, contextLength } = options;
    const header = await inspect(files.address, files.open, { kv, quantize, contextLength });
    // What is stored is let go before the page can load it.
    await files.giveUp(false);
    post({ type: "header", header });
  } catch (error) {
    await files.giveUp(failureOf(error).code === "invalid_model");
    throw error;
  }
}

/** A prompt as ids, and whether it ends inside of an open `<think>`. */
function idsOf(model: Model, prompt: Prompt): { ids: Uint32Array; thinking: boolean } {
  if ("ids" in prompt) return { ids: prompt.ids, thinking: false };
  if ("text" in prompt) return { ids: model.tokenize(prompt.text), thinking: false };
  const { ids, text } = render(model, prompt.messages);
  return { ids, thinking: /<think>\s*$/.test(text) };
}

function render(model: Model, messages: Of<"render">["messages"]): Rendered {
  try {
    return model.render(messages);
  } catch (error) {
    if (isCrash(error)) throw error;
    throw refusal(failureOf(error).message, "invalid_messages", "messages");
  }
}

async function run({ engine, model, sessions }: Loaded, request: number, work: Run): Promise<void> {
  const { prompt, options, answered } = work;
  const { ids, thinking } = idsOf(model, prompt);
  const { contextLength } = model.info();
  if (ids.length > contextLength) {
    throw refusal(
      `The prompt has ${ids.length} tokens and the context takes ${contextLength}: shorten it, or load the model with a larger contextLength.`,
      "context_length_exceeded",
      "messages",
    );
  }
  const stopped = (): boolean => stopping.get(request) ?? false;
  let grammar: Grammar | undefined;
  try {
    if (options.constraint) grammar = await grammarOf(model, options.constraint);
    post({ type: "started", request, ids, thinking });
    await sessions.use(work.session, ids, async (session) => {
      const cachedTokens = options.reuse === false ? 0 : session.reusable(ids);
      const tokens = generate({ model, session, ids, answered, options, grammar, stopped });
      for (;;) {
        const { value, done } = await tokens.next();
        const failure = engine.failure();
        if (failure) throw breakdown(failure, "device_lost");
        if (done) return post({ type: "finished", request, cachedTokens, ...value });
        post({ type: "token", request, ...value });
      }
    });
  } finally {
    grammar?.free();
  }
}

/** Does `work`; a failure fails its request, and the engine too when that can no longer be trusted. */
async function attempt(request: number, work: (loaded: Loaded) => void | Promise<void>): Promise<void> {
  try {
    if (!loaded) throw refusal("No model is loaded: load one first.", "model_missing");
    await work(loaded);
  } catch (error) {
    const lost = await lossBehind(error);
    if (isCrash(error)) brokenInPassing(crashed(error));
    else if (lost) brokenInPassing(breakdown(lost, "device_lost"));
    else post({ type: "failed", request, failure: failureOf(error) });
  }
}

/** The loss of the device that a call failed of, if it was lost: calls fail a moment before the loss is known. */
async function lossBehind(error: unknown): Promise<string | undefined> {
  const byDevice = failureOf(error).code === "device_lost";
  for (let waited = 0; byDevice && !loaded?.engine.failure() && waited < LOSS_KNOWN_MS; waited += LOSS_ASKED_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOSS_ASKED_MS));
  }
  return loaded?.engine.failure();
}

/** Does `work` and sends what it gives. */
function answer(request: number, work: (loaded: Loaded) => Answer | Promise<Answer>): void {
  void attempt(request, async (loaded) => post({ type: "answer", request, value: await work(loaded) }));
}

async function measure({ engine, model }: Loaded, { measuring }: Of<"measure">): Promise<Answer> {
  const ceilings = await engine.ceilings();
  const report = await model.bench({ ceilings, ...measuring });
  const failure = engine.failure();
  if (failure) throw breakdown(failure, "device_lost");
  return report;
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "load":
      load(data).catch((error: unknown) => broken(isCrash(error) ? crashed(error) : error));
      break;
    case "inspect":
      inspect(data).catch((error: unknown) => broken(isCrash(error) ? crashed(error) : error));
      break;
    case "run":
      stopping.set(data.request, false);
      void attempt(data.request, (loaded) => run(loaded, data.request, data)).finally(() => stopping.delete(data.request));
      break;
    case "stop":
      if (stopping.has(data.request)) stopping.set(data.request, true);
      break;
    case "tokenize":
      answer(data.request, ({ model }) => model.tokenize(data.text));
      break;
    case "detokenize":
      answer(data.request, ({ model }) => model.detokenize(data.ids));
      break;
    case "render":
      answer(data.request, ({ model }) => render(model, data.messages));
      break;
    case "fork":
      answer(data.request, ({ sessions }) => sessions.fork(data.session, data.as).then(() => undefined));
      break;
    case "logits":
      answer(data.request, ({ sessions }) => sessions.logits(data.session));
      break;
    case "end":
      loaded?.sessions.end(data.session);
      break;
    case "experts":
      answer(data.request, async ({ model }) => {
        const { layers, experts } = model.info();
        return experts > 0 ? { layers, experts, counts: await model.experts() } : undefined;
      });
      break;
    case "stats":
      answer(data.request, async ({ memory, sessions }) => ({
        wasmBytes: memory.buffer.byteLength,
        ...(await sessions.held()),
      }));
      break;
    case "measure": {
      const turn = measured.then(() => attempt(data.request, async (loaded) => {
        post({ type: "answer", request: data.request, value: await measure(loaded, data) });
      }));
      measured = turn;
      break;
    }
  }
};

// A panic inside a future settles no promise: it surfaces here only.
self.addEventListener("error", (event) => brokenInPassing(crashed(event.error ?? event.message)));
self.addEventListener("unhandledrejection", (event) => brokenInPassing(crashed(event.reason)));
