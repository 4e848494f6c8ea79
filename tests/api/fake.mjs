// A model that says what it is told to: what `Motet.run` does, without a GPU.
import { setImmediate as tick } from "node:timers/promises";
import { api } from "./load.mjs";

export const MODEL = {
  name: "fake",
  architecture: "llama",
  parameters: 1,
  activeParameters: 1,
  weightBytes: 1,
  contextLength: 100,
  vocabulary: 1000,
  layers: 1,
  experts: 0,
  expertsUsed: 0,
};

/** The log-probability of the token that comes `place`th; the runner-up is the id after it. */
export function logprobOf(text, place) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const chosen = { id: 100 + place, bytes, logprob: -place - 0.5 };
  const other = { id: 101 + place, bytes: new TextEncoder().encode(`not ${place}`), logprob: -9 };
  return { ...chosen, top: [chosen, other] };
}

export function tooLong() {
  return new api.MotetError("The prompt is longer than the context: shorten it.", {
    type: "invalid_request_error",
    code: "context_length_exceeded",
    param: "messages",
    status: 400,
  });
}

/** Ten tokens a message, one a character of text, one an id. */
function lengthOf(prompt) {
  if ("messages" in prompt) return 10 * prompt.messages.length;
  return "text" in prompt ? prompt.text.length : prompt.ids.length;
}

/**
 * `says` has an entry for each run, the last of them for all later ones: the texts of its tokens (`{ text, bytes }` if
 * the bytes are others), and an Error in the place where it fails. `tail` is the text of the last step, `reason` that
 * of the end. `runs` shows what was asked for and what became of it.
 */
export class Fake {
  model;
  runs = [];
  #open = 0;

  constructor(says, { model = {}, thinking = false, reason = "end", tail = "", cached = 4, gate } = {}) {
    this.says = says;
    this.model = { ...MODEL, ...model };
    this.how = { thinking, reason, tail, cached, gate };
  }

  async *run(prompt, { signal, ...options } = {}) {
    const { thinking, reason, tail, cached, gate } = this.how;
    const run = { prompt, options, produced: 0, ended: undefined };
    const script = this.says[Math.min(this.runs.length, this.says.length - 1)];
    this.runs.push(run);
    const promptTokens = lengthOf(prompt);
    const abort = aborted(signal);
    const finish = (why) => {
      run.ended = why;
      const figures = { promptTokens, cachedTokens: cached, tokens: run.produced, firstTokenMs: 5, decodeMs: 7 };
      return { text: why === "aborted" ? "" : tail, finish: { reason: why, ...figures } };
    };
    // A second run would wait for the first one for ever.
    if (this.#open > 0) throw new Error("Two runs at once.");
    this.#open += 1;
    try {
      if (signal?.aborted) return yield finish("aborted");
      if (promptTokens > this.model.contextLength) throw tooLong();
      yield { text: "", started: { promptTokens, thinking } };
      for (const [place, said] of script.entries()) {
        await Promise.race([gate?.(run.produced) ?? tick(), abort]);
        if (signal?.aborted) return yield finish("aborted");
        if (said instanceof Error) throw said;
        if (run.produced === options.maxTokens) return yield finish("length");
        const { text, bytes } = typeof said === "string" ? { text: said, bytes: said } : said;
        run.produced += 1;
        const logprob = logprobOf(bytes, place);
        logprob.top.length = Math.min(options.logprobs ?? 0, logprob.top.length);
        yield { text, id: 100 + place, ...(options.logprobs !== undefined && { logprob }) };
      }
      yield finish(reason);
    } finally {
      this.#open -= 1;
      run.ended ??= "dropped";
    }
  }

  async detokenize(ids) {
    return Array.from(ids, (id) => `<${id}>`).join("");
  }
}

function aborted(signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", resolve, { once: true });
  });
}

export function fake(says, how) {
  return new api.OpenAi(new Fake(says, how));
}

/** An API, and the model under it. */
export function faked(says, how) {
  const model = new Fake(says, how);
  return { api: new api.OpenAi(model), model };
}

export const HELLO = [{ role: "user", content: "Hello!" }];

export async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** What the chunks of a chat say together, by choice. */
export function joined(chunks) {
  const choices = [];
  for (const { index, delta, logprobs, finish_reason } of chunks.flatMap((chunk) => chunk.choices)) {
    const choice = (choices[index] ??= { content: "", reasoning: "", logprobs: [], finish_reason: null });
    choice.content += delta.content ?? "";
    choice.reasoning += delta.reasoning_content ?? "";
    choice.logprobs.push(...(logprobs?.content ?? []));
    choice.finish_reason ??= finish_reason;
  }
  return choices;
}

/** All ways to cut a text, with at most so many cuts. */
export function* cuts(text, most = Infinity) {
  yield [text];
  if (most === 0) return;
  for (let place = 1; place < text.length; place += 1) {
    for (const rest of cuts(text.slice(place), most - 1)) yield [text.slice(0, place), ...rest];
  }
}

/** A generator of numbers in [0, 1) that are the same each time. */
export function randoms(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Cuts a text at random places, with some empty pieces. */
export function cutAtRandom(text, random) {
  const pieces = [];
  for (let from = 0; from < text.length; ) {
    const to = random() < 0.2 ? from : Math.min(text.length, from + 1 + Math.floor(random() * 6));
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
