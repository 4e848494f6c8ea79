/** Motet runs language models on WebGPU, in the page. */

export { Motet } from "./client.js";
export type { Finish, GenerateOptions, LoadOptions, Token } from "./client.js";
export type {
  AdapterInfo,
  Ceilings,
  EngineOptions,
  Measuring,
  Message,
  ModelInfo,
  Progress,
  Report,
  Row,
  Reason,
  RunOptions,
  Sampling,
  Stats,
} from "./protocol.js";
