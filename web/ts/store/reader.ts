/** Bytes of a file, wherever they are. */
export interface Reader {
  /** The file's name, for people. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Of the bytes that `read` has given out, those that came from the store. */
  readonly fromStore: number;
  /**
   * Exactly the bytes from `offset` to `offset + length`, in a buffer of their own. Reads wait for each other.
   *
   * @throws ReadError with a sentence, or the signal's reason once that is aborted.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Fetches and stores what nobody has read, so that the next opening needs no network: a file can have bytes that its
   * model never asks for. Does nothing for what is not stored.
   */
  finish(signal?: AbortSignal): Promise<void>;
  /** Lets everything go; what is stored stays. Safe to call twice. */
  close(): Promise<void>;
  /** Instead of `close`: leaves nothing of the file in the store, for what turns out to be no model. */
  discard(): Promise<void>;
}

/** Refuses a range that the file does not have. */
export function checkRange({ name, size }: Pick<Reader, "name" | "size">, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (whole && offset >= 0 && length >= 0 && offset + length <= size) return;
  const range = `bytes ${offset} to ${offset + length}`;
  throw new Error(`${name} has ${size} bytes, so ${range} cannot be read from it; download it again.`);
}

/** What `work` gives, unless one of the signals is aborted first; the work itself goes on. */
export async function unlessAborted<Result>(
  work: Promise<Result>,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<Result> {
  const listening = new AbortController();
  try {
    return await new Promise<Result>((resolve, reject) => {
      for (const signal of signals) {
        if (signal?.aborted) reject(signal.reason);
        signal?.addEventListener("abort", () => reject(signal.reason), { signal: listening.signal });
      }
      work.then(resolve, reject);
    });
  } finally {
    listening.abort();
  }
}
