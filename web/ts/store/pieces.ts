/** A file is kept, hashed and fetched in pieces of equal length; the last one is shorter. */

/** Bytes whose buffer can be hashed and written as it is. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Shorter pieces cost more requests to the disk, longer ones are waited for longer: with 1 MiB flushing takes four times
 * as long as with 4 MiB, and 16 MiB are hardly faster.
 */
export const PIECE_BYTES = 4 * 2 ** 20;

export class Layout {
  /** Number of pieces. */
  readonly count: number;

  constructor(
    /** Bytes of the file. */
    readonly size: number,
    /** Bytes of each piece but the last. */
    readonly pieceBytes: number,
  ) {
    this.count = Math.ceil(size / pieceBytes);
  }

  start(index: number): number {
    return index * this.pieceBytes;
  }

  length(index: number): number {
    return Math.min(this.pieceBytes, this.size - this.start(index));
  }

  /** The piece that has the byte at `offset`. */
  at(offset: number): number {
    return Math.floor(offset / this.pieceBytes);
  }
}

/** SHA-256 in lower-case hexadecimal. Only secure pages can compute it. */
export async function sha256(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
