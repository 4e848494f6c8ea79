/**
 * Compiles if Motet's responses may stand where those of the `openai` package are expected, if the package's parameters
 * may stand where Motet's are, and if `create` has the types it says.
 */

import type OpenAI from "openai";
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionCreateParams,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
  ChatMessage,
  Completion,
  CompletionChunk,
  CompletionCreateParamsNonStreaming,
  CompletionCreateParamsStreaming,
  ErrorObject,
  Model,
  ModelList,
  MotetError,
  OpenAi,
  ResponseFormat,
  Stream,
  Usage,
} from "../../web/ts/api/index.js";

/** `Given` may stand where `Wanted` is expected. */
type Fits<Given extends Wanted, Wanted> = Given;
/** Those of the package's parameters that Motet has, too, but for some. */
type Common<Theirs, Ours, Except> = Pick<Theirs, Exclude<Extract<keyof Theirs, keyof Ours>, Except>>;

type TheirChunk = OpenAI.ChatCompletionChunk;
/** The package says of a streamed text that each chunk has a reason to end, which no server sends. */
type UnendedChunk = Omit<OpenAI.Completion, "choices" | "usage"> & {
  choices: (Omit<OpenAI.CompletionChoice, "finish_reason"> & {
    finish_reason: OpenAI.CompletionChoice["finish_reason"] | null;
  })[];
};

export type Responses = [
  Fits<ChatCompletion, OpenAI.ChatCompletion>,
  Fits<ChatCompletionChunk, TheirChunk>,
  Fits<Completion, OpenAI.Completion>,
  Fits<CompletionChunk, UnendedChunk>,
  Fits<Usage, OpenAI.CompletionUsage>,
  Fits<Model, OpenAI.Model>,
  Fits<ModelList["data"], OpenAI.Model[]>,
  Fits<ErrorObject, OpenAI.ErrorObject>,
  Fits<Pick<MotetError, "message" | "type" | "param" | "code">, OpenAI.ErrorObject>,
  Fits<Stream<ChatCompletionChunk>, AsyncIterable<TheirChunk> & { controller: AbortController }>,
];

type NotOfChat = "messages" | "response_format";
type Chat = ChatCompletionCreateParamsNonStreaming;
type StreamedChat = ChatCompletionCreateParamsStreaming;
type Text = CompletionCreateParamsNonStreaming;
type StreamedText = CompletionCreateParamsStreaming;
type TheirSchema = OpenAI.ResponseFormatJSONSchema["json_schema"];

export type Parameters = [
  Fits<Common<OpenAI.ChatCompletionCreateParamsNonStreaming, Chat, NotOfChat>, Omit<Chat, NotOfChat>>,
  Fits<Common<OpenAI.ChatCompletionCreateParamsStreaming, StreamedChat, NotOfChat>, Omit<StreamedChat, NotOfChat>>,
  Fits<Common<OpenAI.CompletionCreateParamsNonStreaming, Text, "prompt">, Omit<Text, "prompt">>,
  Fits<Common<OpenAI.CompletionCreateParamsStreaming, StreamedText, "prompt">, Omit<StreamedText, "prompt">>,
  Fits<NonNullable<OpenAI.CompletionCreateParams["prompt"]>, Text["prompt"]>,
  Fits<OpenAI.ResponseFormatText | OpenAI.ResponseFormatJSONObject, ResponseFormat>,
  Fits<{ type: "json_schema"; json_schema: TheirSchema & Required<Pick<TheirSchema, "schema">> }, ResponseFormat>,
];

type OfText<Theirs> = Theirs & { content: string | OpenAI.ChatCompletionContentPartText[] };
type Answer = ChatCompletion["choices"][number]["message"];

export type Messages = [
  Fits<OpenAI.ChatCompletionSystemMessageParam, ChatMessage>,
  Fits<OpenAI.ChatCompletionDeveloperMessageParam, ChatMessage>,
  Fits<OfText<OpenAI.ChatCompletionUserMessageParam>, ChatMessage>,
  Fits<OfText<OpenAI.ChatCompletionAssistantMessageParam>, ChatMessage>,
  Fits<OpenAI.ChatCompletionToolMessageParam, ChatMessage>,
  Fits<Answer, ChatMessage>,
  Fits<Answer, OpenAI.ChatCompletionMessageParam>,
];

declare const motet: OpenAi;
declare const either: ChatCompletionCreateParams;
declare const mixed: { role: "user" | "assistant"; content: string }[];

export async function calls(): Promise<void> {
  const messages: ChatMessage[] = [{ role: "user", content: "Hello!" }];
  const whole: ChatCompletion = await motet.chat.completions.create({ messages, temperature: undefined });
  messages.push(...whole.choices.map(({ message }) => message));
  const chunks: Stream<ChatCompletionChunk> = motet.chat.completions.create({ messages, stream: true });
  for await (const { choices } of chunks) choices satisfies TheirChunk["choices"];
  for await (const chunk of await motet.chat.completions.create({ messages: mixed, stream: true })) {
    chunk satisfies TheirChunk;
  }
  const unknown: Stream<ChatCompletionChunk> | Promise<ChatCompletion> = motet.chat.completions.create(either);
  const text: Completion = await motet.completions.create({ prompt: [[1, 2], [3]], echo: true });
  const texts: Stream<CompletionChunk> = motet.completions.create({ prompt: "a", stream: true });
  const options: ConstructorParameters<typeof OpenAI>[0] = { fetch: motet.fetch };
  void [unknown, text, texts, options];

  const image: OpenAI.ChatCompletionContentPartImage = { type: "image_url", image_url: { url: "" } };
  // @ts-expect-error: images are not read.
  motet.chat.completions.create({ messages: [{ role: "user", content: [image] }] });
  // @ts-expect-error: tools are not called.
  motet.chat.completions.create({ messages, tools: [] });
  // @ts-expect-error: a whole answer is no stream.
  for await (const _ of await motet.chat.completions.create({ messages }));
}
