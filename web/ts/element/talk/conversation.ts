/** The turns of a conversation, and how they branch. It knows nothing of models and screens. */

import type { ChatMessage, Figures } from "./message.js";

/** A message on the screen. */
export interface Turn {
  /** Tells turns apart, for as long as the element lives. */
  readonly key: number;
  readonly role: ChatMessage["role"];
  content: string;
  reasoning: string;
  model?: string;
  /** Absent while the turn is being written. */
  figures?: Figures;
  /** The sentence that ended it. */
  error?: string;
  /** Messages before it that no longer fitted the context. */
  leftOut: number;
}

/** What was left when the conversation took another way, and can be had again. */
interface Branch {
  turns: Turn[];
  /** A sentence about what was dropped. */
  what: string;
}

let keys = 0;

export class Conversation {
  #turns: Turn[] = [];
  #left: Branch | undefined;

  get turns(): readonly Turn[] {
    return this.#turns;
  }

  /** What can be undone, as a sentence. */
  get undoable(): string | undefined {
    return this.#left?.what;
  }

  /** The conversation as others see it. A question is part of it while it is being answered, and once it has an answer. */
  get messages(): ChatMessage[] {
    const said = ({ role, content }: Turn): boolean => role !== "assistant" || content !== "";
    return this.#turns.filter((turn) => said(turn) && !this.#isLost(turn)).map(message);
  }

  replace(messages: readonly ChatMessage[]): void {
    this.#left = undefined;
    this.#turns = messages.map(({ role, content, reasoning_content, model, figures }) => ({
      ...turn(role, content),
      reasoning: reasoning_content ?? "",
      ...(model !== undefined && { model }),
      figures: figures ?? { ending: "end", tokens: 0, firstTokenMs: 0, decodeMs: 0 },
    }));
  }

  /** Adds a question, in place of one that was never answered, and the answer to be written. */
  ask(content: string): { question: Turn; answer: Turn } {
    this.#left = undefined;
    this.#turns = this.#turns.filter((turn) => !this.#isLost(turn));
    const question = turn("user", content);
    this.#turns.push(question);
    return { question, answer: this.#answer() };
  }

  /** Another answer to the last question. */
  again(): Turn | undefined {
    const last = this.#turns.findLastIndex(({ role }) => role === "user");
    if (last < 0) return undefined;
    const dropped = this.#turns.slice(last + 1).some(({ content }) => content !== "");
    this.#leave(last + 1, dropped ? "The earlier answer was replaced." : undefined);
    return this.#answer();
  }

  /** Asks something else in place of `old`; what came after it is dropped. */
  instead(old: Turn, content: string): { question: Turn; answer: Turn } {
    const place = this.#turns.indexOf(old);
    this.#leave(place, "What came after the old message was dropped.");
    const question = turn("user", content);
    this.#turns.push(question);
    return { question, answer: this.#answer() };
  }

  clear(): void {
    this.#leave(0, this.#turns.length > 0 ? "The conversation was cleared." : undefined);
  }

  /** Takes the way back that was left last. */
  undo(): void {
    if (!this.#left) return;
    this.#turns = this.#left.turns;
    this.#left = undefined;
  }

  /** There is no way back any more. */
  settle(): void {
    this.#left = undefined;
  }

  /** The messages before `answer`, for the model. */
  before(answer: Turn): ChatMessage[] {
    const earlier = this.#turns.slice(0, this.#turns.indexOf(answer));
    return earlier.filter((turn) => turn === earlier.at(-1) || !this.#isLost(turn)).map(message);
  }

  #answer(): Turn {
    const answer = turn("assistant", "");
    this.#turns.push(answer);
    return answer;
  }

  #leave(from: number, what: string | undefined): void {
    this.#left = what === undefined ? undefined : { turns: [...this.#turns], what };
    this.#turns = this.#turns.slice(0, from);
  }

  /** Whether it is an answer that ended without a word, or the question to one: no turn, but shown until the next. */
  #isLost(turn: Turn): boolean {
    if (turn.role === "assistant") return turn.figures !== undefined && turn.content === "";
    const next = this.#turns[this.#turns.indexOf(turn) + 1];
    return turn.role === "user" && next?.role === "assistant" && this.#isLost(next);
  }
}

function turn(role: Turn["role"], content: string): Turn {
  return { key: ++keys, role, content, reasoning: "", leftOut: 0 };
}

function message({ role, content, reasoning, model, figures }: Turn): ChatMessage {
  const answered = role === "assistant";
  return {
    role,
    content,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(answered && model !== undefined && { model }),
    ...(answered && figures && figures.tokens > 0 && { figures }),
  };
}
