/** The messages of one request, as all of its choices are given them. */

import type { Opener } from "./choices.js";
import type { ChatRequest } from "./params.js";
import { Run } from "./run.js";
import type { Message, Runner } from "./runner.js";
import { openFitting } from "./truncation.js";

/** Room that truncation leaves for an answer at least, as a part of the context, unless less is asked for. */
const ROOM = 1 / 4;

/** The messages of a request, or what fits of them. */
export class Conversation {
  readonly #runner: Runner;
  #messages: Message[];
  /** Whether the messages may be given as they are. */
  #settled: boolean;
  #dropped = 0;

  constructor(runner: Runner, { messages, truncate }: ChatRequest) {
    this.#runner = runner;
    this.#messages = messages;
    this.#settled = !truncate;
  }

  /** Starts a run. The first one finds out how much of the conversation fits, and the others are given the same. */
  readonly open: Opener = async (options, signal) => {
    const start = (messages: Message[]): Promise<Run> => Run.open(this.#runner, { messages }, options, signal);
    if (this.#settled) return start(this.#messages);
    const { contextLength } = this.#runner.model;
    const room = Math.min(options.maxTokens ?? Infinity, Math.floor(contextLength * ROOM));
    const { run, messages, dropped } = await openFitting(this.#messages, { contextLength, room }, start);
    this.#messages = messages;
    this.#dropped = dropped;
    this.#settled = true;
    return run;
  };

  /** What a response says about messages that were left out. */
  get truncated(): { truncated_messages?: number } {
    return this.#dropped > 0 ? { truncated_messages: this.#dropped } : {};
  }
}
