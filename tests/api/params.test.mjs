// What `create` takes, and in which words it refuses the rest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { faked, HELLO } from "./fake.mjs";

async function refusalOf(create) {
  try {
    await create();
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "It was not refused." });
}

function chat(params) {
  const { api } = faked([["Hi"]]);
  return () => api.chat.completions.create({ messages: HELLO, ...params });
}

function completion(params) {
  const { api } = faked([["Hi"]]);
  return () => api.completions.create({ prompt: "Hello", ...params });
}

/** One sentence, with the parameter's name in it, and OpenAI's fields. */
async function refuses(create, param, code, status = 400) {
  const { name, message, ...fields } = await refusalOf(create);
  assert.deepEqual({ ...fields }, { type: "invalid_request_error", code, param, status }, message);
  assert.equal(name, "MotetError");
  assert.match(message, /^[A-Z'/].*\.$/s);
  assert.doesNotMatch(message.slice(0, -1), /[.!?] [A-Z]|undefined|\[object/, message);
  return message;
}

async function optionsOf(params) {
  const { api, model } = faked([["Hi"]]);
  await api.chat.completions.create({ messages: HELLO, ...params });
  return model.runs[0].options;
}

/** Messages of which the only one has this content. */
const content = (content) => ({ messages: [{ role: "user", content }] });
const json = (json_schema) => ({ response_format: { type: "json_schema", json_schema } });
const image = { type: "image_url", image_url: { url: "data:," } };
const schema = { type: "object", properties: { a: { type: "integer" } } };

const badChats = [
  [{ temperature: 2.1 }, "temperature", "decimal_above_max_value"],
  [{ temperature: -0.1 }, "temperature", "decimal_below_min_value"],
  [{ temperature: "1" }, "temperature", "invalid_type"],
  [{ temperature: NaN }, "temperature", "invalid_type"],
  [{ temperature: Infinity }, "temperature", "decimal_above_max_value"],
  [{ top_p: 0 }, "top_p", "decimal_below_min_value"],
  [{ top_p: 1.1 }, "top_p", "decimal_above_max_value"],
  [{ top_k: -1 }, "top_k", "integer_below_min_value"],
  [{ top_k: 1.5 }, "top_k", "invalid_type"],
  [{ min_p: 1.1 }, "min_p", "decimal_above_max_value"],
  [{ repetition_penalty: 0 }, "repetition_penalty", "decimal_below_min_value"],
  [{ frequency_penalty: 2.5 }, "frequency_penalty", "decimal_above_max_value"],
  [{ presence_penalty: -2.5 }, "presence_penalty", "decimal_below_min_value"],
  [{ n: 0 }, "n", "integer_below_min_value"],
  [{ n: 129 }, "n", "integer_above_max_value"],
  [{ n: 1.5 }, "n", "invalid_type"],
  [{ max_tokens: 0 }, "max_tokens", "integer_below_min_value"],
  [{ max_completion_tokens: 0.5 }, "max_completion_tokens", "invalid_type"],
  [{ max_tokens: 1, max_completion_tokens: 1 }, "max_tokens", "invalid_parameter_combination"],
  [{ seed: 1.5 }, "seed", "invalid_type"],
  [{ seed: 2 ** 60 }, "seed", "integer_above_max_value"],
  [{ stop: "" }, "stop", "empty_string"],
  [{ stop: ["a", ""] }, "stop[1]", "empty_string"],
  [{ stop: ["a", 1] }, "stop[1]", "invalid_type"],
  [{ stop: [null] }, "stop[0]", "invalid_type"],
  [{ stop: 1 }, "stop", "invalid_type"],
  [{ stop: ["a", "b", "c", "d", "e"] }, "stop", "array_above_max_length"],
  [{ logit_bias: { 5: 101 } }, "logit_bias.5", "decimal_above_max_value"],
  [{ logit_bias: { 5: "1" } }, "logit_bias.5", "invalid_type"],
  [{ logit_bias: { 5: null } }, "logit_bias.5", "invalid_type"],
  [{ logit_bias: { 1000: 1 } }, "logit_bias", "invalid_value"],
  [{ logit_bias: { "-1": 1 } }, "logit_bias", "invalid_value"],
  [{ logit_bias: { a: 1 } }, "logit_bias", "invalid_value"],
  [{ logit_bias: [1] }, "logit_bias", "invalid_type"],
  [{ logprobs: 1 }, "logprobs", "invalid_type"],
  [{ top_logprobs: 2 }, "top_logprobs", "invalid_parameter_combination"],
  [{ logprobs: false, top_logprobs: 0 }, "top_logprobs", "invalid_parameter_combination"],
  [{ logprobs: true, top_logprobs: 21 }, "top_logprobs", "integer_above_max_value"],
  [{ stream: "yes" }, "stream", "invalid_type"],
  [{ stream_options: { include_usage: true } }, "stream_options", "invalid_parameter_combination"],
  [{ stream: true, stream_options: { include_usage: 1 } }, "stream_options.include_usage", "invalid_type"],
  [{ stream: true, stream_options: [] }, "stream_options", "invalid_type"],
  [{ signal: {} }, "signal", "invalid_type"],
  [{ truncation: "middle" }, "truncation", "invalid_value"],
  [{ model: 1 }, "model", "invalid_type"],
  [{ model: "" }, "model", "empty_string"],
  [{ model: "other" }, "model", "model_not_found", 404],
  [{ response_format: "json" }, "response_format", "invalid_type"],
  [{ response_format: {} }, "response_format.type", "missing_required_parameter"],
  [{ response_format: { type: "xml" } }, "response_format.type", "invalid_value"],
  [{ response_format: { type: "json_schema" } }, "response_format.json_schema", "missing_required_parameter"],
  [json({ schema }), "response_format.json_schema.name", "missing_required_parameter"],
  [json({ name: "a" }), "response_format.json_schema.schema", "missing_required_parameter"],
  [json({ name: "a", schema: [] }), "response_format.json_schema.schema", "invalid_type"],
  [{ response_format: { type: "regex" } }, "response_format.regex", "missing_required_parameter"],
  [{ response_format: { type: "regex", regex: "" } }, "response_format.regex", "empty_string"],
  [{ tools: [{ type: "function" }] }, "tools", "unsupported_parameter"],
  [{ tool_choice: "required" }, "tool_choice", "unsupported_parameter"],
  [{ functions: [{}] }, "functions", "unsupported_parameter"],
  [{ function_call: { name: "a" } }, "function_call", "unsupported_parameter"],
  [{ audio: {} }, "audio", "unsupported_parameter"],
  [{ modalities: ["text", "audio"] }, "modalities", "unsupported_parameter"],
  [{ prediction: {} }, "prediction", "unsupported_parameter"],
  [{ web_search_options: {} }, "web_search_options", "unsupported_parameter"],
  [{ temprature: 1 }, "temprature", "unknown_parameter"],
  [{ toString: 1 }, "toString", "unknown_parameter"],
  [{ prompt: "a" }, "prompt", "unknown_parameter"],
  [{ messages: undefined }, "messages", "missing_required_parameter"],
  [{ messages: "Hello" }, "messages", "invalid_type"],
  [{ messages: [] }, "messages", "empty_array"],
  [{ messages: ["Hello"] }, "messages[0]", "invalid_type"],
  [{ messages: [{ content: "Hello" }] }, "messages[0].role", "missing_required_parameter"],
  [{ messages: [{ role: "robot", content: "Hello" }] }, "messages[0].role", "invalid_value"],
  [{ messages: [{ role: "function", name: "a", content: "Hello" }] }, "messages[0].role", "invalid_value"],
  [{ messages: [...HELLO, { role: "user" }] }, "messages[1].content", "missing_required_parameter"],
  [content(null), "messages[0].content", "missing_required_parameter"],
  [content(5), "messages[0].content", "invalid_type"],
  [content(["a"]), "messages[0].content[0]", "invalid_type"],
  [content([{ text: "a" }]), "messages[0].content[0].type", "missing_required_parameter"],
  [content([{ type: 1, text: "a" }]), "messages[0].content[0].type", "invalid_type"],
  [content([{ type: "text" }]), "messages[0].content[0].text", "missing_required_parameter"],
  [content([{ type: "text", text: 5 }]), "messages[0].content[0].text", "invalid_type"],
  [content([{ type: "text", text: "a" }, image]), "messages[0].content[1].type", "unsupported_value"],
  [{ messages: [{ role: "assistant", tool_calls: [{}] }] }, "messages[0].tool_calls", "unsupported_parameter"],
  [{ messages: [{ role: "assistant", audio: { id: "a" } }] }, "messages[0].audio", "unsupported_parameter"],
];

const badCompletions = [
  [{ prompt: undefined }, "prompt", "missing_required_parameter"],
  [{ prompt: 5 }, "prompt", "invalid_type"],
  [{ prompt: [] }, "prompt", "empty_array"],
  [{ prompt: [[]] }, "prompt[0]", "empty_array"],
  [{ prompt: ["a", 1] }, "prompt[1]", "invalid_type"],
  [{ prompt: [1, "a"] }, "prompt[1]", "invalid_type"],
  [{ prompt: [[1], 1] }, "prompt[1]", "invalid_type"],
  [{ prompt: [{}] }, "prompt[0]", "invalid_type"],
  [{ prompt: [1, null] }, "prompt[1]", "invalid_type"],
  [{ prompt: [1, 1000] }, "prompt[1]", "integer_above_max_value"],
  [{ prompt: [[-1]] }, "prompt[0][0]", "integer_below_min_value"],
  [{ logprobs: 6 }, "logprobs", "integer_above_max_value"],
  [{ logprobs: true }, "logprobs", "invalid_type"],
  [{ echo: 1 }, "echo", "invalid_type"],
  [{ echo: true, logprobs: 0 }, "echo", "invalid_parameter_combination"],
  [{ suffix: "the end" }, "suffix", "unsupported_parameter"],
  [{ best_of: 2 }, "best_of", "unsupported_value"],
  [{ model: "other" }, "model", "model_not_found", 404],
  [{ max_tokens: 0 }, "max_tokens", "integer_below_min_value"],
  [{ messages: HELLO }, "messages", "unknown_parameter"],
];

for (const [params, param, code, status] of badChats) {
  test(`chat refuses ${JSON.stringify(params)}`, () => refuses(chat(params), param, code, status));
}

for (const [params, param, code, status] of badCompletions) {
  test(`completions refuse ${JSON.stringify(params)}`, () => refuses(completion(params), param, code, status));
}

test("what is refused is named", async () => {
  const wordsOf = async (params) => (await refusalOf(chat(params))).message;
  assert.match(await wordsOf(content([image])), /'image_url'/);
  assert.match(await wordsOf({ model: "other" }), /'other'.*'fake'/);
  assert.match(await wordsOf({ temperature: 3 }), /expected a number from 0 to 2, but got 3\.$/);
  assert.match(await wordsOf({ top_p: 0 }), /expected a number above 0, up to 1, but got 0\.$/);
  assert.match(await wordsOf({ max_tokens: 0 }), /expected an integer of at least 1, but got 0\.$/);
  assert.match(await wordsOf({ n: 1.5 }), /expected an integer, but got the number 1\.5\.$/);
  assert.match(await wordsOf({ messages: "Hi" }), /expected an array of messages, but got a string\.$/);
  assert.match(await wordsOf({ truncation: "x" }), /expected one of 'auto', 'disabled', but got 'x'\.$/);
  assert.match(await wordsOf({ stream_options: [] }), /expected an object, but got an empty array\.$/);
  assert.match(await wordsOf({ logit_bias: [1] }), /expected an object, but got an array\.$/);
  assert.match(await wordsOf({ stop: [null] }), /expected a string, but got nothing\.$/);
});

test("parameters that are no object are refused", async () => {
  const { api } = faked([["Hi"]]);
  for (const params of [undefined, null, "Hello", []]) {
    await refuses(() => api.chat.completions.create(params), null, "invalid_type");
    await refuses(() => api.completions.create(params), null, "invalid_type");
  }
});

test("a promise rejects, a stream's `create` throws", async () => {
  const { api } = faked([["Hi"]]);
  const bad = { messages: HELLO, temperature: 3 };
  await assert.rejects(api.chat.completions.create(bad), { code: "decimal_above_max_value" });
  assert.throws(() => api.chat.completions.create({ ...bad, stream: true }), { code: "decimal_above_max_value" });
});

test("what is of no consequence is ignored, and so is null", async () => {
  const harmless = ["user", "store", "metadata", "service_tier", "parallel_tool_calls", "prompt_cache_key"];
  const ignored = Object.fromEntries([...harmless, "reasoning_effort", "verbosity"].map((name) => [name, "x"]));
  const idle = { tools: [], tool_choice: "none", functions: [], function_call: "auto", modalities: ["text"] };
  const read = ["model", "temperature", "top_p", "top_k", "min_p", "n", "stop", "seed", "max_tokens", "logprobs"];
  const more = ["top_logprobs", "logit_bias", "stream", "stream_options", "truncation", "response_format", "signal"];
  const nulls = Object.fromEntries([...harmless, ...read, ...more, "tools", "audio"].map((name) => [name, null]));
  for (const params of [ignored, idle, nulls, { suffix: "" }, { unheardOf: undefined }]) {
    assert.deepEqual(await optionsOf(params), { temperature: 1, topP: 1 });
  }
});

test("parameters become options of the run", async () => {
  const params = {
    model: "fake",
    temperature: 0,
    top_p: 0.5,
    top_k: 40,
    min_p: 0.1,
    repetition_penalty: 1.1,
    frequency_penalty: -2,
    presence_penalty: 2,
    logit_bias: { 5: -100, 999: 3.5 },
    max_completion_tokens: 7,
    seed: 42,
    logprobs: true,
    top_logprobs: 3,
    response_format: { type: "json_schema", json_schema: { name: "a", schema, strict: true } },
  };
  assert.deepEqual(await optionsOf(params), {
    temperature: 0,
    topP: 0.5,
    topK: 40,
    minP: 0.1,
    repetitionPenalty: 1.1,
    frequencyPenalty: -2,
    presencePenalty: 2,
    logitBias: { 5: -100, 999: 3.5 },
    maxTokens: 7,
    seed: 42,
    logprobs: 3,
    constraint: { schema },
  });
  const few = { temperature: 1, topP: 1, maxTokens: 3 };
  assert.deepEqual(await optionsOf({ max_tokens: 3, top_k: 0, logit_bias: {} }), few);
  assert.deepEqual(await optionsOf({ max_tokens: 3, top_k: 1000 }), few);
  assert.equal((await optionsOf({ logprobs: true })).logprobs, 0);
  assert.equal((await optionsOf({ seed: -1 })).seed, 2 ** 32 - 1);
  assert.equal((await optionsOf({ seed: 2 ** 32 + 5 })).seed, 5);
});

test("formats become constraints", async () => {
  const constraintOf = async (response_format) => (await optionsOf({ response_format })).constraint;
  assert.equal(await constraintOf({ type: "text" }), undefined);
  assert.deepEqual(await constraintOf({ type: "json_object" }), { schema: { type: "object" } });
  assert.deepEqual(await constraintOf({ type: "regex", regex: "a+" }), { regex: "a+" });
});

test("messages become the template's", async () => {
  const { api, model } = faked([["Hi"]]);
  const messages = [
    { role: "system", content: "a" },
    { role: "developer", content: ["b", "c"].map((text) => ({ type: "text", text })) },
    { role: "user", content: "", name: "someone" },
    { role: "assistant", content: "d", refusal: null, reasoning_content: "e", tool_calls: [] },
    { role: "assistant", content: null },
    { role: "tool", content: "f", tool_call_id: "1" },
  ];
  await api.chat.completions.create({ messages });
  assert.deepEqual(model.runs[0].prompt.messages, [
    { role: "system", content: "a" },
    { role: "system", content: "bc" },
    { role: "user", content: "" },
    { role: "assistant", content: "d" },
    { role: "assistant", content: "" },
    { role: "tool", content: "f" },
  ]);
});
