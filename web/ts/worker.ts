/** The worker: it owns the engine, one model and one session, and runs one generation at a time. */

import { crashed, isCrash, sentence } from "./errors.js";
import { generate } from "./generate.js";
import type { Engine, Model, Session } from "./motet_web.js";
import type { FromWorker, Progress, Prompt, ToWorker } from "./protocol.js";
import { requestSubgroups } from "./subgroups.js";
import { missingAdapter, missingWebGpu } from "./webgpu.js";

interface Loaded {
  engine: Engine;
  model: Model;
  session: Session;
  memory: WebAssembly.Memory;
}

type Of<Type extends ToWorker["type"]> = Extract<ToWorker, { type: Type }>;

/** Set by the first message, "load". */
let loaded: Loaded | undefined;
/** The session is one: runs wait for each other. */
let turn: Promise<void> = Promise.resolve();
/** Runs that have not ended, and whether their caller wants them to. */
const stopping = new Map<number, boolean>();

const post = (message: FromWorker): void => self.postMessage(message);
const broken = (message: string): void => post({ type: "broken", message });

async function load({ source, name, options }: Of<"load">): Promise<void> {
  const missing = missingWebGpu() ?? (await missingAdapter());
  if (missing) return broken(missing);
  if (options.subgroups !== false) requestSubgroups();
  const { default: init, Engine } = await import("./motet_web.js");
  const { memory } = await init();
  const engine = await Engine.create({ subgroups: options.subgroups !== false, f16: options.f16 === true });
  const progress = (phase: Progress["phase"], done: number, total: number): void =>
    post({ type: "progress", phase, done, total });
  const { kv, quantize } = options;
  const model = await engine.load(source, name, progress, { kv, quantize });
  const longest = model.info().contextLength;
  const session = await model.session(options.contextLength && Math.min(options.contextLength, longest));
  loaded = { engine, model, session, memory };
  post({ type: "loaded", model: { ...model.info(), contextLength: session.contextLength }, adapter: engine.info() });
}

function idsOf(model: Model, prompt: Prompt): Uint32Array {
  if ("messages" in prompt) return model.render(prompt.messages);
  return "text" in prompt ? model.tokenize(prompt.text) : prompt.ids;
}

async function run({ engine, model, session }: Loaded, { request, prompt, options }: Of<"run">): Promise<void> {
  const failOnDevice = (): void => {
    const failure = engine.failure();
    if (failure) throw new Error(failure);
  };
  const ids = idsOf(model, prompt);
  post({ type: "started", request, promptTokens: ids.length });
  const tokens = generate(model, session, ids, options, () => stopping.get(request) ?? false);
  for (;;) {
    const { value, done } = await tokens.next();
    failOnDevice();
    if (done) return post({ type: "finished", request, ...value });
    post({ type: "token", request, ...value });
  }
}

/** Does `work`; a failure fails its request, and the engine too when that can no longer be trusted. */
async function answer(request: number, work: (loaded: Loaded) => void | Promise<void>): Promise<void> {
  try {
    if (!loaded) throw new Error("No model is loaded: load one first.");
    await work(loaded);
  } catch (error) {
    const failure = isCrash(error) ? crashed(error) : loaded?.engine.failure();
    if (failure) broken(failure);
    else post({ type: "failed", request, message: sentence(error) });
  }
}

function queue(message: Of<"run">): void {
  stopping.set(message.request, false);
  turn = turn
    .then(() => answer(message.request, (loaded) => run(loaded, message)))
    .finally(() => stopping.delete(message.request));
}

async function measure({ engine, model }: Loaded, { request, measuring }: Of<"measure">): Promise<void> {
  const ceilings = await engine.ceilings();
  const value = await model.bench({ ceilings, ...measuring });
  const failure = engine.failure();
  if (failure) throw new Error(failure);
  post({ type: "answer", request, value });
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case "load":
      load(data).catch((error: unknown) => broken(isCrash(error) ? crashed(error) : sentence(error)));
      break;
    case "run":
      queue(data);
      break;
    case "stop":
      if (stopping.has(data.request)) stopping.set(data.request, true);
      break;
    case "measure":
      turn = turn.then(() => answer(data.request, (loaded) => measure(loaded, data)));
      break;
    case "tokenize":
      void answer(data.request, ({ model }) =>
        post({ type: "answer", request: data.request, value: model.tokenize(data.text) }),
      );
      break;
    case "stats":
      void answer(data.request, ({ memory, session }) =>
        post({
          type: "answer",
          request: data.request,
          value: { wasmBytes: memory.buffer.byteLength, cachedTokens: session.length },
        }),
      );
  }
};

// A panic inside a future settles no promise: it surfaces here only.
self.addEventListener("error", (event) => broken(crashed(event.error ?? event.message)));
self.addEventListener("unhandledrejection", (event) => broken(crashed(event.reason)));
