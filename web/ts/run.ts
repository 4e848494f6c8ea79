/** One run: what the worker says of it, as an iteration; begun again from its last token when the worker is lost. */

import { Watchdog } from "./channel.js";
import { breakdown, errorOf } from "./errors.js";
import type { EngineHolder } from "./engine.js";
import type { Link } from "./link.js";
import type { EndReason, Prompt, RunOptions, Started, TokenLogprob } from "./protocol.js";

/** The longest wait for a token, and for each token of the prompt that has to be read before the first. */
const TOKEN_STALL_MS = 60_000;
const PROMPT_TOKEN_STALL_MS = 1_000;
const STALLED = "The GPU has not answered for a long time: load the model again, or try a smaller one.";

export interface GenerateOptions extends RunOptions {
  /** Aborting it ends the iteration at once, with `finish.reason` "aborted"; it does not throw. */
  signal?: AbortSignal;
}

/** One step of a run. */
export interface Token {
  /** The text this step completed: often a word's piece, sometimes nothing, never half a character. */
  text: string;
  /** The token's id; absent from the first step and from the last, which only brings text that was held back. */
  id?: number;
  /** Where `logprobs` was asked for. */
  logprob?: TokenLogprob;
  /** Set on the first step only, which comes before anything is computed. */
  started?: Started;
  /** Set on the last step only. */
  finish?: Finish;
}

/** How a run went, as the caller saw it. */
export interface Finish {
  reason: EndReason;
  promptTokens: number;
  /** Of these, what a session had already. */
  cachedTokens: number;
  /** Tokens generated. */
  tokens: number;
  /** From the start of the iteration to the first token, or to the end when there was none. */
  firstTokenMs: number;
  /** From the first token to the last. */
  decodeMs: number;
}

/** What the caller has seen of a run. */
interface Seen {
  prompt: Prompt;
  /** The prompt's, once they are known. */
  promptIds: Uint32Array | undefined;
  ids: number[];
}

/** Runs a prompt; `session` is one of the caller's own. */
export async function* run(
  engine: EngineHolder,
  prompt: Prompt,
  { signal, ...given }: GenerateOptions,
  session?: number,
): AsyncGenerator<Token, void> {
  const start = performance.now();
  const options = { ...given, seed: given.seed ?? randomSeed(), temperature: given.temperature ?? 0 };
  const seen: Seen = { prompt, promptIds: undefined, ids: [] };
  const finish: Finish = { reason: "aborted", promptTokens: 0, cachedTokens: 0, tokens: 0, firstTokenMs: 0, decodeMs: 0 };
  for (;;) {
    const link = await engine.link();
    try {
      for await (const token of attempt(link, seen, options, signal, session)) {
        const elapsed = performance.now() - start;
        if (token.started) finish.promptTokens = token.started.promptTokens;
        if (token.id !== undefined) {
          engine.lives();
          finish.tokens += 1;
          if (finish.tokens === 1) finish.firstTokenMs = elapsed;
          finish.decodeMs = elapsed - finish.firstTokenMs;
        }
        if (!token.end) {
          yield token;
          continue;
        }
        if (finish.tokens === 0) finish.firstTokenMs = elapsed;
        const { end, text } = token;
        yield { text, finish: { ...finish, ...end } };
        return;
      }
    } catch (error) {
      if (error !== link.failure || !engine.mends(link)) throw error;
    }
  }
}

interface Step extends Token {
  end?: Pick<Finish, "reason" | "cachedTokens">;
}

/** Runs what is left of a run on one worker. */
async function* attempt(
  link: Link,
  seen: Seen,
  options: RunOptions,
  signal: AbortSignal | undefined,
  session: number | undefined,
): AsyncGenerator<Step, void> {
  const { request, channel } = link.open();
  const watchdog = new Watchdog(() => link.break(breakdown(STALLED, "device_lost")));
  const abort = (): void => channel.push({ type: "finished", request, text: "", reason: "aborted", cachedTokens: 0 });
  signal?.addEventListener("abort", abort);
  let ended = false;
  try {
    if (signal?.aborted) abort();
    else link.send({ type: "run", request, prompt: rest(seen), options, answered: seen.ids.length, session });
    for (;;) {
      const reply = await channel.take();
      switch (reply.type) {
        case "started": {
          watchdog.expect(TOKEN_STALL_MS + PROMPT_TOKEN_STALL_MS * reply.ids.length);
          if (seen.promptIds) break;
          seen.promptIds = reply.ids;
          yield { text: "", started: { promptTokens: reply.ids.length, thinking: reply.thinking } };
          break;
        }
        case "token": {
          watchdog.expect(TOKEN_STALL_MS);
          seen.ids.push(reply.id);
          const { id, text, logprob } = reply;
          yield logprob ? { id, text, logprob } : { id, text };
          break;
        }
        case "finished": {
          ended = reply.reason !== "aborted";
          const { text, reason, cachedTokens } = reply;
          yield { text, end: { reason, cachedTokens } };
          return;
        }
        case "failed":
          ended = true;
          throw errorOf(reply.failure);
      }
    }
  } finally {
    watchdog.rest();
    signal?.removeEventListener("abort", abort);
    link.close(request);
    if (!ended && !link.failure) link.send({ type: "stop", request });
  }
}

/** What a worker has to go on from: of what was seen, the ids. */
function rest({ prompt, promptIds, ids }: Seen): Prompt {
  return promptIds ? { ids: Uint32Array.from([...promptIds, ...ids]) } : prompt;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
