/** The choices of a request, one after the other: they share one GPU, and the first leaves its prompt to the others. */

import { AnswerReader, type Delta } from "./answer.js";
import type { SharedRequest } from "./params.js";
import type { Run } from "./run.js";
import type { Finish, RunOptions } from "./runner.js";
import type { FinishReason } from "./types/shared.js";

/** How a choice ended. */
export interface Ending {
  reason: FinishReason;
  finish: Finish;
  reasoningTokens: number;
  /** It was the first of its prompt. */
  newPrompt: boolean;
}

/** What happens to the choice of an index, in this order; "delta" any number of times. */
export type ChoiceEvent =
  | { type: "started"; index: number }
  | { type: "delta"; index: number; delta: Delta }
  | { type: "ended"; index: number; ending: Ending };

/** Starts a run of one prompt. */
export type Opener = (options: RunOptions, signal: AbortSignal | undefined) => Promise<Run>;

/** Makes `n` choices of each prompt. Throws the signal's reason once it is aborted. */
export async function* choices(
  prompts: readonly Opener[],
  { n, stops, options }: SharedRequest,
  { reasoning, signal }: { reasoning: boolean; signal: AbortSignal | undefined },
): AsyncGenerator<ChoiceEvent, void> {
  let index = 0;
  for (const open of prompts) {
    for (let turn = 0; turn < n; turn += 1, index += 1) {
      const run = await open(seeded(options, turn), signal);
      try {
        yield { type: "started", index };
        const reader = new AnswerReader({ stops, reasoning: reasoning ? run.started : undefined });
        for await (const event of read(run, reader, signal)) {
          if ("delta" in event) yield { type: "delta", index, delta: event.delta };
          else yield { type: "ended", index, ending: { ...event, newPrompt: turn === 0 } };
        }
      } finally {
        await run.close();
      }
    }
  }
}

type Read = { delta: Delta } | Omit<Ending, "newPrompt">;

/** Reads a run to its end, or to a stop string, which ends it. */
async function* read(run: Run, reader: AnswerReader, signal: AbortSignal | undefined): AsyncGenerator<Read, void> {
  for await (const { text, logprob, finish } of run.tokens()) {
    const stopped = reader.stopped;
    if (finish?.reason === "aborted" && !stopped) {
      throw signal?.reason ?? new DOMException("The model was stopped.", "AbortError");
    }
    const delta = finish ? reader.finish(text) : reader.push({ text, logprob });
    // Before anything is given out: it may take long until the next token is asked for.
    if (reader.stopped && !stopped) run.stop();
    if (delta.reasoning || delta.content || delta.logprobs.length > 0) yield { delta };
    if (!finish) continue;
    const ended = reader.stopped || finish.reason === "end";
    yield { reason: ended ? "stop" : "length", finish, reasoningTokens: reader.reasoningTokens };
  }
}

function seeded(options: RunOptions, turn: number): RunOptions {
  return options.seed === undefined ? options : { ...options, seed: (options.seed + turn) >>> 0 };
}
