/** Reads one file through the store: pieces that are kept come from the disk, others from the server, and are kept then. */

import { Download } from "./download.js";
import { ReadError } from "./failure.js";
import { type Facts, tells } from "./identity.js";
import { type Bytes, Layout } from "./pieces.js";
import { checkRange, type Reader, unlessAborted } from "./reader.js";
import { hasRoomFor, type Notices } from "./room.js";
import type { Shelf } from "./shelf.js";

/** Pieces that were used last and stay in memory, since windows overlap. */
const RECENT = 2;
/** Pieces that are read from the disk and hashed before they are asked for. */
const AHEAD = 2;

/** What an opening is about. */
export interface Opening {
  readonly address: string;
  readonly name: string;
  /** Bytes of a piece, where nothing is stored yet. */
  readonly pieceBytes: number;
  readonly shelf: Shelf | undefined;
  readonly signal: AbortSignal | undefined;
  readonly notices: Notices;
  onFetched(bytes: number): void;
}

interface Piece {
  readonly bytes: Bytes;
  readonly stored: boolean;
}

export class StoredReader implements Reader {
  readonly name: string;
  fromStore = 0;
  #facts: Facts | undefined;
  #pieceBytes: number;
  #shelf: Shelf | undefined;
  #download: Download | undefined;
  readonly #recent = new Map<number, Piece>();
  readonly #ahead = new Map<number, Promise<Bytes | undefined>>();
  /** Hashes of what has come, for files whose version the server does not tell. */
  readonly #hashes = new Map<number, string>();
  /** Pieces that can neither be kept nor be asked for again; the browser holds blobs outside of JavaScript's memory. */
  readonly #spare = new Map<number, Blob>();
  /** Reads wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;
  readonly #abort = (): void => void this.#download?.cancel();

  private constructor(private readonly opening: Opening) {
    this.name = opening.name;
    this.#pieceBytes = opening.shelf?.header?.pieceBytes ?? opening.pieceBytes;
    this.#shelf = opening.shelf;
    opening.signal?.addEventListener("abort", this.#abort);
  }

  /**
   * Opens a file, and learns from the server what the shelf does not know. The shelf is closed with the reader, or when this
   * fails.
   */
  static async open(opening: Opening): Promise<StoredReader> {
    const reader = new StoredReader(opening);
    try {
      await reader.#inTurn(() => reader.#open(), undefined);
      return reader;
    } catch (error) {
      await (opening.shelf?.header ? reader.close() : reader.discard());
      throw error;
    }
  }

  get size(): number {
    return this.#layout.size;
  }

