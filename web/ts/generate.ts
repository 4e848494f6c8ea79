/** The decode loop: JavaScript asks for steps, awaits ids and decides to stop. */

import type { Grammar } from "./grammar.js";
import type { Model, Sampling as EngineSampling, Session } from "./motet_web.js";
import type { EndReason, RunOptions, TokenLogprob } from "./protocol.js";

/**
 * Steps that are submitted before an id has been read back, so that the GPU does not wait for JavaScript. What was
 * decoded past the end is dropped.
 */
const AHEAD = 2;

/**
 * Tokens of a prompt that are submitted at once at first. Between such slices a run can be stopped and other sessions get
 * their turn; on devices that are fast they grow, since each slice costs a wait.
 */
const SLICE = 64;
const LONGEST_SLICE = 1024;
/** What a slice may take before the next one is made longer. */
const SLICE_MS = 50;

export interface Step {
  id: number;
  text: string;
  logprob?: TokenLogprob;
}

export interface End {
  reason: EndReason;
  text: string;
}

/** What a run goes by. */
export interface Work {
  model: Model;
  session: Session;
  /** The prompt, and at its end `answered` ids that were chosen after it. */
  ids: Uint32Array;
  answered: number;
  options: RunOptions;
  grammar: Grammar | undefined;
  stopped: () => boolean;
}

/** Yields each id with the text it completes; returns why it ended and the text that was held back. */
export async function* generate(work: Work): AsyncGenerator<Step, End> {
  const { model, session, ids, answered, options, grammar, stopped } = work;
  const maxTokens = (options.maxTokens ?? Infinity) - answered;
  const ended = (id: number): boolean => !options.ignoreEnd && model.isEnd(id);
  const decoder = model.decoder();
  const end = (reason: EndReason): End => ({ reason, text: decoder.finish() });
  try {
    for (const id of ids.subarray(ids.length - answered)) {
      decoder.push(id);
      grammar?.accept(id);
    }
    prepare(session, options);
    if (maxTokens < 1) return end("length");
    if (!(await read(work))) return end("aborted");
    let submitted = 1;
    while (session.inFlight() > 0) {
      if (grammar) session.choose(grammar.mask());
      const ahead = grammar ? 0 : AHEAD;
      while (session.inFlight() <= ahead && submitted < maxTokens && session.length < session.contextLength) {
        session.step();
        submitted += 1;
      }
      const id = await session.next();
      if (ended(id)) return end("end");
      const step: Step = { id, text: decoder.push(id) };
      if (options.logprobs !== undefined) step.logprob = logprob(model, session, id, options.logprobs);
      // A held step computes while the grammar reads the id.
      const more = grammar && submitted < maxTokens && session.length < session.contextLength;
      if (more) {
        session.step();
        submitted += 1;
      }
      grammar?.accept(id);
      yield step;
      if (stopped()) return end("aborted");
      if (grammar?.complete) return end("end");
    }
    return end(submitted < maxTokens ? "context" : "length");
  } finally {
    decoder.free();
    if (session.inFlight() > 0) session.stop();
  }
}

/** Settings that stay with a session until the next run. */
function prepare(session: Session, { logitBias = {}, logprobs }: RunOptions): void {
  const biased = Object.entries(logitBias);
  session.setBias(Uint32Array.from(biased, ([id]) => Number(id)), Float32Array.from(biased, ([, bias]) => bias));
  session.keepLogits(logprobs !== undefined);
}

/** Submits the prompt, all of it but the last slice to its end; false if it was stopped in between. */
async function read({ session, ids, answered, options, grammar, stopped }: Work): Promise<boolean> {
  const settings = sampling(options);
  const reuse = options.reuse ?? true;
  let done = reuse ? session.reusable(ids) : 0;
  let slice = SLICE;
  let kept = reuse;
  session.hold(false);
  while (ids.length - done > slice) {
    if (stopped()) return false;
    done += slice;
    const start = performance.now();
    session.prompt(ids.subarray(0, done), 0, settings, kept);
    await session.next();
    session.stop();
    kept = true;
    if (performance.now() - start < SLICE_MS) slice = Math.min(2 * slice, LONGEST_SLICE);
  }
  if (stopped()) return false;
  session.hold(grammar !== undefined);
  session.prompt(ids, answered, settings, kept);
  return true;
}

function logprob(model: Model, session: Session, id: number, count: number): TokenLogprob {
  const { logprob, top } = session.logprobs(id, count);
  const bytes = (id: number): Uint8Array => model.tokenBytes(id);
  return { id, bytes: bytes(id), logprob, top: top.map((likely) => ({ ...likely, bytes: bytes(likely.id) })) };
}

function sampling(options: RunOptions): EngineSampling {
  const { temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty, seed } = options;
  const given = { temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty, presencePenalty, seed };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
