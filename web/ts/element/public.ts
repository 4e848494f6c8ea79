/** `<motet-chat>` as pages see it; the class behind it is nobody else's business. */

import type { LoadOptions, ModelSource, Motet } from "../motet.js";
import type { ChatEvents, ChatState } from "./events.js";
import type { ChatMessage } from "./talk/message.js";
import type { Asking } from "./talk/pieces.js";

/** What else `Motet.load` is given. */
export type MoreLoadOptions = Pick<LoadOptions, "subgroups" | "f16" | "tune" | "quantize" | "store">;

/**
 * A chat with a language model that runs on the reader's own device.
 *
 * ```html
 * <script type="module" src="chat.js"></script>
 * <motet-chat model="smollm2"></motet-chat>
 * ```
 *
 * Nothing but the header of the model's file is read before the reader presses "Load model"; `autoload` loads at once.
 * Properties are attributes, too (`topP` is `top-p`, and so on), where nothing else is said.
 *
 * Slots: `header` (above the conversation), `empty` (before the first question), `footer` (under the field), `failed` (a
 * choice beside "Try again").
 *
 * Events: see `ChatEvents`; all bubble and are composed.
 *
 * Parts: `scroller`, `empty`, `log`, `message` (also `user` or `assistant`), `text`, `thought`, `left-out`, `note`,
 * `error`, `action`, `code`, `copy-code`, `editor`, `loader`, `load`, `composer`, `input`, `send`, `stop`, `undo`, `jump`,
 * `status`.
 *
 * Custom properties: `--motet-paper`, `--motet-raised`, `--motet-shade`, `--motet-line`, `--motet-ink`, `--motet-soft`,
 * `--motet-accent`, `--motet-on-accent` (colours), `--motet-serif`, `--motet-sans`, `--motet-mono` (fonts) and
 * `--motet-column` (width of a line). Light or dark is the element's `color-scheme`, which it inherits.
 */
export interface MotetChat extends HTMLElement {
  /** What to load: an address, a name, a hub id, or (as a property) a file. */
  model: ModelSource | undefined;
  /** What the model is told before the conversation; a system message among `messages` goes first. */
  system: string;
  /** What the empty field says. */
  placeholder: string;
  /** 0 always takes the likeliest token. Default 0.2. */
  temperature: number;
  /** Choose among the likeliest tokens that together have this probability. Default 0.9. */
  topP: number;
  /** The longest answer in tokens. Default 1024. */
  maxTokens: number;
  /** Tokens that fit into one conversation; counts when the model is loaded. Default: what the engine takes for the model. */
  contextLength: number | undefined;
  /** How keys and values are cached: "f32", "f16" or "q8"; counts when the model is loaded. */
  kv: string | undefined;
  /** Loads the model without being asked. */
  autoload: boolean;
  /** What else `chat.completions.create` is given: `min_p`, `seed` and so on. No attribute. */
  params: Asking;
  /** No attribute. */
  loadOptions: MoreLoadOptions;
  /**
   * The conversation; a question that got no answer is not part of it. Setting it drops an answer that is being written;
   * an unusable value throws a sentence. No attribute.
   */
  messages: ChatMessage[];
  /** The loaded model. A page may set one that it has loaded itself; that one it also closes. No attribute. */
  motet: Motet | undefined;
  readonly state: ChatState;

  /** Loads `model`, instead of the model that is there. Resolves when that has worked or not; `state` tells. */
  load(): Promise<void>;
  /** Gives loading up. */
  cancel(): void;
  /** Asks `text`; resolves with the answer once it has ended, or with nothing when there is none. Rejects without a model. */
  send(text: string): Promise<ChatMessage | undefined>;
  /** Ends the answer that is being written, and keeps what there is of it. */
  stop(): void;
  /** Begins a new conversation; the reader can undo that. */
  clear(): void;
  /** Puts the cursor into the field. */
  focus(options?: FocusOptions): void;
}

type ChatEventMap = { [Name in keyof ChatEvents]: CustomEvent<ChatEvents[Name]> };

declare global {
  interface HTMLElementTagNameMap {
    "motet-chat": MotetChat;
  }
  interface HTMLElementEventMap extends ChatEventMap {}
}
