/** The errors of this half, all made here. */

import { MotetError } from "./runner.js";
import type { ErrorResponse } from "./types/shared.js";

/** A request that cannot be answered as it is. `param` is the parameter at fault, if it is one. */
export function refuse(message: string, param: string | null, code: string | null, status = 400): MotetError {
  return new MotetError(message, { type: "invalid_request_error", code, param, status });
}

/** A parameter that is there in OpenAI's API and not here; `why` goes on from "which". */
export function unsupported(param: string, why: string): MotetError {
  return refuse(`Unsupported parameter: '${param}' ${why}.`, param, "unsupported_parameter");
}

/** A model was asked for that is not the loaded one. */
export function modelNotFound(asked: string, loaded: string): MotetError {
  const message = `The model '${asked}' is not loaded: ask for '${loaded}', or leave 'model' out.`;
  return refuse(message, "model", "model_not_found", 404);
}

/** Something went wrong that the caller cannot mend. */
export function internal(message: string): MotetError {
  return new MotetError(message, { type: "server_error", code: "internal", status: 500 });
}

/** Whatever was thrown, with OpenAI's fields. */
export function asMotetError(thrown: unknown): MotetError {
  if (thrown instanceof MotetError) return thrown;
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return internal(said || "The model failed without saying why: load it again.");
}

/** The body that OpenAI's API answers with when it fails. */
export function errorResponse({ message, type, param, code }: MotetError): ErrorResponse {
  return { error: { message, type, param, code } };
}
