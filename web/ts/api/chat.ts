/** `chat.completions`: answers to conversations. */

import { type ChoiceEvent, choices } from "./choices.js";
import { Conversation } from "./conversation.js";
import { headOf } from "./head.js";
import { chatLogprobs } from "./logprobs.js";
import { type ChatRequest, readChat } from "./params.js";
import type { Runner } from "./runner.js";
import { Stream } from "./stream.js";
import type {
  ChatCompletion,
  ChatCompletionChoice,
  ChatCompletionChunk,
  ChatCompletionChunkChoice,
  ChatCompletionCreateParams,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionDelta,
} from "./types/chat.js";
import { Tally, timingsOf } from "./usage.js";

/** What `motet.chat` is. */
export class Chat {
  readonly completions: ChatCompletions;

  constructor(runner: Runner) {
    this.completions = new ChatCompletions(runner);
  }
}

/** What `motet.chat.completions` is. */
export class ChatCompletions {
  readonly #runner: Runner;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /**
   * Answers a conversation, in steps with `stream: true`, in one piece otherwise.
   *
   * ```js
   * const { choices } = await motet.chat.completions.create({ messages: [{ role: "user", content: "Hello!" }] });
   * console.log(choices[0].message.content);
   * ```
   *
   * Errors are `MotetError`s. What is wrong with the parameters has the type "invalid_request_error": the promise
   * rejects with it, and with `stream: true` it is thrown by `create` itself. What goes wrong later rejects the
   * promise, or is thrown by the iteration. Once `signal` is aborted, the promise rejects with the signal's reason, and
   * a stream ends.
   */
  create(params: ChatCompletionCreateParamsStreaming): Stream<ChatCompletionChunk>;
  create(params: ChatCompletionCreateParamsNonStreaming): Promise<ChatCompletion>;
  create(params: ChatCompletionCreateParams): Stream<ChatCompletionChunk> | Promise<ChatCompletion>;
  create(params: ChatCompletionCreateParams): Stream<ChatCompletionChunk> | Promise<ChatCompletion> {
    if (params?.stream !== true) return this.#whole(params);
    const request = readChat(params, this.#runner.model);
    return new Stream((signal) => this.#chunks(request, signal), request.signal);
  }

  async #whole(params: ChatCompletionCreateParams): Promise<ChatCompletion> {
    const request = readChat(params, this.#runner.model);
    request.signal?.throwIfAborted();
    const conversation = new Conversation(this.#runner, request);
    const tally = new Tally();
    const made: ChatCompletionChoice[] = [];
    for await (const event of events(request, conversation, request.signal)) {
      const choice = (made[event.index] ??= emptyChoice(event.index, request));
      if (event.type === "delta") {
        const { reasoning, content, logprobs } = event.delta;
        const { message } = choice;
        message.content += content;
        if (reasoning) message.reasoning_content = (message.reasoning_content ?? "") + reasoning;
        choice.logprobs?.content.push(...chatLogprobs(logprobs).content);
      } else if (event.type === "ended") {
        choice.finish_reason = event.ending.reason;
        tally.add(event.ending);
      }
    }
    return {
      ...headOf("chatcmpl", "chat.completion", this.#runner.model),
      choices: made,
      usage: tally.usage(),
      timings: tally.timings(),
      ...conversation.truncated,
    };
  }

  async *#chunks(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatCompletionChunk, void> {
    const conversation = new Conversation(this.#runner, request);
    const tally = new Tally();
    const head = headOf("chatcmpl", "chat.completion.chunk", this.#runner.model);
    const usage = request.includeUsage ? { usage: null } : {};
    const chunk = (
      index: number,
      delta: ChatCompletionDelta,
      more: Partial<ChatCompletionChunkChoice> = {},
    ): ChatCompletionChunk => {
      const choice = { index, delta, logprobs: null, finish_reason: null, ...more };
      return { ...head, choices: [choice], ...usage };
    };
    for await (const event of events(request, conversation, signal)) {
      const { index } = event;
      if (event.type === "started") {
        const truncated = index === 0 ? conversation.truncated : {};
        yield { ...chunk(index, { role: "assistant", content: "" }), ...truncated };
      } else if (event.type === "delta") {
        const { reasoning, content, logprobs } = event.delta;
        if (reasoning) yield chunk(index, { reasoning_content: reasoning });
        if (content || logprobs.length > 0) {
          yield chunk(index, { content }, wantsLogprobs(request) ? { logprobs: chatLogprobs(logprobs) } : {});
        }
      } else {
        const { finish, reason } = event.ending;
        tally.add(event.ending);
        yield { ...chunk(index, {}, { finish_reason: reason }), timings: timingsOf(finish) };
      }
    }
    if (request.includeUsage) yield { ...head, choices: [], usage: tally.usage() };
  }
}

function events(
  request: ChatRequest,
  conversation: Conversation,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChoiceEvent, void> {
  // A constraint holds for the whole text, so all of it is the answer.
  const reasoning = request.options.constraint === undefined;
  return choices([conversation.open], request, { reasoning, signal });
}

function wantsLogprobs({ options }: ChatRequest): boolean {
  return options.logprobs !== undefined;
}

function emptyChoice(index: number, request: ChatRequest): ChatCompletionChoice {
  const logprobs = wantsLogprobs(request) ? chatLogprobs([]) : null;
  return { index, message: { role: "assistant", content: "", refusal: null }, logprobs, finish_reason: "stop" };
}
