/** The class of `<motet-chat>`: its attributes, and who does what behind them. What they mean stands in public.ts. */

import { LitElement, type PropertyValues, type TemplateResult } from "lit";
import type { LoadOptions, ModelSource, Motet } from "../motet.js";
import { type ChatState, emit } from "./events.js";
import { Loading } from "./model/loading.js";
import type { MoreLoadOptions, MotetChat } from "./public.js";
import { styles } from "./style/styles.js";
import { Dialogue } from "./talk/dialogue.js";
import { asMessages, type ChatMessage } from "./talk/message.js";
import type { Asking } from "./talk/pieces.js";
import { Screen } from "./view/screen.js";
import { bringMarkdown } from "./view/written.js";

export class ChatElement extends LitElement implements MotetChat {
  static override styles = styles;

  static override properties = {
    model: {},
    system: {},
    placeholder: {},
    temperature: { type: Number },
    topP: { type: Number, attribute: "top-p" },
    maxTokens: { type: Number, attribute: "max-tokens" },
    contextLength: { type: Number, attribute: "context-length" },
    kv: {},
    autoload: { type: Boolean },
    params: { attribute: false },
    loadOptions: { attribute: false },
    // Told to Lit only so that what a page sets before the element is known to it is taken over.
    messages: { attribute: false, noAccessor: true },
    motet: { attribute: false, noAccessor: true },
  };

  declare model: ModelSource | undefined;
  declare system: string;
  declare placeholder: string;
  declare temperature: number;
  declare topP: number;
  declare maxTokens: number;
  declare contextLength: number | undefined;
  declare kv: string | undefined;
  declare autoload: boolean;
  declare params: Asking;
  declare loadOptions: MoreLoadOptions;

  readonly #loading = new Loading(this);
  readonly #dialogue = new Dialogue(this, {
    motet: () => (this.#loading.isReady ? this.#loading.motet : undefined),
    system: () => this.system,
    asking: () => this.#asking,
    returned: (question) => this.#screen.giveBack(question),
    gone: (failure) => this.#loading.fail(failure),
  });
  readonly #screen = new Screen(this, this.#loading, this.#dialogue);
  readonly #view = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) void this.#loading.inspect(this.#cache);
  });
  #told: ChatState = "idle";

  constructor() {
    super();
    this.system = "";
    this.placeholder = "Ask something";
    this.temperature = 0.2;
    this.topP = 0.9;
    this.maxTokens = 1024;
    this.autoload = false;
    this.params = {};
    this.loadOptions = {};
  }

  get state(): ChatState {
    if (this.#dialogue.writing) return "answering";
    if (this.#loading.isUnderWay) return "loading";
    if (this.#loading.isReady) return "ready";
    return this.#loading.failure === undefined ? "idle" : "failed";
  }

  get messages(): ChatMessage[] {
    return this.#dialogue.messages;
  }

  set messages(messages: ChatMessage[]) {
    this.#dialogue.messages = asMessages(messages);
    this.#screen.turnToEnd();
  }

  get motet(): Motet | undefined {
    return this.#loading.motet;
  }

  set motet(motet: Motet | undefined) {
    this.#dialogue.stop();
    this.#loading.use(motet);
  }

  async load(): Promise<void> {
    if (!this.model) throw new Error('The chat has no model to load: give it a "model".');
    this.#dialogue.stop();
    await this.#loading.load(this.model, { ...this.loadOptions, ...this.#cache });
  }

  cancel(): void {
    this.#loading.cancel();
  }

  async send(text: string): Promise<ChatMessage | undefined> {
    if (!this.#loading.isReady) throw new Error("The chat has no model yet: load one first.");
    this.#screen.turnToEnd();
    return this.#dialogue.send(text.trim());
  }

  stop(): void {
    this.#dialogue.stop();
  }

  clear(): void {
    this.#dialogue.clear();
    this.#screen.turnToEnd();
  }

  override focus(options?: FocusOptions): void {
    this.#screen.input?.focus(options);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#view.observe(this);
    // It was taken out of the page for a while, and has let its model go.
    if (this.hasUpdated && this.autoload && this.model && this.state === "idle") void this.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#view.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("model") && !changed.has("autoload")) return;
    if (!this.model || this.model === this.#loading.source) return;
    if (this.autoload) return void this.load();
    this.#dialogue.stop();
    this.#loading.offer(this.model);
    // What is observed anew is reported anew, when it is in view.
    this.#view.unobserve(this);
    this.#view.observe(this);
  }

  protected override updated(): void {
    const { state } = this;
    if (state === this.#told) return;
    this.#screen.announce(this.#told, state);
    this.#told = state;
    emit(this, "motet-state", { state });
    // Not earlier: while a model loads, every core has something to do.
    if (state === "ready") void bringMarkdown();
  }

  protected override render(): TemplateResult {
    return this.#screen.render();
  }

  get #asking(): Asking {
    const [temperature, topP, maxTokens] = [this.temperature, this.topP, this.maxTokens].map(finite);
    return {
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
      ...(maxTokens !== undefined && { max_tokens: Math.max(1, Math.round(maxTokens)) }),
      ...this.params,
    };
  }

  get #cache(): Pick<LoadOptions, "contextLength" | "kv"> {
    const contextLength = finite(this.contextLength);
    const kv = (["f32", "f16", "q8"] as const).find((known) => known === this.kv);
    return { ...(contextLength !== undefined && { contextLength }), ...(kv !== undefined && { kv }) };
  }
}

/** An attribute that is no number counts as absent. */
function finite(value: number | null | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
