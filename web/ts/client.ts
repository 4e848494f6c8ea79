/** The engine as a page sees it: the same calls, sent to a worker so that the page's thread only draws. */

import { Channel, Watchdog } from "./channel.js";
import { crashed } from "./errors.js";
import type {
  AdapterInfo,
  EngineOptions,
  FromWorker,
  Measuring,
  Message,
  ModelInfo,
  Progress,
  Prompt,
  Reason,
  Reply,
  Report,
  RunOptions,
  Stats,
  ToWorker,
} from "./protocol.js";
import { missingWebGpu } from "./webgpu.js";

/** The longest that loading may go without progress. */
const LOAD_STALL_MS = 180_000;
/** The longest wait for a token, and for each token of the prompt that has to be read before the first. */
const TOKEN_STALL_MS = 60_000;
const PROMPT_TOKEN_STALL_MS = 1_000;

export interface LoadOptions extends EngineOptions {
  onProgress?: (progress: Progress) => void;
  /** Aborting it gives loading up; `load` then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface GenerateOptions extends RunOptions {
  /** Aborting it ends the iteration at once, with `finish.reason` "aborted"; it does not throw. */
  signal?: AbortSignal;
}

/** One step of a generation. */
export interface Token {
  /** The text this step completed: often a word's piece, sometimes nothing, never half a character. */
  text: string;
  /** The token's id; absent from the last step, which only brings text that was held back. */
  id?: number;
  /** Set on the last step only. */
  finish?: Finish;
}

/** How a generation went, as the caller saw it. */
export interface Finish {
  reason: Reason;
  promptTokens: number;
  /** Tokens generated. */
  tokens: number;
  /** From the start of the iteration to the first token, or to the end when there was none. */
  firstTokenMs: number;
  /** From the first token to the last. */
  decodeMs: number;
}

/**
 * A model on the GPU, held by a worker of its own.
 *
 * ```js
 * const motet = await Motet.load("model.gguf", { onProgress: ({ phase, done, total }) => { … } });
 * for await (const { text } of motet.chat([{ role: "user", content: "Hello!" }])) out.append(text);
 * ```
 *
 * Every failure is an `Error` whose message is a sentence for people. When `failure` is set the engine is gone; load
 * the model again. The page itself is never in danger.
 */
export class Motet {
  /** What was loaded. */
  readonly model: ModelInfo;
  /** The GPU it runs on. */
  readonly adapter: AdapterInfo;
  readonly #link: Link;

  private constructor(link: Link, model: ModelInfo, adapter: AdapterInfo) {
    this.#link = link;
    this.model = model;
    this.adapter = adapter;
  }

