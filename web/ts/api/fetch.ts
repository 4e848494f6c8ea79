/** OpenAI's endpoints behind a `fetch`, for programs that expect a server. */

import type { Chat } from "./chat.js";
import type { Completions } from "./completions.js";
import type { Models } from "./models.js";
import { asMotetError, errorResponse, refuse } from "./refusals.js";
import { Stream } from "./stream.js";
import type { ChatCompletionCreateParams } from "./types/chat.js";
import type { CompletionCreateParams } from "./types/completion.js";

/** What the endpoints answer with. */
export interface Endpoints {
  readonly chat: Chat;
  readonly completions: Completions;
  readonly models: Models;
}

interface Exchange {
  request: Request;
  signal: AbortSignal | undefined;
}

interface Route {
  method: "GET" | "POST";
  answer(exchange: Exchange): Promise<Response>;
}

const MODELS = "/v1/models/";

/**
 * A `fetch` that is answered by the model in this page, whatever the host: POST `/v1/chat/completions`,
 * POST `/v1/completions`, GET `/v1/models` and GET `/v1/models/{id}`, with JSON and, for `stream: true`, server-sent
 * events. No request leaves the page, and headers are not read.
 *
 * ```js
 * const client = new OpenAI({
 *   baseURL: "http://motet/v1",
 *   apiKey: "none",
 *   fetch: motet.fetch,
 *   dangerouslyAllowBrowser: true,
 * });
 * ```
 *
 * As of any `fetch`: once the signal is aborted, the promise or the reading of the body rejects with its reason. An
 * error after the first chunk of a stream is an event with the member `error`, and the last one.
 */
export function createFetch(endpoints: Endpoints): typeof fetch {
  return async (input, init) => {
    const inherited = input instanceof Request ? input.signal : undefined;
    const signal = (init?.signal === undefined ? inherited : init.signal) ?? undefined;
    signal?.throwIfAborted();
    const request = new Request(input, { ...init, signal: null });
    try {
      return await answer(endpoints, { request, signal });
    } catch (error) {
      signal?.throwIfAborted();
      return failure(error);
    }
  };
}

async function answer(endpoints: Endpoints, exchange: Exchange): Promise<Response> {
  const { method, url } = exchange.request;
  const { pathname } = new URL(url);
  const route = routeOf(endpoints, pathname);
  if (!route) {
    const known = "/v1/chat/completions, /v1/completions and /v1/models";
    throw refuse(`There is nothing at ${method} ${pathname}: ask for ${known}.`, null, "unknown_url", 404);
  }
  if (method === route.method) return route.answer(exchange);
  const refused = refuse(`${pathname} takes ${route.method}, not ${method}.`, null, "method_not_allowed", 405);
  return failure(refused, { allow: route.method });
}

function routeOf({ chat, completions, models }: Endpoints, pathname: string): Route | undefined {
  switch (pathname) {
    case "/v1/chat/completions":
      return post((params) => chat.completions.create(params as ChatCompletionCreateParams));
    case "/v1/completions":
      return post((params) => completions.create(params as CompletionCreateParams));
    case "/v1/models":
      return { method: "GET", answer: async () => Response.json(await models.list()) };
  }
  if (!pathname.startsWith(MODELS)) return undefined;
  const id = decoded(pathname.slice(MODELS.length));
  return { method: "GET", answer: async () => Response.json(await models.retrieve(id)) };
}

/** `create` validates what it is given, so the body is passed on as it is. */
function post(create: (params: object) => Stream<object> | Promise<object>): Route {
  return {
    method: "POST",
    async answer({ request, signal }) {
      const made = create({ ...(await bodyOf(request)), signal });
      return made instanceof Stream ? eventStream(made, signal) : Response.json(await made);
    },
  };
}

async function bodyOf(request: Request): Promise<object> {
  const text = await request.text();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  } catch {
    // Not JSON is as wrong as JSON that is no object.
  }
  throw refuse("The body has to be a JSON object with the parameters.", null, "invalid_json");
}

/** Waits for the first chunk, so that what is wrong with the request is a status and not an event. */
async function eventStream(stream: Stream<object>, signal: AbortSignal | undefined): Promise<Response> {
  const chunks = stream[Symbol.asyncIterator]();
  const first = await chunks.next();
  signal?.throwIfAborted();
  const events = eventsOf(first, chunks);
  const over = new AbortController();
  const end = async (): Promise<void> => {
    over.abort();
    stream.controller.abort();
    await events.return();
    await chunks.return();
  };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(sink) {
      const abort = (): void => {
        sink.error(signal?.reason);
        void end();
      };
      signal?.addEventListener("abort", abort, { signal: over.signal });
    },
    async pull(sink) {
      const { value, done } = await events.next();
      if (over.signal.aborted) return;
      if (value !== undefined) sink.enqueue(encoder.encode(`data: ${value}\n\n`));
      if (!done) return;
      over.abort();
      sink.close();
    },
    cancel: end,
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}

/** The data of the events; an error is the last. */
async function* eventsOf(
  first: IteratorResult<object, void>,
  chunks: AsyncGenerator<object, void>,
): AsyncGenerator<string, void> {
  try {
    for (let step = first; !step.done; step = await chunks.next()) yield JSON.stringify(step.value);
    yield "[DONE]";
  } catch (error) {
    yield JSON.stringify(errorResponse(asMotetError(error)));
  }
}

const encoder = new TextEncoder();

function failure(thrown: unknown, headers: Record<string, string> = {}): Response {
  const error = asMotetError(thrown);
  // The `openai` client would repeat what failed with a 5xx; the same model fails again.
  const init = { status: error.status, headers: { ...headers, "x-should-retry": "false" } };
  return Response.json(errorResponse(error), init);
}

/** The name in an address, as it stands there if it is badly escaped. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
