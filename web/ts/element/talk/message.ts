/** Messages as pages have them: OpenAI's shape, and beside it what the element knows of an answer. */

/** How an answer ended: by itself, at the longest answer, at a full context, on demand, by an error. */
export type Ending = "end" | "length" | "context" | "stopped" | "failed";

/** How an answer went. */
export interface Figures {
  ending: Ending;
  /** Tokens written. */
  tokens: number;
  /** From the question to the first token. */
  firstTokenMs: number;
  /** From the first token to the last. */
  decodeMs: number;
  /** How long the model thought before it answered, if it did. */
  thoughtMs?: number;
  /** Bytes of memory that the model and the engine held, the cache left out. */
  memory?: number;
}

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
  /** What the model thought before it answered. */
  reasoning_content?: string;
  /** The model that answered. */
  model?: string;
  figures?: Figures;
}

/** `value` as messages; throws a sentence when it is something else. */
export function asMessages(value: unknown): ChatMessage[] {
  if (!Array.isArray(value)) throw new TypeError("The messages of a chat are an array: set one, or an empty one.");
  return value.map((message: Partial<ChatMessage> | null, index) => {
    const { role, content } = message ?? {};
    if (role !== "system" && role !== "user" && role !== "assistant") {
      throw new TypeError(`Message ${index} has no role that a chat has: give it "system", "user" or "assistant".`);
    }
    if (typeof content !== "string") throw new TypeError(`Message ${index} has no text: give it a string as content.`);
    return { ...message, role, content };
  });
}
