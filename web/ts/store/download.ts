/**
 * One pass over a file's bytes, in one response as long as that holds: latency is paid once, and a server is asked once.
 * Pieces that are complete wait in a short queue, ahead of who takes them; when it is full nothing more is read, and the
 * connection waits. When it breaks, the pass goes on from the byte that is missing, if the server can be held to the
 * version of the file that the bytes before were of. If it cannot, or knows no ranges, the pass begins again, and what
 * had passed before passes once more without being queued, compared with the hashes that it had.
 */

import { Bell } from "./bell.js";
import { Passing, ReadError } from "./failure.js";
import { agree, type Facts, tells } from "./identity.js";
import { type Bytes, Layout, sha256 } from "./pieces.js";
import { type Answer, ask, isForeign, unexplained } from "./request.js";

/** Before the second and the third attempt. */
const PAUSES_MS = [300, 1200];
/** An attempt that comes this much further does not count as one that failed. */
const SOME_BYTES = 256 * 2 ** 10;
/** Pieces in the queue at most; one more is being filled. */
const AHEAD = 3;

/** What a pass is told, and whom it tells. */
export interface Pass {
  readonly address: string;
  readonly pieceBytes: number;
  /** The first piece that is wanted, and the first that no longer is; others may pass, too. */
  readonly from: number;
  readonly to?: number | undefined;
  /** What is known of the file; undefined before the first answer ever. */
  readonly facts: Facts | undefined;
  /** The first answer says what was not known; waited for before any piece arrives. */
  opened(facts: Facts): Promise<void>;
  /** The hash that a piece is known to have. */
  hash(index: number): string | undefined;
  /** Whether `arrived` wants hashes. */
  hashing(facts: Facts): boolean;
  /** A piece has come, and has the hash that it should, if that is known. */
  arrived(index: number, bytes: Bytes, hash: string | undefined): void;
  fetched(bytes: number): void;
}

export class Download {
  /** What the first answer says of the file. */
  readonly facts: Promise<Facts>;
  #learn!: (facts: Facts) => void;
  readonly #pumping: Promise<void>;
  readonly #controller = new AbortController();
  readonly #bell = new Bell();
  readonly #queue: Bytes[] = [];
  #failure: unknown;
  /** The piece that is queued next, and how many have been taken. */
  #due: number;
  #taken = 0;
  #known: Facts | undefined;
  #answered = false;
  /** Whether the last answer was the range that was asked for. */
  #ranged = true;
  /** The piece that is being filled, and how much of it is there. */
  #index = 0;
  #have = 0;
  #bytes: Bytes | undefined;