  async read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    checkRange(this, offset, length);
    return this.#inTurn(() => this.#gather(offset, length), signal);
  }

  async finish(signal?: AbortSignal): Promise<void> {
    for (let index = 0; index < this.#layout.count && this.#shelf?.writable; index += 1) {
      if (!this.#shelf.has(index)) await this.#inTurn(() => this.#piece(index), signal);
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end((shelf) => shelf.close()));
  }

  async discard(): Promise<void> {
    await (this.#closed ??= this.#end((shelf) => shelf.discard()));
  }

  get #layout(): Layout {
    return new Layout(this.#facts?.size ?? 0, this.#pieceBytes);
  }

  async #open(): Promise<void> {
    const { header, complete } = this.#shelf ?? {};
    if (header && complete) {
      this.#facts = header;
      this.#shelf?.touch();
      return;
    }
    if (header && tells(header.identity) && (await this.#goOn(header))) return;
    this.#shelf?.clear();
    this.#pieceBytes = this.opening.pieceBytes;
    this.#facts = undefined;
    this.#download = this.#downloadFrom(0);
    await this.#download.facts;
  }

  /** Goes on with what is half stored; false if the server has another version now. */
  async #goOn(facts: Facts): Promise<boolean> {
    this.#facts = facts;
    let missing = 0;
    while (this.#isHeld(missing)) missing += 1;
    this.#download = this.#downloadFrom(missing);
    try {
      await this.#download.facts;
    } catch (error) {
      await this.#download.cancel();
      this.#download = undefined;
      const reason = error instanceof ReadError ? error.reason : undefined;
      if (reason === "changed") return false;
      // What is stored may be all that is asked for; if it is not, the read says so.
      if (reason !== "unreachable") throw error;
    }
    const shelf = this.#shelf;
    shelf?.touch();
    if (shelf?.writable && !(await hasRoomFor(facts.size - shelf.storedBytes))) {
      shelf.freeze();
      this.opening.notices.full();
    }
    return true;
  }

  /** Prepares the shelf for a file that was not there before. */
  async #begin({ size, identity }: Facts): Promise<void> {
    const { address, name, pieceBytes } = this.opening;
    this.#facts = { size, identity };
    const shelf = this.#shelf;
    if (!shelf) return;
    try {
      if (await hasRoomFor(size)) {
        const generation = crypto.randomUUID().slice(0, 8);
        return shelf.begin({ address, name, size, pieceBytes, identity, generation });
      }
      this.opening.notices.full();
    } catch (error) {
      this.opening.notices.unwritable(error);
    }
    this.#shelf = undefined;
    await shelf.discard();
  }

  #downloadFrom(from: number): Download {
    this.opening.signal?.throwIfAborted();
    this.#throwIfClosed();
    let to: number | undefined;
    for (let index = from + 1; index < this.#layout.count && to === undefined; index += 1) {
      if (this.#isHeld(index)) to = index;
    }
    return new Download({
      address: this.opening.address,
      pieceBytes: this.#pieceBytes,
      from,
      to,
      facts: this.#facts,
      opened: (facts) => this.#begin(facts),
      hash: (index) => this.#hashes.get(index) ?? this.#shelf?.hash(index),
      hashing: ({ identity }) => this.#shelf?.writable === true || (!tells(identity) && isSecureContext),
      arrived: (index, bytes, hash) => this.#keep(index, bytes, hash),
      fetched: this.opening.onFetched,
    });
  }

  #keep(index: number, bytes: Bytes, hash: string | undefined): void {
    if (hash !== undefined) {
      this.#hashes.set(index, hash);
      try {
        this.#shelf?.write(index, bytes, hash);
      } catch (error) {
        this.#shelf?.freeze();
        this.opening.notices.unwritable(error);
      }
    }
    if (!this.#isHeld(index) && this.#download?.anywhere === false) this.#spare.set(index, new Blob([bytes]));
  }

  #isHeld(index: number): boolean {
    return this.#shelf?.has(index) === true || this.#spare.has(index);
  }

  #inTurn<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    this.#throwIfClosed();
    const done = this.#turn.then(() => {
      signal?.throwIfAborted();
      return work();
    });
    this.#turn = done.catch(() => undefined);
    return unlessAborted(done, signal, this.opening.signal);
  }

  #throwIfClosed(): void {
    if (this.#closed) throw new Error(`${this.name} was closed: open it again to read it.`);
  }

  async #gather(offset: number, length: number): Promise<Uint8Array> {
    const layout = this.#layout;
    const gathered = new Uint8Array(length);
    for (let at = offset; at < offset + length; ) {
      const index = layout.at(at);
      const { bytes, stored } = await this.#piece(index);
      const from = at - layout.start(index);
      const part = bytes.subarray(from, from + offset + length - at);
      gathered.set(part, at - offset);
      at += part.length;
      if (stored) this.fromStore += part.length;
    }
    return gathered;
  }

  async #piece(index: number): Promise<Piece> {
    const recent = this.#recent.get(index);
    if (recent) return recent;
    const piece = await this.#find(index);
    this.#recent.set(index, piece);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size > RECENT) this.#recent.delete(oldest);
    }
    return piece;
  }

  async #find(index: number): Promise<Piece> {
    // What waits in the queue has to be taken from there, or the download would wait for that.
    if (this.#download?.holds(index)) return this.#fromServer(index);
    return (await this.#fromShelf(index)) ?? (await this.#fromSpare(index)) ?? (await this.#fromServer(index));
  }

  async #fromShelf(index: number): Promise<Piece | undefined> {
    const shelf = this.#shelf;
    if (!shelf) return undefined;
    const reading = this.#ahead.get(index) ?? shelf.read(index);
    for (const other of this.#ahead.keys()) {
      if (other <= index || other > index + AHEAD) this.#ahead.delete(other);
    }
    for (let next = index + 1; next <= index + AHEAD; next += 1) {
      if (shelf.has(next) && !this.#ahead.has(next)) this.#ahead.set(next, shelf.read(next));
    }
    const bytes = await reading;
    return bytes && { bytes, stored: true };
  }

  async #fromSpare(index: number): Promise<Piece | undefined> {
    const blob = this.#spare.get(index);
    return blob && { bytes: new Uint8Array(await blob.arrayBuffer()), stored: false };
  }

  async #fromServer(index: number): Promise<Piece> {
    try {
      if (!this.#download?.leadsTo(index)) {
        await this.#download?.cancel();
        this.#download = this.#downloadFrom(index);
      }
      const download = this.#download;
      while (download.position < index) await download.next();
      return { bytes: await download.next(), stored: false };
    } catch (error) {
      if (error instanceof ReadError && error.reason === "changed") await this.#forget();
      throw error;
    }
  }

  /** Another version is on the server now: what is stored is of no use, and what was read must not meet it. */
  async #forget(): Promise<void> {
    const shelf = this.#shelf;
    this.#shelf = undefined;
    this.#recent.clear();
    this.#ahead.clear();
    await shelf?.discard();
  }

  async #end(leave: (shelf: Shelf) => Promise<void>): Promise<void> {
    this.opening.signal?.removeEventListener("abort", this.#abort);
    await this.#download?.cancel();
    await this.#turn;
    await Promise.all(this.#ahead.values());
    this.#recent.clear();
    this.#ahead.clear();
    this.#spare.clear();
    if (this.#shelf) await leave(this.#shelf);
  }
}
