/** One request for the bytes of a file from some place on, and what the answer has to be like to be believed. */

import { isOfHub } from "./address.js";
import { Passing, ReadError } from "./failure.js";
import { type Facts, identityOf } from "./identity.js";

/** Bytes from `from` on, up to `to` or the end. */
export interface Span {
  readonly from: number;
  readonly to?: number | undefined;
}

/** Bytes of the file from `start` to `end`, which begin either where they were asked for or at 0. */
export interface Answer extends Facts {
  readonly start: number;
  readonly end: number;
  /** Whether the server answered with the range, not with the whole file. */
  readonly ranged: boolean;
  /** The next bytes; undefined at the end of the body. */
  read(): Promise<Uint8Array | undefined>;
  /** Lets the connection go. */
  stop(): void;
}

/** The longest that a server may keep silent. */
const SILENCE_MS = 30_000;
const BESIDE = " (that of a file beside the page begins with ./)";
const INSTEAD = "download the file and open it from disk";

/**
 * Asks once; without a span for the whole file and without a range.
 *
 * `If-Range` is not sent: across origins it needs a preflight, which servers that redirect do not answer. Whoever calls
 * compares the answer's identity instead, which says the same.
 *
 * @throws Passing when another attempt may do better, ReadError when not, the signal's reason when it is aborted.
 */
export async function ask(address: string, span: Span | undefined, signal: AbortSignal): Promise<Answer> {
  const connection = new Connection(address, signal);
  try {
    // A request with a range also asks for bytes that are not compressed, which Content-Length then counts.
    const last = span?.to === undefined ? "" : span.to - 1;
    const response = await connection.open(span ? { Range: `bytes=${span.from}-${last}` } : {});
    if (response.status === 200) return whole(address, response, connection);
    if (response.status !== 206 || !span) throw refusal(address, response.status, span);
    const stated = response.headers.get("Content-Range");
    if (stated === null) return await unranged(address, response, span, connection);
    return part(address, response, stated, span, connection);
  } catch (error) {
    connection.stop();
    throw error;
  }
}

/** The server sends the whole file, because it knows no ranges or was asked for none. */
function whole(address: string, { headers }: Response, connection: Connection): Answer {
  const length = headers.get("Content-Length");
  const encoding = headers.get("Content-Encoding");
  if (encoding !== null && encoding !== "identity") {
    const why = `the server compresses it (Content-Encoding: ${encoding}); have it sent as it is`;
    throw ReadError.because("unusable", address, why);
  }
  if (length === null || !/^\d+$/.test(length)) {
    const why = 'the server does not say how long it is; let it send "Content-Length", or answer range requests';
    throw ReadError.because("unusable", address, why);
  }
  const size = Number(length);
  return connection.answer({ size, identity: identityOf(headers), start: 0, end: size, ranged: false });
}

/**
 * A part, and the server hides which one. Without a range the place is known and Content-Length can be read; it can be
 * believed if it is what the uncompressed part said, too.
 */
async function unranged(address: string, response: Response, span: Span, connection: Connection): Promise<Answer> {
  const length = response.headers.get("Content-Length");
  connection.drop();
  const again = await connection.open({});
  const comparable = span.from === 0 && span.to === undefined;
  if (again.status !== 200 || (comparable && again.headers.get("Content-Length") !== length)) {
    const why =
      "the server hides which bytes it sends; Content-Range must be listed in Access-Control-Expose-Headers (and ETag should)";
    throw ReadError.because("unusable", address, why);
  }
  return whole(address, again, connection);
}

/** The part that was asked for, and no other. */
function part(address: string, { headers }: Response, stated: string, span: Span, connection: Connection): Answer {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(stated.trim()) ?? [];
  if (total === "*") {
    const why = `the server does not say how long it is (Content-Range ends with *); ${INSTEAD}`;
    throw ReadError.because("unusable", address, why);
  }
  const [start, end, size] = [Number(first), Number(last) + 1, Number(total)];
  // NaN, from a header that is none, fails each comparison.
  if (!(start === span.from && end > start && end <= size)) {
    throw new Passing(`the server sent other bytes than were asked for (Content-Range: ${stated}); ${INSTEAD}`, "unusable");
  }
  const length = headers.get("Content-Length");
  if (length !== null && Number(length) !== end - start) {
    throw new Passing(`the server sends ${length} bytes and calls them ${stated}; ${INSTEAD}`, "unusable");
  }
  return connection.answer({ size, identity: identityOf(headers), start, end, ranged: true });
}

