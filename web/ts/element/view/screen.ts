/** What the reader has before them, and what they do with it. */

import { html, nothing, type ReactiveController, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { ChatElement } from "../chat-element.js";
import type { ChatState } from "../events.js";
import type { Loading } from "../model/loading.js";
import type { Turn } from "../talk/conversation.js";
import type { Dialogue } from "../talk/dialogue.js";
import { composer } from "./composer.js";
import { copyTurn } from "./copying.js";
import { Following } from "./following.js";
import { grow } from "./growing.js";
import * as icons from "./icons.js";
import { loader } from "./loader.js";
import { answer, question, type TurnActions } from "./turn.js";

export class Screen implements ReactiveController {
  readonly #following: Following;
  /** The question that is being changed. */
  #edited: Turn | undefined;
  /** The field that gets the focus once it has been drawn, since what had the focus is gone. */
  #focusNext: "input" | "edit" | undefined;

  constructor(
    private readonly host: ChatElement,
    private readonly loading: Loading,
    private readonly dialogue: Dialogue,
  ) {
    host.addController(this);
    this.#following = new Following(() => host.requestUpdate());
  }

  /** The field for a message. */
  get input(): HTMLTextAreaElement | null {
    return this.host.renderRoot.querySelector<HTMLTextAreaElement>("#input");
  }

  /** Another conversation, or another answer, is to be looked at. */
  turnToEnd(): void {
    this.#edited = undefined;
    this.#following.toEnd();
  }

  /** A question that got no answer goes back into the field, unless something else has been written there. */
  giveBack(question: string): void {
    const { input } = this;
    if (!input || input.value !== "") return;
    input.value = question;
    grow(input);
  }

  hostConnected(): void {
    this.host.addEventListener("keydown", this.#escape);
    if (this.host.hasUpdated) this.#watch();
  }

  hostDisconnected(): void {
    this.host.removeEventListener("keydown", this.#escape);
    this.#following.unwatch();
  }

  hostUpdated(): void {
    if (!this.#following.isWatching) this.#watch();
    const field = this.#focusNext && this.host.renderRoot.querySelector<HTMLTextAreaElement>(`#${this.#focusNext}`);
    if (!field) return;
    if (this.#focusNext === "edit") field.setSelectionRange(field.value.length, field.value.length);
    this.#focusNext = undefined;
    grow(field);
    field.focus();
  }

  /** Tells screen readers what the eye sees otherwise. */
  announce(before: ChatState, now: ChatState): void {
    const { speech } = this.dialogue;
    if (now === "loading") speech.say(`Loading ${this.loading.name}.`);
    if (before === "loading" && now === "ready") speech.say(`${this.loading.name} is ready.`);
    if (now === "answering") speech.say("Answering.");
  }

  render(): TemplateResult {
    const { turns, writing, undoable, speech } = this.dialogue;
    const shown = turns.filter(({ role }) => role !== "system");
    const isEmpty = shown.length === 0;
    const state = {
      placeholder: this.host.placeholder,
      isAnswering: writing !== undefined,
      canSend: this.#canAsk && this.#draft !== "",
    };
    return html`
      <slot name="header"></slot>
      <div class="scroller" part="scroller">
        <div class="column">
          ${isEmpty ? welcome() : nothing}
          <div id="log" part="log" role="log" aria-live="off" aria-label="Conversation" tabindex=${isEmpty ? nothing : 0}
            >${repeat(shown, ({ key }) => key, (turn) => this.#turn(turn, turn === shown.at(-1)))}</div
          >
          ${loader(this.loading, { load: this.#load, cancel: () => this.host.cancel() })}
          ${isEmpty || this.#following.atEnd ? nothing : jump(() => this.#following.toEnd())}
        </div>
      </div>
      <div class="foot"><div class="width">
        ${undoable === undefined ? nothing : undo(undoable, () => this.#undo(), () => this.dialogue.settle())}
        ${composer(state, { submit: this.#submit, stop: this.#stop, typed: this.#typed, editLast: this.#editLast })}
        <p id="status" part="status">${this.#status}</p>
        <slot name="footer"></slot>
      </div></div>
      ${speech.root}
    `;
  }

  #turn(turn: Turn, isLast: boolean): TemplateResult {
    const state = { isLast, isEdited: turn === this.#edited, canAsk: this.#canAsk };
    const { role } = turn;
    return role === "user" ? question(turn, state, this.#actions) : answer(turn, this.dialogue, state, this.#actions);
  }

  get #canAsk(): boolean {
    return this.loading.isReady && this.dialogue.writing === undefined;
  }

  get #draft(): string {
    return this.input?.value.trim() ?? "";
  }

  get #status(): string {
    const { motet } = this.loading;
    if (!motet) return "";
    const { adapter, software } = motet.adapter;
    const where = `${motet.model.name} on ${adapter}${software ? ", a GPU in software and so a slow one" : ""}`;
    return motet.notice ? `${where}. ${motet.notice}` : where;
  }

  readonly #actions: TurnActions = {
    copy: (turn, button) => void copyTurn(turn, button).then((said) => this.dialogue.speech.say(said)),
    beginEdit: (turn) => {
      this.#edited = turn;
      this.#focusNext = "edit";
      this.host.requestUpdate();
    },
    cancelEdit: () => this.#endEdit(),
    resend: (turn, text) => {
      if (text === "") return;
      this.#endEdit();
      this.#following.toEnd();
      void this.dialogue.instead(turn, text);
    },
    again: () => {
      this.#takeBack();
      this.#following.toEnd();
      void this.dialogue.again();
    },
    goOn: (turn) => void this.dialogue.goOn(turn),
  };

  readonly #submit = (): void => {
    const question = this.#draft;
    const { input } = this;
    if (!input || question === "" || !this.#canAsk) return;
    input.value = "";
    grow(input);
    input.focus();
    void this.host.send(question);
  };

  readonly #stop = (): void => {
    this.#focusNext = "input";
    this.host.stop();
  };

  readonly #typed = (): void => {
    grow(this.input);
    this.host.requestUpdate();
  };

  readonly #editLast = (): void => {
    const last = this.dialogue.turns.findLast(({ role }) => role === "user");
    if (last && this.#canAsk) this.#actions.beginEdit(last);
  };

  readonly #load = (): void => {
    // A phone would bring up its keyboard.
    if (matchMedia("(hover: hover)").matches) this.#focusNext = "input";
    void this.host.load();
  };

  readonly #escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    if (!this.#edited) return this.host.stop();
    event.preventDefault();
    this.#endEdit();
  };

  #endEdit(): void {
    this.#edited = undefined;
    this.#focusNext = "input";
    this.host.requestUpdate();
  }

  #undo(): void {
    this.#focusNext = "input";
    this.dialogue.undo();
  }

  /** A question that was given back, and is asked again by a button, is not to be asked twice. */
  #takeBack(): void {
    const { input } = this;
    const last = this.dialogue.turns.findLast(({ role }) => role === "user");
    if (input && last && input.value === last.content) input.value = "";
  }

  #watch(): void {
    const scroller = this.host.renderRoot.querySelector<HTMLElement>(".scroller");
    const column = this.host.renderRoot.querySelector<HTMLElement>(".column");
    if (scroller && column) this.#following.watch(scroller, column);
  }
}

function welcome(): TemplateResult {
  return html`
    <div class="empty" part="empty">
      <slot name="empty"><p class="lede">Ask, and it is answered on your own device.</p></slot>
    </div>
  `;
}

function jump(act: () => void): TemplateResult {
  return html`
    <div class="jump">
      <button part="jump" type="button" aria-label="To the newest text" title="To the newest text" @click=${act}>${icons.down}</button>
    </div>
  `;
}

function undo(what: string, act: () => void, dismiss: () => void): TemplateResult {
  return html`
    <p class="undo" part="undo" role="status">
      <span>${what}</span>
      <button id="undo" class="link" type="button" @click=${act}>Undo</button>
      <button class="action" type="button" aria-label="Dismiss" title="Dismiss" @click=${dismiss}>${icons.close}</button>
    </p>
  `;
}
