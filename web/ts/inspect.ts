/** What a model would take on this device, before anything of it is downloaded. */

import { roughly } from "./bytes.js";
import { Link, type Source } from "./link.js";
import type { EngineOptions, Header } from "./protocol.js";
import { missingAdapter, missingWebGpu } from "./webgpu.js";

/** A model's header, and what this device makes of it. */
export interface Inspection extends Header {
  /** Bytes that the device allows a buffer; absent without one. */
  largestBuffer?: number;
  /** Whether it can be tried here. How much memory a GPU has, browsers do not tell. */
  fits: boolean;
  /** One sentence for people. */
  reason: string;
}

/** Reads a model's header in a worker of its own. */
export async function inspect(source: Source, options: EngineOptions, signal: AbortSignal | undefined): Promise<Inspection> {
  signal?.throwIfAborted();
  const link = new Link();
  const abort = (): void => link.break(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    return { ...(await judged(await link.inspect(source, options))) };
  } finally {
    signal?.removeEventListener("abort", abort);
    link.break(new Error("The header was read."));
  }
}

async function judged(header: Header): Promise<Inspection> {
  const { weightBytes, cacheBytes, contextLength } = header;
  const takes = `${roughly(weightBytes)} of weights, ${roughly(cacheBytes)} of cache at ${contextLength.toLocaleString("en")} tokens`;
  const missing = missingWebGpu() ?? (await missingAdapter());
  if (missing) return { ...header, fits: false, reason: `${takes}. ${missing}` };
  const adapter = await navigator.gpu.requestAdapter();
  const largestBuffer = Number(adapter?.limits.maxBufferSize ?? 0);
  // Matrices are cut into buffers, and a layer's keys are one: no model of these sizes has less than four.
  const fits = largestBuffer > 0 && cacheBytes / 4 <= largestBuffer;
  const allows = `this device allows ${roughly(largestBuffer)} a buffer`;
  return { ...header, largestBuffer, fits, reason: `${takes}; ${allows}: ${fits ? "fits" : "does not fit"}.` };
}
