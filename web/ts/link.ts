/** A worker, and the requests that wait for it. */

import { Channel, Watchdog } from "./channel.js";
import { breakdown, crashed, errorOf } from "./errors.js";
import type { AdapterInfo, Answer, EngineOptions, FromWorker, Header, ModelInfo, Progress, Reply, ToWorker } from "./protocol.js";

/** The longest that loading may go without progress. */
const LOAD_STALL_MS = 180_000;

/** What a worker reads, and what people call it. */
export interface Source {
  source: string | Blob;
  name: string;
}

export interface Loading {
  onProgress: ((progress: Progress) => void) | undefined;
  onNotice: (sentence: string) => void;
}

export class Link {
  /** Why this worker is of no more use. */
  failure: Error | undefined;
  /** Another worker could do better. */
  passing = false;
  readonly #worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "motet" });
  readonly #requests = new Map<number, Channel<Reply>>();
  readonly #opened = new Channel<Extract<FromWorker, { type: "loaded" | "header" }>>();
  #loading: Loading | undefined;
  #last = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const unstarted = "The engine's worker could not be started: see that worker.js lies beside motet.js.";
      if (event.message) this.break(crashed(event.message), true);
      else this.break(breakdown(unstarted, "internal"));
    };
  }

  /** Loads a model; the only one of this worker. */
  async load(source: Source, options: EngineOptions, loading: Loading): Promise<{ model: ModelInfo; adapter: AdapterInfo }> {
    const stall = "Loading has not moved for three minutes: see to the connection, and load the model again.";
    const watchdog = new Watchdog(() => this.break(breakdown(stall, "internal")));
    watchdog.expect(LOAD_STALL_MS);
    this.#loading = {
      ...loading,
      onProgress: (progress) => {
        watchdog.expect(LOAD_STALL_MS);
        loading.onProgress?.(progress);
      },
    };
    try {
      this.send({ type: "load", ...source, options });
      const opened = await this.#opened.take();
      if (opened.type === "loaded") return opened;
      throw breakdown("The worker read a header in place of a model.", "internal");
    } finally {
      watchdog.rest();
      this.#loading = { ...loading, onProgress: undefined };
    }
  }

  /** Reads a model's header; the worker can be ended then. */
  async inspect(source: Source, options: EngineOptions): Promise<Header> {
    this.send({ type: "inspect", ...source, options });
    const opened = await this.#opened.take();
    if (opened.type === "header") return opened.header;
    throw breakdown("The worker loaded a model in place of a header.", "internal");
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

  async ask(message: (request: number) => ToWorker): Promise<Answer> {
    const { request, channel } = this.open();
    try {
      this.send(message(request));
      const reply = await channel.take();
      if (reply.type === "answer") return reply.value;
      if (reply.type === "failed") throw errorOf(reply.failure);
      throw breakdown(`The worker answered with "${reply.type}".`, "internal");
    } finally {
      this.close(request);
    }
  }

  /** The end of this worker: everything that waits for it, or asks later, gets `reason`. */
  break(reason: unknown, passing = false): void {
    if (this.failure) return;
    this.failure = reason instanceof Error ? reason : new Error(String(reason));
    this.passing = passing;
    this.#worker.terminate();
    this.#opened.fail(this.failure);
    for (const channel of this.#requests.values()) channel.fail(this.failure);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "progress": {
        const { type, ...progress } = message;
        this.#loading?.onProgress?.(progress);
        break;
      }
      case "notice":
        this.#loading?.onNotice(message.sentence);
        break;
      case "loaded":
      case "header":
        this.#opened.push(message);
        break;
      case "broken":
        this.break(errorOf(message.failure), message.passing);
        break;
      default:
        this.#requests.get(message.request)?.push(message);
    }
  }
}