function refusal(address: string, status: number, span: Span | undefined): Error {
  const because = ReadError.because;
  const hub = isOfHub(address);
  switch (status) {
    case 404:
    case 410:
      return because("missing", address, `there is no such file on the server; check the address${hub ? BESIDE : ""}`);
    case 401:
    case 403:
      return because("denied", address, hub ? hubDenies(status) : `the server denies access (${status}); ${INSTEAD}`);
    case 416:
      if (!span?.from) return because("unusable", address, "the file on the server is empty; check it there");
      return ReadError.changed(address);
    case 408:
    case 425:
    case 429:
      return new Passing(`the server answers ${status}; try again later`);
  }
  if (status >= 500) return new Passing(`the server answers ${status}; try again later`);
  return because("unusable", address, `the server answers ${status}; check the address`);
}

/** The hub says the same of what is private, of what needs its licence accepted, and of what is not there. */
const hubDenies = (status: number): string =>
  `the hub has no such public file (${status}); check the name${BESIDE}, or accept the model's licence there, ${INSTEAD}`;

/** A request that ends by itself when nothing comes. */
class Connection {
  readonly #controller = new AbortController();
  readonly #follow = (): void => this.#controller.abort();
  #body: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(
    private readonly address: string,
    private readonly signal: AbortSignal,
  ) {
    signal.throwIfAborted();
    signal.addEventListener("abort", this.#follow);
  }

  async open(headers: Record<string, string>): Promise<Response> {
    // The browser's own cache would keep everything a second time, and lets one request for an address wait for another.
    const init: RequestInit = { headers, cache: "no-store", signal: this.#controller.signal };
    const response = await this.#patiently(() => fetch(this.address, init));
    this.#body = response.body?.getReader();
    return response;
  }

  answer(head: Omit<Answer, "read" | "stop">): Answer {
    return { ...head, read: () => this.#read(), stop: () => this.stop() };
  }

  /** Lets the response's bytes go. */
  drop(): void {
    this.#body?.cancel().catch(() => undefined);
    this.#body = undefined;
  }

  stop(): void {
    this.signal.removeEventListener("abort", this.#follow);
    this.#controller.abort();
  }

  async #read(): Promise<Uint8Array | undefined> {
    const body = this.#body;
    return body && (await this.#patiently(() => body.read())).value;
  }

  async #patiently<Result>(work: () => Promise<Result>): Promise<Result> {
    let silent = false;
    const timer = setTimeout(() => {
      silent = true;
      this.#controller.abort();
    }, SILENCE_MS);
    try {
      return await work();
    } catch {
      this.signal.throwIfAborted();
      if (silent) throw new Passing(`nothing came for ${SILENCE_MS / 1000} seconds; check the connection and try again`);
      throw new Passing("the connection broke; check it and try again", "unreachable", true);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether the server has a say in what the page may read. */
export function isForeign(address: string): boolean {
  return new URL(address).origin !== location.origin;
}

/** Why a browser that does not say could not fetch: as the end of a sentence. */
export async function unexplained(address: string): Promise<string> {
  if (!navigator.onLine) return "this device is offline; connect it and try again";
  if (isForeign(address)) {
    try {
      // An answer that cannot be looked into shows that the server is there.
      await fetch(address, { method: "HEAD", mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(SILENCE_MS) });
      const missing = 'the server must send "Access-Control-Allow-Origin" to let this page read it';
      return `${missing}, and may have no such file; check the address, or ${INSTEAD}`;
    } catch {
      // It is not.
    }
  }
  return "the server cannot be reached; check the connection and the address";
}
