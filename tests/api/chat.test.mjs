// `chat.completions.create` over a model that says what it is told to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { all, Fake, fake, faked, HELLO, joined, logprobOf } from "./fake.mjs";
import { api as motet } from "./load.mjs";

/** The same request in one piece and streamed: what both say, and what became of the model's run. */
async function both(says, how, params) {
  const one = faked(says, how);
  const whole = await one.api.chat.completions.create({ messages: HELLO, ...params });
  const two = faked(says, how);
  const request = { messages: HELLO, ...params, stream: true, stream_options: { include_usage: true } };
  const chunks = await all(two.api.chat.completions.create(request));
  const { usage } = chunks.at(-1);
  assert.deepEqual(two.model.runs, one.model.runs);
  assert.deepEqual(usage, whole.usage);
  const streamed = joined(chunks);
  for (const { index, message, logprobs, finish_reason } of whole.choices) {
    assert.equal(streamed[index].content, message.content);
    assert.equal(streamed[index].reasoning, message.reasoning_content ?? "");
    assert.deepEqual(streamed[index].logprobs, logprobs?.content ?? []);
    assert.equal(streamed[index].finish_reason, finish_reason);
  }
  return { whole, chunks, runs: one.model.runs };
}

const first = ({ choices: [choice] }) => choice;

test("an answer has OpenAI's shape", async () => {
  const { whole } = await both([["Hel", "lo", "!"]]);
  const { id, created, ...rest } = whole;
  assert.match(id, /^chatcmpl-.{36}$/);
  assert.ok(Number.isInteger(created) && Math.abs(created - Date.now() / 1000) < 60);
  assert.deepEqual(rest, {
    object: "chat.completion",
    model: "fake",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hello!", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 3,
      total_tokens: 13,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
    timings: { prompt_tokens: 10, cached_tokens: 4, completion_tokens: 3, first_token_ms: 5, decode_ms: 7 },
  });
});

test("chunks have OpenAI's shape", async () => {
  const chunks = await all(fake([["Hel", "lo"]]).chat.completions.create({ messages: HELLO, stream: true }));
  const [{ id, created }] = chunks;
  const head = { id, object: "chat.completion.chunk", created, model: "fake" };
  const choice = (delta, finish_reason = null) => ({ index: 0, delta, logprobs: null, finish_reason });
  assert.deepEqual(chunks, [
    { ...head, choices: [choice({ role: "assistant", content: "" })] },
    { ...head, choices: [choice({ content: "Hel" })] },
    { ...head, choices: [choice({ content: "lo" })] },
    {
      ...head,
      choices: [choice({}, "stop")],
      timings: { prompt_tokens: 10, cached_tokens: 4, completion_tokens: 2, first_token_ms: 5, decode_ms: 7 },
    },
  ]);
});

test("with include_usage the last chunk has the usage and the others null", async () => {
  const { chunks } = await both([["Hel", "lo"]]);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.total_tokens, 12);
  for (const { usage, choices } of chunks) assert.deepEqual([usage, choices.length], [null, 1]);
});

test("the end of an answer has OpenAI's reasons", async () => {
  for (const [reason, wanted] of [["end", "stop"], ["length", "length"], ["context", "length"]]) {
    const { whole } = await both([["a"]], { reason });
    assert.equal(first(whole).finish_reason, wanted);
  }
  const { whole } = await both([["a", "b", "c"]], {}, { max_tokens: 2 });
  assert.deepEqual([first(whole).message.content, first(whole).finish_reason], ["ab", "length"]);
});

test("text that comes last without a token is part of the answer", async () => {
  const { whole } = await both([["a"]], { tail: "�" });
  assert.equal(first(whole).message.content, "a�");
  assert.equal(whole.usage.completion_tokens, 1);
});

test("a stop string ends the run at once, and usage counts what was computed", async () => {
  const { whole, runs } = await both([["a", "b<", "en", "d>c", "d", "e", "f"]], {}, { stop: "<end>" });
  assert.deepEqual([first(whole).message.content, first(whole).finish_reason], ["ab", "stop"]);
  assert.deepEqual([runs[0].produced, runs[0].ended], [4, "aborted"]);
  assert.equal(whole.usage.completion_tokens, 4);
});

