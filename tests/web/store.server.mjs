// A server of one file that can be told to misbehave, and that counts.
import http from "node:http";

/** Pseudo-random bytes by xorshift32: the same seed gives the same file. */
export function randomBytes(size, seed) {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed || 1;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, size);
}

/** Numbers in [0, 1) of a seed. */
export function randomNumbers(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const CHUNK = 128 * 1024;

const WELL_BEHAVED = {
  /** The validators; undefined leaves one out. */
  etag: '"one"',
  modified: undefined,
  ranges: true,
  cors: true,
  /** Whether a request with a range gets CORS headers, too; and whether one without gets the file. */
  rangeCors: true,
  plain: true,
  /** What Access-Control-Expose-Headers lists. */
  expose: "Content-Range, ETag",
  /** Whether Content-Length is sent. */
  length: true,
  /** A status in place of the file, so many times. */
  status: 0,
  statusTimes: Infinity,
  /** The connection is cut at this offset of the file, and nothing is served from then on. */
  cutAt: Infinity,
  dead: false,
  /** The connection is cut after so many bytes of each response, so many times. */
  cutAfter: Infinity,
  cutTimes: 0,
  /** A byte at this offset is sent wrong, so many times. */
  flipAt: -1,
  flipTimes: 0,
  /** Bytes that Content-Range is wrong by. */
  shift: 0,
  /** Responses end after so many bytes, properly. */
  endAfter: Infinity,
  /** Bytes that are sent beyond what was promised. */
  surplus: 0,
  /** Called with the offset before each chunk. */
  onChunk: undefined,
};

export class ModelServer {
  requests = 0;
  bytes = 0;
  /** Of each request: where it began, and what was asked for. */
  log = [];

  constructor(body) {
    this.body = body;
    Object.assign(this, WELL_BEHAVED);
    this.server = http.createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    this.url = `${this.origin}/folder/model.gguf`;
    return this;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Behaves well again, but for `how`, and counts from zero. */
  behave(how = {}) {
    Object.assign(this, WELL_BEHAVED, how);
    this.requests = 0;
    this.bytes = 0;
    this.log = [];
  }

  async #serve(request, response) {
    this.requests += 1;
    if (this.dead) return response.destroy();
    if (this.cors && (this.rangeCors || !request.headers.range)) {
      response.setHeader("Access-Control-Allow-Origin", "*");
      response.setHeader("Access-Control-Expose-Headers", this.expose);
    }
    if (!this.plain && !request.headers.range) return response.writeHead(400).end();
    const status = this.statusTimes > 0 && this.status;
    if (status) {
      this.statusTimes -= 1;
      return response.writeHead(status).end();
    }
    const [, from, last] = (this.ranges && /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")) || [];
    const { body } = this;
    const start = Number(from ?? 0);
    const end = Math.min(last ? Number(last) + 1 : body.length, body.length);
    this.log.push({ start, end, range: request.headers.range, ifRange: request.headers["if-range"] });
    if (from !== undefined && start >= body.length) {
      return response.writeHead(416, { "Content-Range": `bytes */${body.length}` }).end();
    }
    if (from !== undefined) {
      response.setHeader("Content-Range", `bytes ${start + this.shift}-${end - 1 + this.shift}/${body.length}`);
    }
    if (this.etag) response.setHeader("ETag", this.etag);
    if (this.modified) response.setHeader("Last-Modified", this.modified);
    if (this.length && this.endAfter === Infinity) response.setHeader("Content-Length", end - start + this.surplus);
    response.writeHead(from === undefined ? 200 : 206);
    // An answer that the browser cannot use, and that it lets go, is not what is to be cut.
    const usable = from === undefined || (this.rangeCors && this.expose.includes("Content-Range"));
    await this.#send(response, body, start, end, usable);
  }

  async #send(response, body, start, end, usable) {
    const cutHere = usable && this.cutTimes > 0 ? start + this.cutAfter : Infinity;
    const cutAt = usable ? this.cutAt : Infinity;
    for (let at = start; at < end; ) {
      await this.onChunk?.(at);
      const stop = Math.min(at + CHUNK, end, start + this.endAfter, Math.max(at, cutAt), cutHere);
      let chunk = body.subarray(at, stop);
      if (this.flipTimes > 0 && this.flipAt >= at && this.flipAt < stop) {
        this.flipTimes -= 1;
        chunk = Buffer.from(chunk);
        chunk[this.flipAt - at] ^= 0x40;
      }
      // An empty chunk never comes back.
      if (chunk.length > 0) await new Promise((resolve) => response.write(chunk, resolve));
      if (response.destroyed) return;
      this.bytes += chunk.length;
      at = stop;
      if (at >= cutAt) {
        this.dead = true;
        return response.destroy();
      }
      if (at >= cutHere) {
        this.cutTimes -= 1;
        return response.destroy();
      }
      if (at >= start + this.endAfter) break;
    }
    if (this.surplus > 0) response.write(Buffer.alloc(this.surplus));
    response.end();
  }
}

/** A server of a page and its worker, on an origin of its own. */
export async function servePage(worker) {
  const files = {
    "/": ["text/html; charset=utf-8", "<!doctype html><title>store</title>"],
    "/worker.js": ["text/javascript; charset=utf-8", worker],
  };
  const server = http.createServer((request, response) => {
    const [type, body] = files[new URL(request.url, "http://localhost").pathname] ?? [];
    if (!body) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": type }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
