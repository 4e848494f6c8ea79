// `fetch` as a program sees it: statuses, bodies, events, aborts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fake, faked, HELLO, tooLong } from "./fake.mjs";
import { api as motet } from "./load.mjs";

const CHAT = "http://motet/v1/chat/completions";
const MANY = [Array.from({ length: 1000 }, (_, place) => `${place} `)];

function post(body, more = {}) {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...more };
}

/** The events of a body, as the standard reads them. */
async function eventsOf(response) {
  const text = await response.text();
  assert.ok(text.endsWith("\n\n"));
  return text
    .slice(0, -2)
    .split("\n\n")
    .map((event) => {
      assert.match(event, /^data: [^\n]*$/);
      const data = event.slice("data: ".length);
      return data === "[DONE]" ? data : JSON.parse(data);
    });
}

test("a chat is answered with JSON", async () => {
  const response = await fake([["Hi"]]).fetch(CHAT, post({ messages: HELLO }));
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /^application\/json/);
  const { object, choices } = await response.json();
  assert.deepEqual([object, choices[0].message.content], ["chat.completion", "Hi"]);
});

test("a chat is streamed as events", async () => {
  const response = await fake([["line\n\nline", "\r\u2028"]]).fetch(CHAT, post({ messages: HELLO, stream: true }));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events = await eventsOf(response);
  assert.equal(events.pop(), "[DONE]");
  assert.deepEqual(
    events.map(({ choices }) => choices[0].delta.content),
    ["", "line\n\nline", "\r\u2028", undefined],
  );
});

test("completions are answered both ways", async () => {
  const url = new URL("http://motet/v1/completions");
  const whole = await (await fake([["b"]]).fetch(url, post({ prompt: "a" }))).json();
  assert.equal(whole.choices[0].text, "b");
  const events = await eventsOf(await fake([["b"]]).fetch(url, post({ prompt: "a", stream: true })));
  assert.deepEqual([events[0].choices[0].text, events.at(-1)], ["b", "[DONE]"]);
});

test("models are listed and found, under any host and with any name", async () => {
  const name = "org/some model.gguf";
  const { fetch } = fake([["a"]], { model: { name } });
  const list = await (await fetch("https://example.com/v1/models")).json();
  assert.deepEqual([list.object, list.data[0].id], ["list", name]);
  for (const path of [encodeURIComponent(name), encodeURI(name)]) {
    assert.equal((await (await fetch(`http://motet/v1/models/${path}`)).json()).id, name);
  }
  for (const path of ["other", "%E0%A4%A"]) {
    const response = await fetch(`http://motet/v1/models/${path}`);
    assert.equal(response.status, 404);
    assert.equal((await response.json()).error.code, "model_not_found");
  }
});

test("what is wrong has a status and OpenAI's body", async () => {
  const broken = new TypeError("x is not a function");
  const lost = new motet.MotetError("The GPU is gone: load the model again.", {
    type: "server_error",
    code: "device_lost",
    status: 500,
  });
  const long = Array(11).fill(HELLO[0]);
  const cases = [
    [post({ messages: HELLO, n: 0 }), 400, "invalid_request_error", "n", "integer_below_min_value"],
    [post({ messages: HELLO, model: "other" }), 404, "invalid_request_error", "model", "model_not_found"],
    [post([]), 400, "invalid_request_error", null, "invalid_json"],
    [{ method: "POST", body: "{" }, 400, "invalid_request_error", null, "invalid_json"],
    [{ method: "POST" }, 400, "invalid_request_error", null, "invalid_json"],
    [post({ messages: HELLO, stream: true, n: 0 }), 400, "invalid_request_error", "n", "integer_below_min_value"],
    [post({ messages: long }), 400, "invalid_request_error", "messages", "context_length_exceeded"],
    [post({ messages: long, stream: true }), 400, "invalid_request_error", "messages", "context_length_exceeded"],
    [post({ messages: HELLO }), 500, "server_error", null, "device_lost", [[lost]]],
    [post({ messages: HELLO }), 500, "server_error", null, "internal", [[broken]]],
  ];
  for (const [init, status, type, param, code, says = [["a"]]] of cases) {
    const response = await fake(says).fetch(CHAT, init);
    const { error, ...rest } = await response.json();
    assert.deepEqual([response.status, rest], [status, {}], init.body);
    const { message, ...fields } = error;
    assert.deepEqual(fields, { type, param, code }, init.body);
    assert.ok(message);
    assert.equal(response.headers.get("x-should-retry"), "false");
  }
});

test("other paths and methods are refused", async () => {
  const { fetch } = fake([["a"]]);
  for (const path of ["/", "/v1", "/v1/embeddings", "/chat/completions", "/v1/chat/completions/x"]) {
    const response = await fetch(`http://motet${path}`);
    assert.deepEqual([response.status, (await response.json()).error.code], [404, "unknown_url"]);
  }
  for (const [path, method, allowed] of [
    ["chat/completions", "GET", "POST"],
    ["completions", "DELETE", "POST"],
    ["models", "POST", "GET"],
    ["models/fake", "DELETE", "GET"],
  ]) {
    const response = await fetch(`http://motet/v1/${path}`, { method });
    assert.deepEqual([response.status, response.headers.get("allow")], [405, allowed]);
    assert.equal((await response.json()).error.code, "method_not_allowed");
  }
});