test("a stop string ends the run before the text before it is given out", async () => {
  class Watched extends Fake {
    run(prompt, options) {
      this.signal = options.signal;
      return super.run(prompt, options);
    }
  }
  const model = new Watched([["a", "b<end>", "c"]]);
  const stream = new motet.OpenAi(model).chat.completions.create({ messages: HELLO, stream: true, stop: "<end>" });
  const seen = [];
  for await (const chunk of stream) seen.push([first(chunk).delta.content, model.signal.aborted]);
  assert.deepEqual(seen, [["", false], ["a", false], ["b", true], [undefined, true]]);
});

test("what only looked like a stop string is said in the end", async () => {
  const { whole } = await both([["a", "<en"]], { reason: "length" }, { stop: ["<end>", "x"] });
  assert.deepEqual([first(whole).message.content, first(whole).finish_reason], ["a<en", "length"]);
});

test("a stop string in the text that comes last counts", async () => {
  const { whole } = await both([["a<"]], { tail: "end>", reason: "length" }, { stop: "<end>" });
  assert.deepEqual([first(whole).message.content, first(whole).finish_reason], ["a", "stop"]);
});

test("reasoning comes apart from the answer", async () => {
  const { whole, chunks } = await both([["<th", "ink>\n", "I ", "see.", "\n</thi", "nk>\n\n", "Yes", "."]]);
  assert.deepEqual(first(whole).message, {
    role: "assistant",
    content: "Yes.",
    refusal: null,
    reasoning_content: "I see.",
  });
  assert.equal(whole.usage.completion_tokens_details.reasoning_tokens, 6);
  const deltas = chunks.slice(0, -1).map((chunk) => first(chunk).delta);
  assert.deepEqual(deltas, [
    { role: "assistant", content: "" },
    { reasoning_content: "I " },
    { reasoning_content: "see." },
    { content: "Yes" },
    { content: "." },
    {},
  ]);
});

test("reasoning that the prompt has opened is told, too", async () => {
  const { whole } = await both([["Hm", "</think>", "Yes"]], { thinking: true });
  assert.deepEqual([first(whole).message.reasoning_content, first(whole).message.content], ["Hm", "Yes"]);
});

test("an answer that ends in its reasoning has empty content", async () => {
  const { whole } = await both([["<think>", "Hm", "hm"]], { reason: "length" });
  assert.deepEqual([first(whole).message.content, first(whole).message.reasoning_content], ["", "Hmhm"]);
  assert.equal(whole.usage.completion_tokens_details.reasoning_tokens, 3);
});

test("a token that closes the reasoning and begins the answer becomes two chunks", async () => {
  const { chunks } = await both([["<think>a", "b</think>c"]]);
  const deltas = chunks.slice(1, -2).map((chunk) => first(chunk).delta);
  assert.deepEqual(deltas, [{ reasoning_content: "a" }, { reasoning_content: "b" }, { content: "c" }]);
});

test("with a constraint all of the text is the answer", async () => {
  const params = { response_format: { type: "regex", regex: ".*" } };
  const { whole } = await both([["<think>", "a"]], { thinking: true }, params);
  assert.deepEqual(first(whole).message, { role: "assistant", content: "<think>a", refusal: null });
});

test("log-probabilities belong to the text that is emitted", async () => {
  const bytes = [0xf0, 0x9f];
  const emoticon = [{ text: "", bytes }, { text: "😀", bytes: [0x98, 0x80] }];
  const says = ["<think>", "</think>", "Hi", ...emoticon, " <", "end", ">"];
  const { whole, chunks } = await both([says], {}, { logprobs: true, top_logprobs: 2, stop: "<end>" });
  assert.equal(first(whole).message.content, "Hi😀 ");
  const { content, refusal } = first(whole).logprobs;
  assert.equal(refusal, null);
  assert.deepEqual(
    content.map(({ token, logprob }) => [token, logprob]),
    [["Hi", -2.5], ["bytes:\\xf0\\x9f", -3.5], ["bytes:\\x98\\x80", -4.5], [" <", -5.5]],
  );
  assert.deepEqual(content[1].bytes, bytes);
  assert.deepEqual(content[0].top_logprobs, [
    { token: "Hi", bytes: [72, 105], logprob: -2.5 },
    { token: "not 2", bytes: Array.from(new TextEncoder().encode("not 2")), logprob: -9 },
  ]);
  const emoji = chunks.find((chunk) => chunk.choices[0]?.delta.content === "😀");
  assert.equal(first(emoji).logprobs.content.length, 2);
});

