/** One model and the worker that holds it; a worker that is lost is replaced by another one that loads the same model. */

import { breakdown, sentence } from "./errors.js";
import { Link, type Loading, type Source } from "./link.js";
import type { AdapterInfo, Answer, EngineOptions, ModelInfo, ToWorker } from "./protocol.js";

/** Workers that may be lost one after the other, none of which gave a token. */
const LOSSES = 2;

export class EngineHolder {
  model: ModelInfo;
  adapter: AdapterInfo;
  /** Why the weights were not kept, if they were not. */
  notice: string | undefined;
  #link: Link;
  #reviving: Promise<Link> | undefined;
  #losses = 0;
  readonly #source: Source;
  readonly #options: EngineOptions;

  private constructor(link: Link, source: Source, options: EngineOptions, loaded: { model: ModelInfo; adapter: AdapterInfo }) {
    this.#link = link;
    this.#source = source;
    this.#options = options;
    this.model = loaded.model;
    this.adapter = loaded.adapter;
  }

  static async load(
    source: Source,
    options: EngineOptions,
    onProgress: Loading["onProgress"],
    signal: AbortSignal | undefined,
  ): Promise<EngineHolder> {
    const link = new Link();
    const abort = (): void => link.break(signal?.reason);
    signal?.addEventListener("abort", abort);
    let holder: EngineHolder | undefined;
    let early: string | undefined;
    const onNotice = (sentence: string): void => {
      if (holder) holder.notice = sentence;
      else early = sentence;
    };
    try {
      const loaded = await link.load(source, options, { onProgress, onNotice });
      holder = new EngineHolder(link, source, options, loaded);
      holder.notice = early;
      return holder;
    } catch (error) {
      link.break(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Why there is no engine, if none can be had. */
  get failure(): Error | undefined {
    return this.#recoverable() ? undefined : this.#link.failure;
  }

  /** The worker to talk to: the one that is there, or another one in its place. */
  async link(): Promise<Link> {
    if (!this.#link.failure) return this.#link;
    if (!this.#recoverable()) throw this.#link.failure;
    this.#reviving ??= this.#revive().finally(() => (this.#reviving = undefined));
    return this.#reviving;
  }

  /** Whether what a call on `link` failed of can be mended by calling again. */
  mends(link: Link): boolean {
    return link.failure !== undefined && link.passing && (link !== this.#link || this.#recoverable());
  }

  /** A token came: what was lost before is forgotten. */
  lives(): void {
    this.#losses = 0;
  }

  async ask(message: (request: number) => ToWorker): Promise<Answer> {
    return (await this.link()).ask(message);
  }

  /** Says something that asks for no answer; a worker that is gone has no need of it. */
  tell(message: ToWorker): void {
    if (!this.#link.failure) this.#link.send(message);
  }

  break(reason: unknown): void {
    this.#link.break(reason);
  }

  #recoverable(): boolean {
    return this.#link.passing && this.#losses < LOSSES;
  }

  async #revive(): Promise<Link> {
    const lost = this.#link.failure;
    this.#losses += 1;
    const link = new Link();
    this.#link = link;
    const onNotice = (sentence: string): void => void (this.notice = sentence);
    try {
      const { model, adapter } = await link.load(this.#source, this.#options, { onProgress: undefined, onNotice });
      this.model = model;
      this.adapter = adapter;
      return link;
    } catch (error) {
      const both = `${sentence(lost)} It could not be started again: ${sentence(error)}`;
      link.break(breakdown(both, "device_lost"));
      throw link.failure;
    }
  }
}
