// The `openai` client over `fetch`: what it makes of answers, errors and aborts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { all, faked, HELLO, joined } from "./fake.mjs";
import { api as motet, OpenAI } from "./load.mjs";

const MANY = [Array.from({ length: 1000 }, (_, place) => `${place} `)];

function connect(says, how) {
  const { api, model } = faked(says, how);
  const client = new OpenAI({ baseURL: "http://motet/v1", apiKey: "none", fetch: api.fetch });
  return { client, api, model };
}

const request = { model: "fake", messages: HELLO };

test("chat.completions.create", async () => {
  const { client } = connect([["<think>a</think>", "Hi", "!"]]);
  const { choices, usage, timings } = await client.chat.completions.create(request);
  assert.deepEqual(choices[0].message, { role: "assistant", content: "Hi!", refusal: null, reasoning_content: "a" });
  assert.deepEqual([usage.completion_tokens, timings.completion_tokens], [3, 3]);
});

test("chat.completions.create, streamed", async () => {
  const { client } = connect([["<think>", "a", "</think>", "Hi", "!"]]);
  const params = { ...request, stream: true, stream_options: { include_usage: true } };
  const chunks = await all(await client.chat.completions.create(params));
  const [{ content, reasoning, finish_reason }] = joined(chunks);
  assert.deepEqual([content, reasoning, finish_reason], ["Hi!", "a", "stop"]);
  assert.equal(chunks.at(-1).usage.completion_tokens_details.reasoning_tokens, 3);
});

test("log-probabilities", async () => {
  const { client } = connect([["Hi", "!"]]);
  const { choices } = await client.chat.completions.create({ ...request, logprobs: true, top_logprobs: 1 });
  assert.deepEqual(
    choices[0].logprobs.content.map(({ token, top_logprobs }) => [token, top_logprobs.length]),
    [["Hi", 1], ["!", 1]],
  );
});

test("several choices", async () => {
  const { client } = connect([["a"], ["b"]]);
  const { choices } = await client.chat.completions.create({ ...request, n: 2 });
  assert.deepEqual(
    choices.map(({ message }) => message.content),
    ["a", "b"],
  );
});

test("completions.create", async () => {
  const { client } = connect([["b", "c"]]);
  const whole = await client.completions.create({ model: "fake", prompt: "a", logprobs: 1, echo: false });
  assert.deepEqual([whole.choices[0].text, whole.choices[0].logprobs.tokens], ["bc", ["b", "c"]]);
  const chunks = await all(await client.completions.create({ model: "fake", prompt: "a", stream: true }));
  assert.equal(chunks.map(({ choices }) => choices[0].text).join(""), "bc");
});

test("models.list and models.retrieve", async () => {
  const { client } = connect([["a"]], { model: { name: "org/repo/a b.gguf" } });
  const models = await all(client.models.list());
  assert.deepEqual(
    models.map(({ id }) => id),
    ["org/repo/a b.gguf"],
  );
  assert.equal((await client.models.retrieve(models[0].id)).owned_by, "motet");
  await assert.rejects(client.models.retrieve("other"), OpenAI.NotFoundError);
});

test("the stream helper", async () => {
  const { client } = connect([["<think>", "so", "</think>", "Hi", "!"], ["Ho"]]);
  const params = { ...request, n: 2, logprobs: true, stream_options: { include_usage: true } };
  const stream = client.chat.completions.stream(params);
  const deltas = [];
  stream.on("content.delta", ({ delta }) => deltas.push(delta));
  const { choices, usage } = await stream.finalChatCompletion();
  assert.deepEqual(
    choices.map(({ message, finish_reason, logprobs }) => [message.content, finish_reason, logprobs.content.length]),
    [["Hi!", "stop", 2], ["Ho", "stop", 1]],
  );
  assert.deepEqual(deltas.filter(Boolean), ["Hi", "!", "Ho"]);
  assert.equal(usage.total_tokens, 16);
});