test("without top_logprobs there is an empty list, and without logprobs null", async () => {
  const { whole } = await both([["a"]], {}, { logprobs: true });
  assert.deepEqual(first(whole).logprobs, {
    content: [{ token: "a", bytes: [97], logprob: -0.5, top_logprobs: [] }],
    refusal: null,
  });
  assert.equal(first((await both([["a"]])).whole).logprobs, null);
});

test("log-probabilities have a number in JSON", async () => {
  class Sure extends Fake {
    async *run(prompt, options) {
      for await (const token of super.run(prompt, options)) {
        yield token.logprob ? { ...token, logprob: { ...logprobOf("a", 0), logprob: -Infinity } } : token;
      }
    }
  }
  const { chat } = new motet.OpenAi(new Sure([["a"]]));
  const { choices } = await chat.completions.create({ messages: HELLO, logprobs: true });
  assert.equal(choices[0].logprobs.content[0].logprob, -9999);
});

test("several choices come one after the other, with seeds of their own", async () => {
  const { whole, chunks, runs } = await both([["a"], ["b", "c"], ["d"]], {}, { n: 3, seed: 2 ** 32 - 2 });
  assert.deepEqual(
    whole.choices.map(({ index, message }) => [index, message.content]),
    [[0, "a"], [1, "bc"], [2, "d"]],
  );
  assert.deepEqual(
    runs.map(({ options }) => options.seed),
    [2 ** 32 - 2, 2 ** 32 - 1, 0],
  );
  assert.deepEqual(
    chunks.slice(0, -1).map((chunk) => first(chunk).index),
    [0, 0, 0, 1, 1, 1, 1, 2, 2, 2],
  );
  assert.deepEqual(whole.usage, {
    prompt_tokens: 10,
    completion_tokens: 4,
    total_tokens: 14,
    prompt_tokens_details: { cached_tokens: 4 },
    completion_tokens_details: { reasoning_tokens: 0 },
  });
  assert.equal(whole.timings.decode_ms, 21);
});

test("without a seed each choice draws its own", async () => {
  const { runs } = await both([["a"]], {}, { n: 2 });
  assert.deepEqual(
    runs.map(({ options }) => "seed" in options),
    [false, false],
  );
});

test("a stop string ends its own choice only", async () => {
  const { whole } = await both([["a", ".", "b"], ["c", "d"]], {}, { n: 2, stop: "." });
  assert.deepEqual(
    whole.choices.map(({ message }) => message.content),
    ["a", "cd"],
  );
});

test("what the model throws rejects, and is thrown by the iteration", async () => {
  const lost = new motet.MotetError("The GPU is gone: load the model again.", {
    type: "server_error",
    code: "device_lost",
    status: 500,
  });
  await assert.rejects(fake([["a", lost]]).chat.completions.create({ messages: HELLO }), lost);
  const chunks = [];
  const iterate = async () => {
    const stream = fake([["a", "b", lost]]).chat.completions.create({ messages: HELLO, stream: true });
    for await (const chunk of stream) chunks.push(chunk);
  };
  await assert.rejects(iterate, lost);
  assert.equal(joined(chunks)[0].content, "ab");
});

test("a model that ends without a word is an error", async () => {
  class Silent extends Fake {
    async *run(prompt, options) {
      for await (const token of super.run(prompt, options)) if (!token.finish) yield token;
    }
  }
  class Mute extends Fake {
    async *run() {}
  }
  for (const model of [new Silent([["a"]]), new Mute([[]])]) {
    const { chat } = new motet.OpenAi(model);
    await assert.rejects(chat.completions.create({ messages: HELLO }), { code: "internal", status: 500 });
  }
});

test("a whole conversation too long is an error, unless truncation is asked for", async () => {
  const messages = Array.from({ length: 11 }, () => HELLO[0]);
  const create = (params) => fake([["a"]]).chat.completions.create({ messages, ...params });
  await assert.rejects(create({}), { code: "context_length_exceeded", status: 400 });
  await assert.rejects(create({ truncation: "disabled" }), { code: "context_length_exceeded" });
  assert.equal((await create({ truncation: "auto" })).truncated_messages, 4);
});
