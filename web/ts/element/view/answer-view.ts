/** What an answer has on the screen beside its template: prose that grows. */

import type { Turn } from "../talk/conversation.js";
import { atLeisure } from "./leisure.js";
import { Written } from "./written.js";

export class AnswerView {
  readonly prose = new Written();
  readonly thoughts = new Written();
  #thoughtsOpen = false;

  constructor(private readonly turn: Turn) {
    if (!this.isFinished) return;
    // An old conversation has many of them: their text is there at once, and its form comes one after the other.
    this.prose.plain = turn.content;
    atLeisure(() => this.reopen());
  }

  get isFinished(): boolean {
    return this.turn.figures !== undefined;
  }

  /** Shows what the turn has by now. */
  update(): void {
    this.prose.update(this.turn.content, this.isFinished);
    this.#updateThoughts();
  }

  /** An answer that had ended goes on: what was its last block may become another. */
  reopen(): void {
    this.prose.clear();
    this.update();
  }

  /** Thoughts cost nothing while nobody looks at them. */
  set thoughtsOpen(open: boolean) {
    this.#thoughtsOpen = open;
    this.#updateThoughts();
  }

  #updateThoughts(): void {
    if (!this.#thoughtsOpen) return;
    const { content, reasoning } = this.turn;
    this.thoughts.update(reasoning, content !== "" || this.isFinished);
  }
}