test("its error classes", async () => {
  const { client, model } = connect([["a"]]);
  const error = await client.chat.completions.create({ ...request, temperature: 3 }).catch((thrown) => thrown);
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.deepEqual(
    [error.status, error.type, error.code, error.param],
    [400, "invalid_request_error", "decimal_above_max_value", "temperature"],
  );
  assert.match(error.message, /^400 Invalid 'temperature'/);
  await assert.rejects(client.chat.completions.create({ ...request, model: "other" }), OpenAI.NotFoundError);
  const streamed = client.chat.completions.create({ ...request, temperature: 3, stream: true });
  await assert.rejects(streamed, OpenAI.BadRequestError);
  await assert.rejects(client.embeddings.create({ model: "fake", input: "a" }), OpenAI.NotFoundError);
  const messages = Array(11).fill(HELLO[0]);
  await assert.rejects(client.chat.completions.create({ ...request, messages }), { code: "context_length_exceeded" });
  assert.equal(model.runs.length, 1);
});

test("an error of the model is not tried again", async () => {
  const lost = new motet.MotetError("The GPU is gone: load the model again.", {
    type: "server_error",
    code: "device_lost",
    status: 500,
  });
  const { client, model } = connect([[lost]]);
  await assert.rejects(client.chat.completions.create(request), (error) => {
    assert.ok(error instanceof OpenAI.InternalServerError);
    assert.equal(error.code, "device_lost");
    return true;
  });
  assert.equal(model.runs.length, 1);
});

test("an error in the middle of a stream is thrown by the iteration", async () => {
  const { client } = connect([["a", new Error("The GPU is gone: load the model again.")]]);
  const chunks = [];
  const iterate = async () => {
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) chunks.push(chunk);
  };
  await assert.rejects(iterate, (error) => {
    assert.ok(error instanceof OpenAI.APIError);
    assert.deepEqual([error.type, error.code], ["server_error", "internal"]);
    assert.match(error.message, /The GPU is gone/);
    return true;
  });
  assert.equal(joined(chunks)[0].content, "a");
});

test("a request that is aborted raises APIUserAbortError", async () => {
  const controller = new AbortController();
  const gate = (made) => made === 3 && (controller.abort(), new Promise(() => {}));
  const { client, model } = connect(MANY, { gate });
  const answer = client.chat.completions.create(request, { signal: controller.signal });
  await assert.rejects(answer, OpenAI.APIUserAbortError);
  assert.equal(model.runs[0].ended, "aborted");
});

/** Reads a stream until its third chunk, where `stop` is called; how many chunks came, and what was thrown. */
async function interrupted(stream, stop) {
  let chunks = 0;
  try {
    for await (const _ of stream) if (++chunks === 3) stop();
  } catch (error) {
    return { chunks, error };
  }
  return { chunks, error: undefined };
}

test("a stream that is aborted ends without an error, with the client and without", async () => {
  for (const bySignal of [true, false]) {
    const controller = new AbortController();
    const { client, api, model } = connect(MANY);
    const { signal } = controller;
    const theirs = await client.chat.completions.create({ ...request, stream: true }, { signal });
    const stop = (stream) => () => (bySignal ? controller : stream.controller).abort();
    assert.deepEqual(await interrupted(theirs, stop(theirs)), { chunks: 3, error: undefined });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(model.runs[0].ended && model.runs[0].produced < 10);
    const again = new AbortController();
    const ours = api.chat.completions.create({ ...request, stream: true, signal: again.signal });
    const stopOurs = () => (bySignal ? again : ours.controller).abort();
    assert.deepEqual(await interrupted(ours, stopOurs), { chunks: 3, error: undefined });
    assert.ok(model.runs[1].ended && model.runs[1].produced < 10);
  }
});

test("leaving the client's loop ends the run", async () => {
  const { client, model } = connect(MANY);
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
    if (chunk.choices[0].delta.content) break;
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(model.runs[0].ended && model.runs[0].produced < 10);
  await client.chat.completions.create({ ...request, max_tokens: 1 });
});

test("the stream helper that is aborted raises APIUserAbortError", async () => {
  const { client, model } = connect(MANY);
  const stream = client.chat.completions.stream(request);
  stream.on("content", () => stream.abort());
  await assert.rejects(stream.finalChatCompletion(), OpenAI.APIUserAbortError);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(model.runs[0].ended && model.runs[0].produced < 10);
});
