/** The OpenAI-shaped half of Motet: everything that is made of `run` alone. */

import { Chat } from "./chat.js";
import { Completions } from "./completions.js";
import { createFetch } from "./fetch.js";
import { Models } from "./models.js";
import type { Runner } from "./runner.js";

/** OpenAI's API over one model. */
export class OpenAi {
  readonly chat: Chat;
  readonly completions: Completions;
  readonly models: Models;
  /** OpenAI's endpoints as a `fetch`, for the `openai` client and its like; see `createFetch`. */
  readonly fetch: typeof fetch;

  constructor(runner: Runner) {
    this.chat = new Chat(runner);
    this.completions = new Completions(runner);
    this.models = new Models(runner);
    this.fetch = createFetch(this);
  }
}

export { Chat, ChatCompletions } from "./chat.js";
export { Completions } from "./completions.js";
export { createFetch, type Endpoints } from "./fetch.js";
export { Models } from "./models.js";
export { MotetError, type Runner } from "./runner.js";
export { Stream } from "./stream.js";
export type * from "./types/chat.js";
export type * from "./types/completion.js";
export type * from "./types/model.js";
export type * from "./types/shared.js";
