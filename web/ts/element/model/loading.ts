/** The element's model: whether there is one, how it is being loaded, and why there is none. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Inspection, type LoadOptions, type ModelSource, Motet, type Progress } from "../../motet.js";
import { emit, sentence } from "../events.js";
import { sourceName } from "../format.js";

export class Loading implements ReactiveController {
  /** What the model is loaded from. */
  source: ModelSource | undefined;
  progress: Progress | undefined;
  /** The sentence that says why there is no model. */
  failure: string | undefined;
  /** What loading would take, once the header has been read. */
  inspection: Inspection | undefined;
  #motet: Motet | undefined;
  /** Whether the element loaded the model, and so has to free it. */
  #owned = false;
  #control: AbortController | undefined;
  #inspecting: AbortController | undefined;

  constructor(private readonly host: ReactiveControllerHost & HTMLElement) {
    host.addController(this);
  }

  get motet(): Motet | undefined {
    return this.#motet;
  }

  get isUnderWay(): boolean {
    return this.#control !== undefined;
  }

  get isReady(): boolean {
    return this.#motet !== undefined && this.#motet.failure === undefined;
  }

  get name(): string {
    return this.#motet?.model.name ?? this.inspection?.name ?? (this.source ? sourceName(this.source) : "");
  }

  /** Uses a model that the page has loaded, and will free. */
  use(motet: Motet | undefined): void {
    this.release();
    this.#motet = motet;
    this.failure = undefined;
    this.host.requestUpdate();
    if (motet) emit(this.host, "motet-load", { motet });
  }

  /** Loads from `source`, instead of whatever was loaded or is being loaded. Resolves when that has worked or not. */
  async load(source: ModelSource, options: LoadOptions): Promise<void> {
    this.release();
    const control = new AbortController();
    this.#control = control;
    if (this.source !== source) this.inspection = undefined;
    this.source = source;
    this.host.requestUpdate();
    try {
      const motet = await Motet.load(source, { ...options, signal: control.signal, onProgress: (now) => this.#note(control, now) });
      if (this.#control !== control) return motet.close();
      this.#control = undefined;
      this.#motet = motet;
      this.#owned = true;
      emit(this.host, "motet-load", { motet });
    } catch (error) {
      if (this.#control !== control) return;
      this.#control = undefined;
      this.fail(control.signal.aborted ? new Error("Loading was cancelled.") : error);
    }
    this.host.requestUpdate();
  }

  cancel(): void {
    this.#control?.abort();
  }

  /** There is no model, or none any more. */
  fail(thrown: unknown): void {
    this.failure = sentence(thrown);
    emit(this.host, "motet-error", { error: thrown instanceof Error ? thrown : new Error(this.failure), during: "load" });
    this.host.requestUpdate();
  }

  /** Has the reader decide whether `source` is loaded. */
  offer(source: ModelSource): void {
    this.release();
    this.source = source;
    this.inspection = undefined;
    this.host.requestUpdate();
  }

  /** Finds out what loading would take, while that is still open. Failing is no failure yet: loading will tell. */
  async inspect(options: Pick<LoadOptions, "contextLength" | "kv">): Promise<void> {
    const { source } = this;
    if (source === undefined || this.inspection || this.#inspecting || this.#control || this.#motet) return;
    const control = new AbortController();
    this.#inspecting = control;
    try {
      const found = await Motet.inspect(source, { ...options, signal: control.signal });
      if (this.#inspecting === control) this.inspection = found;
    } catch {
      return;
    } finally {
      if (this.#inspecting === control) this.#inspecting = undefined;
    }
    this.host.requestUpdate();
  }

  /** Forgets the model and what is under way. */
  release(): void {
    this.#control?.abort();
    this.#inspecting?.abort();
    this.#control = undefined;
    this.#inspecting = undefined;
    if (this.#owned) this.#motet?.close();
    this.#motet = undefined;
    this.#owned = false;
    this.progress = undefined;
    this.failure = undefined;
  }

  hostDisconnected(): void {
    // An element that is moved is disconnected, too, and connected again at once.
    queueMicrotask(() => {
      if (!this.host.isConnected) this.release();
    });
  }

  #note(control: AbortController, progress: Progress): void {
    if (this.#control !== control) return;
    this.progress = progress;
    this.host.requestUpdate();
    emit(this.host, "motet-progress", progress);
  }
}
