/** The engine as a page sees it: the same calls, sent to a worker so that the page's thread only draws. */

import { OpenAi } from "./api/index.js";
import { breakdown, refusal } from "./errors.js";
import { EngineHolder } from "./engine.js";
import { type Inspection, inspect } from "./inspect.js";
import type { Source } from "./link.js";
import type {
  AdapterInfo,
  EngineOptions,
  ExpertUsage,
  Measuring,
  Message,
  ModelInfo,
  Progress,
  Prompt,
  Rendered,
  Report,
  Stats,
} from "./protocol.js";
import { type GenerateOptions, run, type Token } from "./run.js";
import { Session } from "./session.js";
import { askToPersist, fileName, listStored, modelAddress, removeStored, type StoredModel } from "./store/index.js";
import { missingWebGpu } from "./webgpu.js";

/**
 * What a model is loaded from: an address (relative ones start at the page), a file that the user chose, a name of the small
 * registry ("smollm2"), or a hub id ("org/repo/file.gguf").
 */
export type ModelSource = string | URL | Blob;

export interface LoadOptions extends EngineOptions {
  onProgress?: (progress: Progress) => void;
  /** Aborting it gives loading up; `load` then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * A model on the GPU, held by a worker of its own.
 *
 * ```js
 * const motet = await Motet.load("smollm2", { onProgress: ({ phase, done, total }) => { … } });
 * const answer = await motet.chat.completions.create({ messages: [{ role: "user", content: "Hello!" }], stream: true });
 * for await (const chunk of answer) out.append(chunk.choices[0]?.delta.content ?? "");
 * ```
 *
 * Every failure is a `MotetError`, whose message is a sentence for people. A worker or a device that is lost is replaced,
 * and what was running goes on from its last token; when that cannot be, `failure` is set: load the model again. The page
 * itself is never in danger.
 */
export class Motet {
  /** `chat.completions.create`, as the OpenAI API has it. */
  readonly chat: OpenAi["chat"];
  /** `completions.create`, as the OpenAI API has it. */
  readonly completions: OpenAi["completions"];
  /** `models.list` and `models.retrieve`. */
  readonly models: OpenAi["models"];
  /** A `fetch` that answers the OpenAI API's requests from this model: for the `openai` client and its like. */
  readonly fetch: typeof fetch;
  readonly #engine: EngineHolder;

  private constructor(engine: EngineHolder) {
    this.#engine = engine;
    const api = new OpenAi(this);
    this.chat = api.chat;
    this.completions = api.completions;
    this.models = api.models;
    this.fetch = api.fetch;
  }

  /** Loads a GGUF model, or a Hugging Face folder by its address; weights are kept on this device on the way. */
  static async load(model: ModelSource, options: LoadOptions = {}): Promise<Motet> {
    const { onProgress, signal, ...engine } = options;
    signal?.throwIfAborted();
    const missing = missingWebGpu();
    if (missing) throw refusal(missing, "webgpu_missing");
    const source = sourceOf(model);
    if (typeof source.source === "string" && engine.store !== false) void askToPersist();
    return new Motet(await EngineHolder.load(source, engine, onProgress, signal));
  }

  /** What loading a model would take, from its header alone, and whether this device can. */
  static async inspect(model: ModelSource, options: LoadOptions = {}): Promise<Inspection> {
    const { onProgress: _, signal, ...engine } = options;
    return inspect(sourceOf(model), engine, signal);
  }

  /** The models that are kept on this device, whole or in part; the one that was used last first. */
  static cached(): Promise<StoredModel[]> {
    return listStored();
  }

  /** Forgets a kept model, by what it was loaded from; whether there was one. */
  static remove(model: string): Promise<boolean> {
    return removeStored(model);
  }

  /** What was loaded. */
  get model(): ModelInfo {
    return this.#engine.model;
  }

  /** The GPU it runs on. */
  get adapter(): AdapterInfo {
    return this.#engine.adapter;
  }

  /** Why the engine is gone, if it is. */
  get failure(): Error | undefined {
    return this.#engine.failure;
  }

  /** A sentence when the weights could not be kept: the model runs, and is fetched again the next time. */
  get notice(): string | undefined {
    return this.#engine.notice;
  }

  /**
   * Goes on from a conversation by the model's chat template, from raw text, in which no special token is parsed, or from
   * raw ids. Give all of it each time: what a session of this model has seen already is not computed again. Nothing happens
   * until the result is iterated. The OpenAI-shaped calls are made of this one.
   */
  run(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<Token, void> {
    return run(this.#engine, prompt, options);
  }

  /** A sequence of one's own, with its own cache. */
  session(): Session {
    return new Session(this.#engine);
  }

  /** The ids of plain text: no special token is parsed. */
  async tokenize(text: string): Promise<Uint32Array> {
    return (await this.#engine.ask((request) => ({ type: "tokenize", request, text }))) as Uint32Array;
  }

  /** The text of ids, control tokens included. */
  async detokenize(ids: ArrayLike<number>): Promise<string> {
    const list = Uint32Array.from(ids);
    return (await this.#engine.ask((request) => ({ type: "detokenize", request, ids: list }))) as string;
  }

  /** Messages as the model reads them: through its chat template, with the prompt for an answer. */
  async render(messages: readonly Message[]): Promise<Rendered> {
    const plain = messages.map(({ role, content }) => ({ role, content }));
    return (await this.#engine.ask((request) => ({ type: "render", request, messages: plain }))) as Rendered;
  }

  /** What the engine holds at this moment. */
  async stats(): Promise<Stats> {
    return (await this.#engine.ask((request) => ({ type: "stats", request }))) as Stats;
  }

  /** How often each expert was chosen since loading; undefined for a dense model. */
  async experts(): Promise<ExpertUsage | undefined> {
    return (await this.#engine.ask((request) => ({ type: "experts", request }))) as ExpertUsage | undefined;
  }

  /**
   * Measures the GPU's ceilings, and prompts and decode steps beside them: what `motet bench --json` prints. Let nothing
   * else run meanwhile.
   */
  async measure(measuring: Measuring): Promise<Report> {
    return (await this.#engine.ask((request) => ({ type: "measure", request, measuring }))) as Report;
  }

  /** Frees the model, its memory and the GPU. */
  close(): void {
    this.#engine.break(breakdown("The model was closed: load it again to use it.", "internal"));
  }
}

/** What the worker is to read, and what people call it. */
function sourceOf(model: ModelSource): Source {
  if (model instanceof Blob) return { source: model, name: model instanceof File ? model.name : "model" };
  try {
    const { addresses, name } = modelAddress(String(model), document.baseURI);
    // The worker lies elsewhere: relative addresses are made absolute here. A registered name has sources of its own.
    return addresses.length > 1 ? { source: String(model), name } : { source: addresses[0], name: name || fileName(addresses[0]) };
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : `"${String(model)}" is no address of a model.`, "invalid_model", "model");
  }
}
