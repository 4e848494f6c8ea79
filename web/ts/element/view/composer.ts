/** The field for a message, and the button that sends it or stops the answer. */

import { html, nothing, type TemplateResult } from "lit";
import * as icons from "./icons.js";

export interface ComposerState {
  placeholder: string;
  isAnswering: boolean;
  canSend: boolean;
}

export interface ComposerActions {
  submit(): void;
  stop(): void;
  typed(): void;
  /** The last question is to be changed. */
  editLast(): void;
}

export function composer(state: ComposerState, actions: ComposerActions): TemplateResult {
  const submitted = (event: Event): void => {
    event.preventDefault();
    actions.submit();
  };
  const keys = (event: KeyboardEvent): void => {
    const field = event.currentTarget as HTMLTextAreaElement;
    const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey && !event.isComposing;
    if (event.key === "Enter" && plain) {
      event.preventDefault();
      actions.submit();
    } else if (event.key === "ArrowUp" && plain && field.value === "") {
      event.preventDefault();
      actions.editLast();
    }
  };
  return html`
    <form id="composer" part="composer" @submit=${submitted}>
      <label class="hidden" for="input">Your message</label>
      <textarea
        id="input"
        part="input"
        rows="1"
        autocomplete="off"
        enterkeyhint="send"
        dir="auto"
        placeholder=${state.placeholder}
        @input=${actions.typed}
        @keydown=${keys}
      ></textarea>
      ${state.isAnswering
        ? html`<button id="stop" part="stop" type="button" class="round" aria-label="Stop" title="Stop (Escape)" @click=${actions.stop}>
            ${icons.stop}
          </button>`
        : nothing}
      <button
        id="send"
        part="send"
        type="submit"
        class="round"
        aria-label="Send"
        title="Send (Enter)"
        ?hidden=${state.isAnswering}
        ?disabled=${!state.canSend}
      >
        ${icons.send}
      </button>
    </form>
  `;
}