  /** Loads a GGUF model from an address (relative ones start at the page) or from a file the user chose. */
  static async load(source: string | URL | Blob, options: LoadOptions = {}): Promise<Motet> {
    const { onProgress, signal, ...engine } = options;
    signal?.throwIfAborted();
    const missing = missingWebGpu();
    if (missing) throw new Error(missing);
    const link = new Link();
    const abort = (): void => link.break(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      const { model, adapter } = await link.load(resolve(source), engine, onProgress);
      return new Motet(link, model, adapter);
    } catch (error) {
      link.break(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Why the engine is gone, if it is. */
  get failure(): Error | undefined {
    return this.#link.failure;
  }

  /**
   * Goes on with a conversation by the model's chat template. Give the whole conversation each time: what the model
   * has seen already is not computed again. Nothing happens until the result is iterated; generations wait for each
   * other.
   */
  chat(messages: readonly Message[], options: GenerateOptions = {}): AsyncGenerator<Token, void> {
    return this.#generate({ messages: messages.map(({ role, content }) => ({ role, content })) }, options);
  }

  /** Goes on with raw text, in which no special token is parsed, or with raw ids; otherwise like `chat`. */
  complete(prompt: string | { ids: ArrayLike<number> }, options: GenerateOptions = {}): AsyncGenerator<Token, void> {
    return this.#generate(typeof prompt === "string" ? { text: prompt } : { ids: Uint32Array.from(prompt.ids) }, options);
  }

  /** The ids of plain text. */
  async tokenize(text: string): Promise<Uint32Array> {
    return (await this.#link.ask((request) => ({ type: "tokenize", request, text }))) as Uint32Array;
  }

  /** What the engine holds at this moment. */
  async stats(): Promise<Stats> {
    return (await this.#link.ask((request) => ({ type: "stats", request }))) as Stats;
  }

  /**
   * Measures the GPU's ceilings, and prompts and decode steps beside them: what `motet bench --json` prints. It waits for
   * generations and they wait for it.
   */
  async measure(measuring: Measuring): Promise<Report> {
    return (await this.#link.ask((request) => ({ type: "measure", request, measuring }))) as Report;
  }

  /** Frees the model, its memory and the GPU. */
  close(): void {
    this.#link.break(new Error("The model was closed: load it again to use it."));
  }

  async *#generate(prompt: Prompt, { signal, ...given }: GenerateOptions): AsyncGenerator<Token, void> {
    const start = performance.now();
    const options = { ...given, seed: given.seed ?? randomSeed(), temperature: given.temperature ?? 0 };
    const { request, channel } = this.#link.open();
    const watchdog = new Watchdog(() => this.#link.break(new Error(STALLED)));
    const finish: Finish = { reason: "aborted", promptTokens: 0, tokens: 0, firstTokenMs: 0, decodeMs: 0 };
    const abort = (): void => channel.push({ type: "finished", request, text: "", reason: "aborted" });
    signal?.addEventListener("abort", abort);
    let ended = false;
    try {
      if (signal?.aborted) abort();
      else this.#link.send({ type: "run", request, prompt, options });
      for (;;) {
        const reply = await channel.take();
        const elapsed = performance.now() - start;
        switch (reply.type) {
          case "started":
            finish.promptTokens = reply.promptTokens;
            watchdog.expect(TOKEN_STALL_MS + PROMPT_TOKEN_STALL_MS * reply.promptTokens);
            break;
          case "token":
            watchdog.expect(TOKEN_STALL_MS);
            finish.tokens += 1;
            if (finish.tokens === 1) finish.firstTokenMs = elapsed;
            finish.decodeMs = elapsed - finish.firstTokenMs;
            yield { id: reply.id, text: reply.text };
            break;
          case "finished":
            ended = reply.reason !== "aborted";
            if (finish.tokens === 0) finish.firstTokenMs = elapsed;
            finish.reason = reply.reason;
            yield { text: reply.text, finish };
            return;
          case "failed":
            ended = true;
            throw new Error(reply.message);
        }
      }
    } finally {
      watchdog.rest();
      signal?.removeEventListener("abort", abort);
      this.#link.close(request);
      if (!ended) this.#link.send({ type: "stop", request });
    }
  }
}

const STALLED = "The GPU has not answered for a long time: load the model again, or try a smaller one.";

/** The worker and the requests that wait for it. */
class Link {
  failure: Error | undefined;
  readonly #worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "motet" });
  readonly #requests = new Map<number, Channel<Reply>>();
  readonly #loading = new Channel<Extract<FromWorker, { type: "loaded" }>>();
  #onProgress: ((progress: Progress) => void) | undefined;
  #last = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const unstarted = "The engine's worker could not be started: see that worker.js lies beside motet.js.";
      this.break(new Error(event.message ? crashed(event.message) : unstarted));
    };
  }

  async load(
    source: { source: string | Blob; name: string },
    options: EngineOptions,
    onProgress: ((progress: Progress) => void) | undefined,
  ): Promise<Extract<FromWorker, { type: "loaded" }>> {
    const stall = "Loading has not moved for three minutes: see to the connection, and load the model again.";
    const watchdog = new Watchdog(() => this.break(new Error(stall)));
    watchdog.expect(LOAD_STALL_MS);
    this.#onProgress = (progress) => {
      watchdog.expect(LOAD_STALL_MS);
      onProgress?.(progress);
    };
    try {
      this.send({ type: "load", ...source, options });
      return await this.#loading.take();
    } finally {
      watchdog.rest();
      this.#onProgress = undefined;
    }
  }

  send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  open(): { request: number; channel: Channel<Reply> } {
    const request = ++this.#last;
    const channel = new Channel<Reply>();
    if (this.failure) channel.fail(this.failure);
    this.#requests.set(request, channel);
    return { request, channel };
  }

  close(request: number): void {
    this.#requests.delete(request);
  }

  async ask(message: (request: number) => ToWorker): Promise<unknown> {
    const { request, channel } = this.open();
    try {
      this.send(message(request));
      const reply = await channel.take();
      if (reply.type === "answer") return reply.value;
      throw new Error(reply.type === "failed" ? reply.message : `The worker answered with "${reply.type}".`);
    } finally {
      this.close(request);
    }
  }

  /** The end of this engine: everything that waits for it, or asks later, gets `reason`. */
  break(reason: unknown): void {
    if (this.failure) return;
    this.failure = reason instanceof Error ? reason : new Error(String(reason));
    this.#worker.terminate();
    this.#loading.fail(this.failure);
    for (const channel of this.#requests.values()) channel.fail(this.failure);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "progress":
        this.#onProgress?.({ phase: message.phase, done: message.done, total: message.total });
        break;
      case "loaded":
        this.#loading.push(message);
        break;
      case "broken":
        this.break(new Error(message.message));
        break;
      default:
        this.#requests.get(message.request)?.push(message);
    }
  }
}

/** What the worker is to read, and what people call it. */
function resolve(source: string | URL | Blob): { source: string | Blob; name: string } {
  if (source instanceof Blob) return { source, name: source instanceof File ? source.name : "model" };
  if (!URL.canParse(source, document.baseURI)) throw new Error(`"${source}" is no address of a model.`);
  const { href, pathname } = new URL(source, document.baseURI);
  return { source: href, name: pathname.slice(pathname.lastIndexOf("/") + 1) || href };
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
