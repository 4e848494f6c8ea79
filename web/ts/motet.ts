/** Motet runs language models on WebGPU, in the page. */

export { Stream } from "./api/index.js";
export type * from "./api/index.js";
export { type LoadOptions, type ModelSource, Motet } from "./client.js";
export { MotetError } from "./errors.js";
export type { Inspection } from "./inspect.js";
export type {
  AdapterInfo,
  Ceilings,
  Constraint,
  EndReason,
  EngineOptions,
  ErrorDetails,
  ExpertUsage,
  Header,
  LikelyToken,
  Measuring,
  Message,
  ModelInfo,
  Progress,
  Prompt,
  Rendered,
  Report,
  Row,
  RunOptions,
  Sampling,
  Started,
  Stats,
  TokenLogprob,
} from "./protocol.js";
export type { Finish, GenerateOptions, Token } from "./run.js";
export type { Session } from "./session.js";
export type { StoredModel } from "./store/index.js";