test("an error in the middle of a stream is the last event", async () => {
  const broken = new Error("The GPU is gone: load the model again.");
  const response = await fake([["a", broken]]).fetch(CHAT, post({ messages: HELLO, stream: true }));
  assert.equal(response.status, 200);
  const events = await eventsOf(response);
  assert.equal(events.length, 3);
  assert.deepEqual(events[2], {
    error: { message: broken.message, type: "server_error", param: null, code: "internal" },
  });
});

test("a Request is as good as an address", async () => {
  const { fetch } = fake([["Hi"]]);
  const request = new Request(CHAT, post({ messages: HELLO }));
  assert.equal((await (await fetch(request)).json()).choices[0].message.content, "Hi");
  await assert.rejects(fetch(request), TypeError);
  const replaced = new Request(CHAT, { method: "POST", body: "{}" });
  assert.equal((await fetch(replaced, { body: JSON.stringify({ messages: HELLO }) })).status, 200);
});

test("a request that is aborted rejects as it does with `fetch`", async () => {
  const reason = new Error("Changed my mind.");
  for (const stream of [false, true]) {
    const { api, model } = faked(MANY);
    const init = post({ messages: HELLO, stream });
    await assert.rejects(api.fetch(CHAT, { ...init, signal: AbortSignal.abort() }), { name: "AbortError" });
    await assert.rejects(api.fetch(CHAT, { ...init, signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(api.fetch(new Request(CHAT, { ...init, signal: AbortSignal.abort(reason) })), reason);
    assert.equal(model.runs.length, 0);
    const aborted = new Request(CHAT, { ...init, signal: AbortSignal.abort() });
    assert.equal((await api.fetch(aborted, { signal: null })).status, 200);
  }
});

test("a request that is aborted while it waits rejects", async () => {
  for (const asRequest of [false, true]) {
    const controller = new AbortController();
    const { api, model } = faked(MANY, { gate: (made) => made === 3 && (controller.abort(), new Promise(() => {})) });
    const init = post({ messages: HELLO }, { signal: controller.signal });
    const response = asRequest ? api.fetch(new Request(CHAT, init)) : api.fetch(CHAT, init);
    await assert.rejects(response, { name: "AbortError" });
    assert.equal(model.runs[0].ended, "aborted");
  }
});

test("a body that is aborted rejects at once, and ends the run", async () => {
  const controller = new AbortController();
  const { api, model } = faked(MANY);
  const response = await api.fetch(CHAT, post({ messages: HELLO, stream: true }, { signal: controller.signal }));
  const reader = response.body.getReader();
  await reader.read();
  await reader.read();
  controller.abort();
  await assert.rejects(reader.read(), { name: "AbortError" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(["aborted", "dropped"].includes(model.runs[0].ended));
  assert.ok(model.runs[0].produced < 10);
});

test("a body that nobody reads any more ends the run", async () => {
  const { api, model } = faked(MANY);
  for (const reads of [0, 1, 3]) {
    const response = await api.fetch(CHAT, post({ messages: HELLO, stream: true }));
    const reader = response.body.getReader();
    for (let read = 0; read < reads; read += 1) await reader.read();
    await reader.cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(["aborted", "dropped"].includes(model.runs.at(-1).ended));
    assert.ok(model.runs.at(-1).produced < 10);
  }
});

test("a body that nobody reads any more ends a step that takes long", async () => {
  const { api, model } = faked(MANY, { gate: (made) => made === 2 && new Promise(() => {}) });
  const response = await api.fetch(CHAT, post({ messages: HELLO, stream: true }));
  const reader = response.body.getReader();
  for (let read = 0; read < 3; read += 1) await reader.read();
  const next = reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await reader.cancel();
  assert.deepEqual([(await next).done, model.runs[0].ended], [true, "aborted"]);
});

test("a body is computed as it is read", async () => {
  const { api, model } = faked(MANY);
  const response = await api.fetch(CHAT, post({ messages: HELLO, stream: true }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(model.runs[0].produced <= 2);
  await response.body.cancel();
});

test("an abort after the end changes nothing", async () => {
  const controller = new AbortController();
  const init = post({ messages: HELLO, stream: true }, { signal: controller.signal });
  const response = await fake([["a"]]).fetch(CHAT, init);
  const copy = response.clone();
  assert.equal((await eventsOf(response)).at(-1), "[DONE]");
  controller.abort();
  assert.equal((await eventsOf(copy)).at(-1), "[DONE]");
});

test("the body's own signal is no parameter", async () => {
  const response = await fake([["a"]]).fetch(CHAT, post({ messages: HELLO, signal: "x" }));
  assert.equal(response.status, 200);
});

test("what the engine says of a prompt too long is passed on", async () => {
  const response = await fake([["a"]]).fetch("http://motet/v1/completions", post({ prompt: "a".repeat(101) }));
  assert.equal(response.status, 400);
  assert.equal((await response.json()).error.message, tooLong().message);
});
