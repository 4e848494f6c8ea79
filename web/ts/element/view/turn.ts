/** A question or an answer. */

import { html, nothing, type TemplateResult } from "lit";
import { several } from "../format.js";
import type { Dialogue } from "../talk/dialogue.js";
import type { Turn } from "../talk/conversation.js";
import { sofar, summary } from "../talk/summary.js";
import * as icons from "./icons.js";

export interface TurnActions {
  /** Copies what the turn says, and shows on the button that it did. */
  copy(turn: Turn, button: HTMLElement): void;
  beginEdit(turn: Turn): void;
  cancelEdit(): void;
  resend(turn: Turn, text: string): void;
  again(): void;
  goOn(turn: Turn): void;
}

/** What the element knows of a turn beyond the turn. */
export interface TurnState {
  isLast: boolean;
  isEdited: boolean;
  /** Whether a question can be asked now. */
  canAsk: boolean;
}

export function question(turn: Turn, state: TurnState, actions: TurnActions): TemplateResult {
  return html`
    <article class="user ${state.isEdited ? "edited" : ""}" part="message user">
      <h2>You</h2>
      ${state.isEdited ? editor(turn, state, actions) : said(turn, state, actions)}
    </article>
  `;
}

function said(turn: Turn, { canAsk }: TurnState, { copy, beginEdit }: TurnActions): TemplateResult {
  return html`
    <div class="text" part="text" dir="auto">${turn.content}</div>
    <div class="actions">
      ${action("Edit", "edit", icons.edit, () => beginEdit(turn), !canAsk)}
      ${action("Copy", "copy", icons.copy, (button) => copy(turn, button))}
    </div>
  `;
}

function editor(turn: Turn, { canAsk }: TurnState, { cancelEdit, resend }: TurnActions): TemplateResult {
  const submit = (event: Event): void => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLElement).querySelector("textarea");
    if (field && canAsk) resend(turn, field.value.trim());
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    (event.currentTarget as HTMLTextAreaElement).form?.requestSubmit();
  };
  return html`
    <form class="editor" part="editor" @submit=${submit}>
      <label class="hidden" for="edit">Your message, to be changed</label>
      <textarea id="edit" dir="auto" rows="2" .value=${turn.content} @keydown=${keys}></textarea>
      <p class="choices">
        <button type="button" class="quiet" @click=${cancelEdit}>Cancel</button>
        <button id="resend" type="submit" ?disabled=${!canAsk}>Send again</button>
      </p>
    </form>
  `;
}

export function answer(turn: Turn, dialogue: Dialogue, state: TurnState, actions: TurnActions): TemplateResult {
  const view = dialogue.view(turn);
  const writing = dialogue.writing?.turn === turn ? dialogue.writing : undefined;
  const note = writing ? sofar(writing) : summary(turn);
  return html`
    <article class="assistant" part="message assistant" aria-busy=${writing !== undefined}>
      <h2>${turn.model ?? dialogue.modelName}</h2>
      ${turn.leftOut > 0 ? leftOut(turn.leftOut) : nothing}
      ${turn.reasoning ? thoughts(turn, dialogue) : nothing}
      <div class="text" part="text">${view.prose.root}</div>
      ${turn.error === undefined ? nothing : html`<p class="note error" role="alert" part="error">${turn.error}</p>`}
      <div class="below">
        ${turn.error === undefined ? html`<p class="note" part="note">${note}</p>` : nothing}
        ${writing ? nothing : answerActions(turn, state, actions)}
      </div>
    </article>
  `;
}

function leftOut(messages: number): TemplateResult {
  return html`
    <p class="aside" part="left-out">
      The model no longer sees the first ${several(messages, "message")}: the context is too small for all.
    </p>
  `;
}

function thoughts(turn: Turn, dialogue: Dialogue): TemplateResult {
  const view = dialogue.view(turn);
  const writing = dialogue.writing?.turn === turn ? dialogue.writing : undefined;
  const isThinking = writing !== undefined && turn.content === "";
  const ms = writing?.thoughtMs ?? turn.figures?.thoughtMs;
  const summary = isThinking ? "Thinking" : "Thought";
  const toggled = (event: Event): void => {
    view.thoughtsOpen = (event.currentTarget as HTMLDetailsElement).open;
  };
  return html`
    <details class="thought ${isThinking ? "busy" : ""}" part="thought" @toggle=${toggled}>
      <summary>${summary}${ms === undefined ? "" : ` for ${(Math.max(ms, 100) / 1000).toFixed(1)} s`}</summary>
      ${view.thoughts.root}
    </details>
  `;
}

function answerActions(turn: Turn, { isLast, canAsk }: TurnState, actions: TurnActions): TemplateResult {
  const cutOff = turn.figures?.ending === "length" && turn.content !== "";
  return html`
    <div class="actions ${isLast ? "last" : ""}">
      ${isLast && cutOff
        ? html`<button class="quiet small" type="button" data-action="continue" ?disabled=${!canAsk} @click=${() => actions.goOn(turn)}>
            Continue
          </button>`
        : nothing}
      ${turn.content ? action("Copy", "copy", icons.copy, (button) => actions.copy(turn, button)) : nothing}
      ${isLast ? action("Answer again", "again", icons.again, actions.again, !canAsk) : nothing}
    </div>
  `;
}

function action(
  label: string,
  name: string,
  icon: TemplateResult,
  act: (button: HTMLElement) => void,
  disabled = false,
): TemplateResult {
  return html`
    <button
      type="button"
      class="action"
      part="action"
      data-action=${name}
      title=${label}
      aria-label=${label}
      ?disabled=${disabled}
      @click=${(event: Event) => act(event.currentTarget as HTMLElement)}
    >
      ${icon} ${icons.done}
    </button>
  `;
}
