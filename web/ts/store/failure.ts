/** Why a file could not be read. */

import { shown } from "./address.js";

/**
 * - "missing": the server has no such file;
 * - "denied": it wants to know who asks;
 * - "unreachable": nothing came, or broke off, and asking again did not help;
 * - "changed": the file is another one than before;
 * - "unusable": the server answers in a way that files cannot be read by.
 */
export type Reason = "missing" | "denied" | "unreachable" | "changed" | "unusable";

/** A failure that asking again does not mend; its message is a sentence for people. */
export class ReadError extends Error {
  override readonly name = "ReadError";

  constructor(
    readonly reason: Reason,
    sentence: string,
  ) {
    super(sentence);
  }

  /** "ADDRESS cannot be read: WHY." */
  static because(reason: Reason, address: string, why: string): ReadError {
    return new ReadError(reason, `${shown(address)} cannot be read: ${why}.`);
  }

  static changed(address: string): ReadError {
    return new ReadError("changed", `${shown(address)} has changed on the server: load the model again.`);
  }
}

/** A failure that another attempt may mend. */
export class Passing extends Error {
  constructor(
    /** The end of a sentence, in case no attempt does. */
    readonly why: string,
    /** What it then counts as. */
    readonly reason: Reason = "unreachable",
    /** The browser does not say why: there may be no connection, or the server does not allow this page to read. */
    readonly unexplained = false,
  ) {
    super(why);
  }
}
