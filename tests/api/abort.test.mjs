// Giving an answer up: by the signal, by the stream's controller, by leaving the loop.
import assert from "node:assert/strict";
import { test } from "node:test";
import { all, faked, HELLO } from "./fake.mjs";

const MANY = [Array.from({ length: 1000 }, (_, place) => `${place} `)];
const reason = new Error("Changed my mind.");

/** Aborts once the model has made so many tokens. */
function abortAfter(tokens, abort) {
  return { gate: (produced) => (produced === tokens ? (abort(), new Promise(() => {})) : undefined) };
}

test("a promise rejects with the signal's reason", async () => {
  for (const why of [reason, undefined]) {
    const controller = new AbortController();
    const { api, model } = faked(MANY, abortAfter(5, () => controller.abort(why)));
    const answer = api.chat.completions.create({ messages: HELLO, signal: controller.signal });
    await assert.rejects(answer, why ?? { name: "AbortError" });
    assert.deepEqual([model.runs[0].produced, model.runs[0].ended], [5, "aborted"]);
    const text = api.completions.create({ prompt: "a", signal: controller.signal });
    await assert.rejects(text, why ?? { name: "AbortError" });
    assert.equal(model.runs.length, 1);
  }
});

test("a signal that is aborted already starts nothing", async () => {
  const { api, model } = faked(MANY);
  const signal = AbortSignal.abort(reason);
  await assert.rejects(api.chat.completions.create({ messages: HELLO, signal }), reason);
  assert.throws(() => api.chat.completions.create({ messages: HELLO, signal, stream: true }), reason);
  assert.throws(() => api.completions.create({ prompt: "a", signal, stream: true }), reason);
  assert.equal(model.runs.length, 0);
});

test("an aborted stream ends without an error", async () => {
  const controller = new AbortController();
  const { api, model } = faked(MANY, abortAfter(5, () => controller.abort(reason)));
  const chunks = await all(api.chat.completions.create({ messages: HELLO, stream: true, signal: controller.signal }));
  assert.equal(chunks.length, 6);
  assert.equal(chunks.at(-1).choices[0].finish_reason, null);
  assert.equal(model.runs[0].ended, "aborted");
});

test("a stream's controller ends it", async () => {
  const { api, model } = faked(MANY);
  const stream = api.chat.completions.create({ messages: HELLO, stream: true });
  let chunks = 0;
  for await (const _ of stream) if (++chunks === 3) stream.controller.abort();
  assert.equal(chunks, 3);
  assert.equal(model.runs[0].ended, "aborted");
});

test("a stream that was aborted before it is iterated gives nothing", async () => {
  const controller = new AbortController();
  const { api, model } = faked(MANY);
  const stream = api.chat.completions.create({ messages: HELLO, stream: true, signal: controller.signal });
  controller.abort();
  assert.deepEqual(await all(stream), []);
  assert.equal(model.runs[0]?.produced ?? 0, 0);
});

test("leaving the loop ends the run", async () => {
  const { api, model } = faked(MANY);
  for await (const chunk of api.chat.completions.create({ messages: HELLO, stream: true })) {
    if (chunk.choices[0].delta.content) break;
  }
  assert.deepEqual([model.runs[0].produced, model.runs[0].ended], [1, "dropped"]);
  await assert.doesNotReject(api.chat.completions.create({ messages: HELLO, max_tokens: 1 }));
});

test("leaving the loop after the first chunk ends the run, too", async () => {
  const { api, model } = faked(MANY);
  for await (const _ of api.chat.completions.create({ messages: HELLO, stream: true })) break;
  assert.equal(model.runs[0].ended, "dropped");
});

test("later choices are not begun", async () => {
  const controller = new AbortController();
  const { api, model } = faked([["a"], ["b", "c", "d"]], abortAfter(2, () => controller.abort(reason)));
  const answer = api.chat.completions.create({ messages: HELLO, n: 3, signal: controller.signal });
  await assert.rejects(answer, reason);
  assert.equal(model.runs.length, 2);
});

test("a stop string that is complete outlives an abort", async () => {
  const controller = new AbortController();
  const { api } = faked([["a", "."]], { gate: (produced) => produced === 2 && controller.abort() });
  const { choices } = await api.chat.completions.create({ messages: HELLO, stop: ".", signal: controller.signal });
  assert.deepEqual([choices[0].message.content, choices[0].finish_reason], ["a", "stop"]);
});

test("a signal is let go of when the answer is there", async () => {
  const { signal } = new AbortController();
  const listening = new Set();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type, listener) => {
    listening.add(listener);
    addEventListener.call(signal, type, listener);
  };
  signal.removeEventListener = (type, listener) => {
    listening.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  const { api } = faked([["a", ".", "b"]]);
  const answer = api.chat.completions.create({ messages: HELLO, signal, n: 2 });
  assert.equal(listening.size, 1);
  await answer;
  await all(api.chat.completions.create({ messages: HELLO, signal, stream: true, stop: "." }));
  for await (const _ of api.chat.completions.create({ messages: HELLO, signal, stream: true })) break;
  await assert.rejects(api.chat.completions.create({ messages: Array(11).fill(HELLO[0]), signal }));
  assert.equal(listening.size, 0);
});

test("a stream can be iterated once, and computes nothing before", async () => {
  const { api, model } = faked([["a"]]);
  const stream = api.chat.completions.create({ messages: HELLO, stream: true });
  assert.equal(model.runs.length, 0);
  assert.equal(await stream, stream);
  await all(stream);
  await assert.rejects(all(stream), /iterated once/);
});
