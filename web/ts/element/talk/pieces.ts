/** An answer as it arrives, whichever way it was asked for. */

import type { GenerateOptions, Motet } from "../../motet.js";
import type { ChatMessage, Ending } from "./message.js";

/** How the element asks: what `chat.completions.create` is given beside the messages. */
export interface Asking {
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  repetition_penalty?: number;
  max_tokens?: number;
  seed?: number;
}

/** A part of an answer. */
export interface Piece {
  content?: string;
  reasoning?: string;
  /** Messages that no longer fitted the context. */
  leftOut?: number;
  end?: { ending: Ending; tokens: number; firstTokenMs: number; decodeMs: number };
}

/** Tells a model to go on where plain continuation is not possible. */
const GO_ON = "Go on exactly where you stopped, without repeating anything.";

/** The answer to a conversation. Old messages are left out when the context is too small for all. */
export async function* answered(
  motet: Motet,
  messages: readonly ChatMessage[],
  asking: Asking,
  signal: AbortSignal,
): AsyncGenerator<Piece, void> {
  const plain = messages.map(({ role, content }) => ({ role, content }));
  const chunks = await motet.chat.completions.create({ ...asking, messages: plain, stream: true, truncation: "auto", signal });
  for await (const { choices, timings, truncated_messages: leftOut } of chunks) {
    const [choice] = choices;
    const { content, reasoning_content: reasoning } = choice?.delta ?? {};
    const piece: Piece = {
      ...(content && { content }),
      ...(reasoning && { reasoning }),
      ...(leftOut && { leftOut }),
    };
    if (choice?.finish_reason && timings) {
      const { prompt_tokens, completion_tokens: tokens, first_token_ms: firstTokenMs, decode_ms: decodeMs } = timings;
      const full = prompt_tokens + tokens >= motet.model.contextLength;
      const ending = choice.finish_reason !== "length" ? "end" : full ? "context" : "length";
      piece.end = { ending, tokens, firstTokenMs, decodeMs };
    }
    yield piece;
  }
}

/** More of an answer that was cut off: the model reads it as its own words, and writes on. */
export async function* continued(
  motet: Motet,
  messages: readonly ChatMessage[],
  answer: string,
  asking: Asking,
  signal: AbortSignal,
): AsyncGenerator<Piece, void> {
  const prompt = await motet.render(messages.map(({ role, content }) => ({ role, content })));
  if (isThinking(prompt.text)) {
    // The answer would be read as thoughts.
    const asked: ChatMessage[] = [{ role: "assistant", content: answer }, { role: "user", content: GO_ON }];
    return yield* answered(motet, [...messages, ...asked], asking, signal);
  }
  const ids = Uint32Array.from([...prompt.ids, ...(await motet.tokenize(answer))]);
  for await (const { text, finish } of motet.run({ ids }, { ...generation(asking), signal })) {
    const piece: Piece = text ? { content: text } : {};
    if (finish) {
      const { reason, tokens, firstTokenMs, decodeMs } = finish;
      piece.end = { ending: reason === "aborted" ? "stopped" : reason, tokens, firstTokenMs, decodeMs };
    }
    yield piece;
  }
}

function isThinking(prompt: string): boolean {
  return prompt.lastIndexOf("<think>") > prompt.lastIndexOf("</think>");
}

/** The same in the names of `run`. */
function generation({ temperature, top_p, top_k, min_p, repetition_penalty, max_tokens, seed }: Asking): GenerateOptions {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(top_p !== undefined && { topP: top_p }),
    ...(top_k !== undefined && { topK: top_k }),
    ...(min_p !== undefined && { minP: min_p }),
    ...(repetition_penalty !== undefined && { repetitionPenalty: repetition_penalty }),
    ...(max_tokens !== undefined && { maxTokens: max_tokens }),
    ...(seed !== undefined && { seed }),
  };
}
