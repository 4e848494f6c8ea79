// `completions.create` and `models` over a model that says what it is told to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { all, fake, faked } from "./fake.mjs";

test("a text has OpenAI's shape", async () => {
  const { api, model } = faked([["<think>", " fox"]]);
  const { id, created, ...rest } = await api.completions.create({ prompt: "The quick brown" });
  assert.match(id, /^cmpl-.{36}$/);
  assert.ok(Number.isInteger(created));
  assert.deepEqual(rest, {
    object: "text_completion",
    model: "fake",
    choices: [{ index: 0, text: "<think> fox", logprobs: null, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 15,
      completion_tokens: 2,
      total_tokens: 17,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
    timings: { prompt_tokens: 15, cached_tokens: 4, completion_tokens: 2, first_token_ms: 5, decode_ms: 7 },
  });
  assert.deepEqual(model.runs[0].prompt, { text: "The quick brown" });
  assert.deepEqual(model.runs[0].options, { temperature: 1, topP: 1, maxTokens: 16 });
});

test("a stream has OpenAI's shape", async () => {
  const request = { prompt: "a", stream: true, stream_options: { include_usage: true }, max_tokens: 2 };
  const chunks = await all(fake([["b", "c", "d"]]).completions.create(request));
  const [{ id, created }] = chunks;
  const head = { id, object: "text_completion", created, model: "fake" };
  const choice = (text, finish_reason = null) => ({ index: 0, text, logprobs: null, finish_reason });
  const { timings, ...last } = chunks.at(-2);
  assert.equal(timings.completion_tokens, 2);
  assert.deepEqual(
    [...chunks.slice(0, -2), last],
    [choice("b"), choice("c"), choice("", "length")].map((made) => ({ ...head, choices: [made], usage: null })),
  );
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.equal(chunks.at(-1).usage.total_tokens, 3);
});

test("prompts are texts or ids, one or several", async () => {
  const promptsOf = async (prompt) => {
    const { api, model } = faked([["a"]]);
    await api.completions.create({ prompt });
    return model.runs.map((run) => run.prompt);
  };
  assert.deepEqual(await promptsOf(""), [{ text: "" }]);
  assert.deepEqual(await promptsOf(["a", "b"]), [{ text: "a" }, { text: "b" }]);
  assert.deepEqual(await promptsOf([1, 2]), [{ ids: Uint32Array.of(1, 2) }]);
  assert.deepEqual(await promptsOf([[1], [2, 3]]), [{ ids: Uint32Array.of(1) }, { ids: Uint32Array.of(2, 3) }]);
});

test("each prompt is given n choices", async () => {
  const { api, model } = faked([["a"], ["b"], ["c"], ["d"]]);
  const { choices, usage } = await api.completions.create({ prompt: ["x", "yy"], n: 2, best_of: 2, seed: 7 });
  assert.deepEqual(
    choices.map(({ index, text }) => [index, text]),
    [[0, "a"], [1, "b"], [2, "c"], [3, "d"]],
  );
  assert.deepEqual(
    model.runs.map(({ prompt, options }) => [prompt.text, options.seed]),
    [["x", 7], ["x", 8], ["yy", 7], ["yy", 8]],
  );
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [3, 4]);
  assert.equal(usage.prompt_tokens_details.cached_tokens, 8);
});

test("echo puts the prompt before the text", async () => {
  const textsOf = async (prompt) => {
    const { choices } = await fake([["!"]]).completions.create({ prompt, echo: true, n: 2 });
    return choices.map(({ text }) => text);
  };
  assert.deepEqual(await textsOf(["a", "b"]), ["a!", "a!", "b!", "b!"]);
  assert.deepEqual(await textsOf([1, 2]), ["<1><2>!", "<1><2>!"]);
  const chunks = await all(fake([["!"]]).completions.create({ prompt: "a", echo: true, stream: true }));
  assert.deepEqual(
    chunks.map(({ choices: [{ text }] }) => text),
    ["a", "!", ""],
  );
});

test("a stop string is not looked for in the echo", async () => {
  const { choices } = await fake([["b.", "c"]]).completions.create({ prompt: "a.", echo: true, stop: "." });
  assert.deepEqual([choices[0].text, choices[0].finish_reason], ["a.b", "stop"]);
});

test("log-probabilities have the older shape", async () => {
  const says = ["Hi", { text: "", bytes: [0xf0] }, { text: "😀", bytes: [0x9f, 0x98, 0x80] }, ".", "x"];
  const request = { prompt: "a", logprobs: 2, stop: "." };
  const { choices } = await fake([says]).completions.create(request);
  const wanted = {
    tokens: ["Hi", "bytes:\\xf0", "bytes:\\x9f\\x98\\x80"],
    token_logprobs: [-0.5, -1.5, -2.5],
    top_logprobs: [
      { Hi: -0.5, "not 0": -9 },
      { "bytes:\\xf0": -1.5, "not 1": -9 },
      { "bytes:\\x9f\\x98\\x80": -2.5, "not 2": -9 },
    ],
    text_offset: [0, 2, 2],
  };
  assert.deepEqual(choices[0].logprobs, wanted);
  const chunks = await all(fake([says]).completions.create({ ...request, stream: true }));
  const parts = chunks.flatMap((chunk) => chunk.choices[0].logprobs ?? []);
  for (const [name, list] of Object.entries(wanted)) {
    assert.deepEqual(
      parts.flatMap((part) => part[name]),
      list,
    );
  }
});

test("with logprobs 0 there is the chosen token only", async () => {
  const { choices } = await fake([["a"]]).completions.create({ prompt: "a", logprobs: 0 });
  assert.deepEqual(choices[0].logprobs.top_logprobs, [{ a: -0.5 }]);
});

test("models are the one that is loaded", async () => {
  const { models } = fake([["a"]]);
  const { object, data } = await models.list();
  assert.equal(object, "list");
  assert.equal(data.length, 1);
  const { created, ...model } = data[0];
  assert.ok(Math.abs(created - Date.now() / 1000) < 60);
  assert.deepEqual(model, { id: "fake", object: "model", owned_by: "motet" });
  assert.deepEqual(await models.retrieve("fake"), data[0]);
  await assert.rejects(models.retrieve("other"), {
    name: "MotetError",
    type: "invalid_request_error",
    code: "model_not_found",
    param: "model",
    status: 404,
  });
});
