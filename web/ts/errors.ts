/** Errors as sentences, with OpenAI's names for programs. */

import type { ErrorDetails, Failure } from "./protocol.js";

/** Every failure of Motet: a sentence for people, and OpenAI's fields for programs. */
export class MotetError extends Error {
  override readonly name = "MotetError";
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly status: number;

  constructor(message: string, { type, code = null, param = null, status }: ErrorDetails) {
    super(message);
    this.type = type;
    this.code = code;
    this.param = param;
    this.status = status;
  }
}

/** What was asked for cannot be done. */
export function refusal(message: string, code: string | null, param: string | null = null): MotetError {
  return new MotetError(message, { type: "invalid_request_error", code, param, status: 400 });
}

/** The engine or its device cannot go on. */
export function breakdown(message: string, code: "device_lost" | "internal"): MotetError {
  return new MotetError(message, { type: "server_error", code, status: 500 });
}

/** The sentence in whatever was thrown; wasm-bindgen throws strings, too. */
export function sentence(thrown: unknown): string {
  if (thrown instanceof Error && thrown.message) return thrown.message;
  if (typeof thrown === "string" && thrown) return thrown;
  return `An error without a message (${String(thrown)}).`;
}

/** Whether wasm itself was thrown off its road: a panic ("unreachable"), a full stack, memory that ran out. */
export function isCrash(thrown: unknown): boolean {
  return thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError;
}

export function crashed(thrown: unknown): MotetError {
  return breakdown(`The engine crashed (${sentence(thrown)}): load the model again.`, "internal");
}

/** Whatever was thrown, as a failure that can cross to the page. The engine's own errors say by whose doing they are. */
export function failureOf(thrown: unknown): Failure {
  const message = sentence(thrown);
  if (thrown instanceof MotetError) {
    const { type, code, param, status } = thrown;
    return { message, type, code, param, status };
  }
  const kind = thrown instanceof Error && "kind" in thrown ? thrown.kind : undefined;
  if (kind === "request") return { message, type: "invalid_request_error", status: 400 };
  if (kind === "model") return { message, type: "invalid_request_error", code: "invalid_model", param: "model", status: 400 };
  if (kind === "source") return { message, type: "invalid_request_error", code: "model_unreadable", param: "model", status: 404 };
  if (kind === "device") return { message, type: "server_error", code: "device_lost", status: 500 };
  return { message, type: "server_error", code: "internal", status: 500 };
}

/** A failure that crossed, as an error. */
export function errorOf({ message, ...details }: Failure): MotetError {
  return new MotetError(message, details);
}