  constructor(private readonly pass: Pass) {
    this.#due = pass.from;
    this.#known = pass.facts;
    if (this.#resumable) this.#index = pass.from;
    let refuse!: (error: unknown) => void;
    this.facts = new Promise((resolve, reject) => {
      this.#learn = resolve;
      refuse = reject;
    });
    // Who only takes pieces hears of failures there.
    this.facts.catch(() => undefined);
    this.#pumping = this.#pump().catch((error: unknown) => {
      this.#failure = error;
      this.#bell.ring();
      refuse(error);
    });
  }

  /** The piece that `next` gives. */
  get position(): number {
    return this.#due - this.#queue.length;
  }

  /** Whether a pass can begin anywhere in the file; if not, what has passed has to be held. */
  get anywhere(): boolean {
    return this.#ranged && this.#resumable;
  }

  /** Whether a piece is in the queue. */
  holds(index: number): boolean {
    return index >= this.position && index < this.#due;
  }

  /** Whether a piece is had best by taking on. */
  leadsTo(index: number): boolean {
    if (this.#failure !== undefined || index < this.position) return false;
    return !this.anywhere || (index <= this.#due + 1 && index < (this.pass.to ?? Infinity));
  }

  async next(): Promise<Bytes> {
    for (;;) {
      const piece = this.#queue.shift();
      if (piece) {
        this.#taken += 1;
        this.#bell.ring();
        return piece;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await this.#bell.heard();
    }
  }

  /** Ends the pass; nothing arrives any more once this has resolved. */
  async cancel(): Promise<void> {
    this.#controller.abort(new DOMException("The download was given up.", "AbortError"));
    this.#bell.ring();
    await this.#pumping;
  }

  get #resumable(): boolean {
    return this.#known !== undefined && tells(this.#known.identity);
  }

  async #pump(): Promise<void> {
    let furthest = this.#index * this.pass.pieceBytes;
    let plainly = false;
    for (let failures = 0; ; ) {
      try {
        while (!(await this.#attempt(plainly)));
        return;
      } catch (error) {
        if (!(error instanceof Passing)) throw error;
        const at = this.#index * this.pass.pieceBytes + this.#have;
        failures = at >= furthest + SOME_BYTES ? 1 : failures + 1;
        furthest = Math.max(furthest, at);
        const pause = PAUSES_MS[failures - 1];
        if (pause === undefined) throw await this.#last(error);
        plainly = failures === PAUSES_MS.length && error.unexplained && this.#mayMindRanges;
        await this.#wait(pause);
      }
    }
  }

  /**
   * Whether it may be the range that cannot be asked for: some browsers ask servers of other origins whether they may, and
   * some servers that let anyone read do not answer that. The last attempt then does without.
   */
  get #mayMindRanges(): boolean {
    return isForeign(this.pass.address) && !(this.#answered && this.#ranged);
  }

  /** One request; whether all that is wanted has come. */
  async #attempt(plainly: boolean): Promise<boolean> {
    const { address, pieceBytes, to } = this.pass;
    const from = this.#resumable ? this.#index * pieceBytes + this.#have : 0;
    const wanted = this.#known && to !== undefined ? Math.min(to * pieceBytes, this.#known.size) : undefined;
    const span = plainly ? undefined : { from, to: this.#resumable ? wanted : undefined };
    const answer = await ask(address, span, this.#controller.signal);
    try {
      await this.#heed(answer);
      const stop = (this.anywhere && wanted) || answer.size;
      await this.#receive(answer, Math.min(answer.end, stop));
      if (answer.end >= stop) return true;
      if (this.anywhere) return false;
      const why = 'the server sends it in parts and does not say of which version; let it send "ETag" or "Last-Modified"';
      throw ReadError.because("unusable", address, why);
    } finally {
      answer.stop();
    }
  }

  /** What an answer's head says. */
  async #heed(answer: Answer): Promise<void> {
    const { size, identity, start, ranged } = answer;
    this.#answered = true;
    if (this.#known && !agree(this.#known, answer)) throw ReadError.changed(this.pass.address);
    this.#ranged = ranged;
    if (!this.#known) {
      this.#known = { size, identity };
      await this.pass.opened(this.#known);
    }
    this.#learn(this.#known);
    if (start === 0) {
      this.#index = 0;
      this.#have = 0;
      this.#bytes = undefined;
    }
  }

  async #receive(answer: Answer, stop: number): Promise<void> {
    for (let at = answer.start; at < stop; ) {
      const chunk = await answer.read();
      if (!chunk) {
        const had = `${at - answer.start} of ${answer.end - answer.start} bytes`;
        throw new Passing(`the connection ended after ${had}; check it and try again`);
      }
      if (chunk.length > answer.end - at) {
        throw new Passing("the server sent more bytes than it promised; try again later", "unusable");
      }
      this.pass.fetched(chunk.length);
      await this.#fill(chunk.subarray(0, stop - at), answer.size);
      at += chunk.length;
    }
  }

  async #fill(chunk: Uint8Array, size: number): Promise<void> {
    const layout = new Layout(size, this.pass.pieceBytes);
    for (let rest = chunk; rest.length > 0; ) {
      if (!this.#bytes) await this.#room();
      const bytes = (this.#bytes ??= new Uint8Array(layout.length(this.#index)));
      const part = rest.subarray(0, bytes.length - this.#have);
      bytes.set(part, this.#have);
      this.#have += part.length;
      rest = rest.subarray(part.length);
      if (this.#have === bytes.length) await this.#complete(bytes);
    }
  }

  async #complete(bytes: Bytes): Promise<void> {
    const index = this.#index;
    this.#bytes = undefined;
    this.#have = 0;
    const expected = this.pass.hash(index);
    const hashing = expected !== undefined || (this.#known !== undefined && this.pass.hashing(this.#known));
    const hash = hashing ? await sha256(bytes) : undefined;
    if (expected !== undefined && hash !== expected) {
      throw new Passing("the server sends other bytes than it sent before; load the model again", "changed");
    }
    this.pass.arrived(index, bytes, hash);
    this.#index += 1;
    if (index < this.#due) return;
    this.#queue.push(bytes);
    this.#due += 1;
    this.#bell.ring();
  }

  /**
   * Waits until the queue has room for the piece that is next. The more pieces were taken, the more there is: who reads no
   * more than a header is sent little more.
   */
  async #room(): Promise<void> {
    while (this.#index >= this.#due && this.#queue.length >= Math.max(1, Math.min(AHEAD, this.#taken))) {
      this.#controller.signal.throwIfAborted();
      await this.#bell.heard();
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    const { signal } = this.#controller;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
    signal.throwIfAborted();
  }

  /** What is said when the last attempt has failed, too. */
  async #last({ unexplained: unclear, why, reason }: Passing): Promise<ReadError> {
    const { address } = this.pass;
    return ReadError.because(reason, address, unclear && !this.#answered ? await unexplained(address) : why);
  }
}
