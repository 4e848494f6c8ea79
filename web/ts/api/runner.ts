/** What the OpenAI-shaped half stands on: something that runs one model, as `Motet` does. */

import type { ModelInfo, Prompt } from "../protocol.js";
import type { GenerateOptions, Token } from "../run.js";

export { MotetError } from "../errors.js";
export type {
  Constraint,
  ErrorDetails,
  LikelyToken,
  Message,
  ModelInfo,
  Prompt,
  RunOptions,
  Sampling,
  Started,
  TokenLogprob,
} from "../protocol.js";
export type { Finish, GenerateOptions, Token } from "../run.js";

/** Runs one model. `Motet` is one. */
export interface Runner {
  readonly model: ModelInfo;
  run(prompt: Prompt, options?: GenerateOptions): AsyncGenerator<Token, void>;
  /** The text of ids, which `echo` needs. */
  detokenize(ids: ArrayLike<number>): Promise<string>;
}
