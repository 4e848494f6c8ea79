/** `completions`: raw texts gone on with. */

import { type ChoiceEvent, choices, type Opener } from "./choices.js";
import { headOf } from "./head.js";
import { completionLogprobs } from "./logprobs.js";
import { type CompletionRequest, readCompletion } from "./params.js";
import { Run } from "./run.js";
import type { Runner } from "./runner.js";
import { Stream } from "./stream.js";
import type {
  Completion,
  CompletionChoice,
  CompletionChunk,
  CompletionChunkChoice,
  CompletionCreateParams,
  CompletionCreateParamsNonStreaming,
  CompletionCreateParamsStreaming,
  CompletionLogprobs,
} from "./types/completion.js";
import { Tally, timingsOf } from "./usage.js";

/** What `motet.completions` is. */
export class Completions {
  readonly #runner: Runner;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /**
   * Goes on with a raw text or raw ids, without a chat template: in steps with `stream: true`, in one piece otherwise.
   * Reasoning is not kept apart from the text.
   *
   * ```js
   * const { choices } = await motet.completions.create({ prompt: "The quick brown fox", max_tokens: 32 });
   * console.log(choices[0].text);
   * ```
   *
   * Errors and `signal` are as of `chat.completions.create`.
   */
  create(params: CompletionCreateParamsStreaming): Stream<CompletionChunk>;
  create(params: CompletionCreateParamsNonStreaming): Promise<Completion>;
  create(params: CompletionCreateParams): Stream<CompletionChunk> | Promise<Completion>;
  create(params: CompletionCreateParams): Stream<CompletionChunk> | Promise<Completion> {
    if (params?.stream !== true) return this.#whole(params);
    const request = readCompletion(params, this.#runner.model);
    return new Stream((signal) => this.#chunks(request, signal), request.signal);
  }

  async #whole(params: CompletionCreateParams): Promise<Completion> {
    const request = readCompletion(params, this.#runner.model);
    request.signal?.throwIfAborted();
    const tally = new Tally();
    const echoes = await this.#echoes(request);
    const made: CompletionChoice[] = [];
    for await (const event of this.#events(request, request.signal)) {
      const before = echoOf(echoes, event.index, request);
      const choice = (made[event.index] ??= emptyChoice(event.index, before, request));
      if (event.type === "delta") {
        choice.text += event.delta.content;
        if (choice.logprobs) append(choice.logprobs, completionLogprobs(event.delta.logprobs, before.length));
      } else if (event.type === "ended") {
        choice.finish_reason = event.ending.reason;
        tally.add(event.ending);
      }
    }
    return {
      ...headOf("cmpl", "text_completion", this.#runner.model),
      choices: made,
      usage: tally.usage(),
      timings: tally.timings(),
    };
  }

  async *#chunks(request: CompletionRequest, signal: AbortSignal): AsyncGenerator<CompletionChunk, void> {
    const tally = new Tally();
    const echoes = await this.#echoes(request);
    const head = headOf("cmpl", "text_completion", this.#runner.model);
    const usage = request.includeUsage ? { usage: null } : {};
    const chunk = (index: number, text: string, more: Partial<CompletionChunkChoice> = {}): CompletionChunk => {
      const choice = { index, text, logprobs: null, finish_reason: null, ...more };
      return { ...head, choices: [choice], ...usage };
    };
    for await (const event of this.#events(request, signal)) {
      const { index } = event;
      const before = echoOf(echoes, index, request);
      if (event.type === "started") {
        if (before) yield chunk(index, before);
      } else if (event.type === "delta") {
        const { content, logprobs } = event.delta;
        const more = wantsLogprobs(request) ? { logprobs: completionLogprobs(logprobs, before.length) } : {};
        yield chunk(index, content, more);
      } else {
        const { finish, reason } = event.ending;
        tally.add(event.ending);
        yield { ...chunk(index, "", { finish_reason: reason }), timings: timingsOf(finish) };
      }
    }
    if (request.includeUsage) yield { ...head, choices: [], usage: tally.usage() };
  }

  #events(request: CompletionRequest, signal: AbortSignal | undefined): AsyncGenerator<ChoiceEvent, void> {
    const openers = request.prompts.map(
      (prompt): Opener =>
        (options, signal) =>
          Run.open(this.#runner, prompt, options, signal),
    );
    return choices(openers, request, { reasoning: false, signal });
  }

  /** What stands before the texts of each prompt. */
  async #echoes({ prompts, echo }: CompletionRequest): Promise<string[]> {
    if (!echo) return [];
    return Promise.all(prompts.map((prompt) => ("text" in prompt ? prompt.text : this.#runner.detokenize(prompt.ids))));
  }
}

function echoOf(echoes: readonly string[], index: number, { n }: CompletionRequest): string {
  return echoes[Math.floor(index / n)] ?? "";
}

function wantsLogprobs({ options }: CompletionRequest): boolean {
  return options.logprobs !== undefined;
}

function emptyChoice(index: number, text: string, request: CompletionRequest): CompletionChoice {
  const logprobs = wantsLogprobs(request) ? completionLogprobs([], 0) : null;
  return { index, text, logprobs, finish_reason: "stop" };
}

function append(to: CompletionLogprobs, more: CompletionLogprobs): void {
  to.tokens.push(...more.tokens);
  to.token_logprobs.push(...more.token_logprobs);
  to.top_logprobs.push(...more.top_logprobs);
  to.text_offset.push(...more.text_offset);
}
