// Stop strings and reasoning: however a text is cut into tokens, the same comes of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutAtRandom, cuts, randoms } from "./fake.mjs";
import { api } from "./load.mjs";

const { AnswerReader, PieceBuffer } = api;

/** Reads a text that comes in pieces; `steps` are what was given out after each of them. */
function read(pieces, { stops = [], reasoning, tail = "" } = {}) {
  const reader = new AnswerReader({ stops, reasoning });
  const said = { content: "", reasoning: "", tokens: [], steps: [] };
  const take = (delta) => {
    said.content += delta.content;
    said.reasoning += delta.reasoning;
    said.tokens.push(...delta.logprobs.map(({ logprob, offset }) => ({ id: logprob.id, offset })));
    said.steps.push(delta);
  };
  let fed = 0;
  for (const [id, text] of pieces.entries()) {
    if (reader.stopped) break;
    take(reader.push({ text, logprob: { id, bytes: new Uint8Array(), logprob: 0, top: [] } }));
    fed += 1;
  }
  take(reader.finish(tail));
  return { ...said, stopped: reader.stopped, fed, reasoningTokens: reader.reasoningTokens };
}

/** What stop strings mean: the text grows by a character, until it ends in one of them. */
function stoppedAt(text, stops) {
  for (let length = 1; length <= text.length; length += 1) {
    const ends = stops.filter((stop) => text.slice(0, length).endsWith(stop));
    if (ends.length > 0) return length - Math.max(...ends.map((stop) => stop.length));
  }
  return undefined;
}

/** What the tags mean, of a whole text. */
function parted(text, thinking) {
  const start = text.trimStart();
  const opened = start.startsWith("<think>");
  if (!opened && !thinking) return { reasoning: "", content: text };
  const inside = opened ? start.slice("<think>".length) : text;
  const close = inside.indexOf("</think>");
  const trimmed = (reasoning) => reasoning.replace(/^[\r\n]+|[\r\n]+$/g, "");
  if (close < 0) return { reasoning: trimmed(inside), content: "" };
  const content = inside.slice(close + "</think>".length).replace(/^[\r\n]+/, "");
  return { reasoning: trimmed(inside.slice(0, close)), content };
}

function checkStops(text, stops, pieces) {
  const cut = stoppedAt(text, stops);
  const said = read(pieces, { stops });
  assert.equal(said.content, text.slice(0, cut), `${JSON.stringify(pieces)} up to ${JSON.stringify(stops)}`);
  assert.equal(said.stopped, cut !== undefined);
  // The log-probabilities are those of the tokens whose text begins before the cut, each once and in its place.
  let offset = 0;
  const wanted = [];
  for (const [id, piece] of pieces.entries()) {
    if (cut === undefined || offset < cut) wanted.push({ id, offset });
    offset += piece.length;
  }
  assert.deepEqual(said.tokens, wanted);
}

test("stop strings are found however the text is cut", () => {
  const cases = [
    ["ab</s>cd", ["</s>"]],
    ["aaab", ["aab"]],
    ["xabcdx", ["abcd", "bc"]],
    ["xabcdx", ["bcd", "abcd", "cd"]],
    ["ababac", ["abac"]],
    ["abcabd", ["abd", "abcabc"]],
    ["\n\nUser:", ["\nUser:"]],
    ["no stop", ["stopped"]],
    ["STOP", ["STOP"]],
    ["a😀b😁c", ["😁"]],
  ];
  for (const [text, stops] of cases) for (const pieces of cuts(text)) checkStops(text, stops, pieces);
});

test("stop strings are found in random texts of few letters", () => {
  const random = randoms(1);
  const letter = () => (random() < 0.5 ? "a" : "b");
  const word = (most) => Array.from({ length: 1 + Math.floor(random() * most) }, letter).join("");
  for (let round = 0; round < 3000; round += 1) {
    const text = word(40);
    const stops = Array.from({ length: 1 + Math.floor(random() * 4) }, () => word(7));
    checkStops(text, stops, cutAtRandom(text, random));
  }
});

test("text that may begin a stop string is held back, and no more than that", () => {
  const { steps } = read(["Hello <", "b", ">", " <e", "nd>", "!"], { stops: ["<end>"] });
  assert.deepEqual(
    steps.map(({ content }) => content),
    ["Hello ", "<b", ">", " ", "", ""],
  );
});

test("a stop string ends the text with the token that completes it", () => {
  assert.equal(read(["a", "<e", "nd>", "b", "c"], { stops: ["<end>"] }).fed, 3);
});

test("a stop string may be completed by the text that comes last, without a token", () => {
  const said = read(["a<"], { stops: ["<end>"], tail: "end>b" });
  assert.deepEqual([said.content, said.stopped], ["a", true]);
});

test("half a character has its log-probability with the character", () => {
  const { steps, tokens } = read(["a", "", "", "é", "b"]);
  assert.deepEqual(
    steps.slice(0, 4).map(({ content, logprobs }) => [content, logprobs.length]),
    [
      ["a", 1],
      ["", 0],
      ["", 0],
      ["é", 3],
    ],
  );
  assert.deepEqual(
    tokens.map(({ offset }) => offset),
    [0, 1, 1, 1, 2],
  );
});

test("reasoning is told from the answer however the text is cut", () => {
  const texts = [
    "<think>a</think>b",
    "<think>\na\n</think>\n\nb",
    "\n<think>a</think>",
    "<think>a",
    "<think></think>a",
    "<thin>a",
    "<think",
    "a<think>b</think>c",
    "a</think>b",
    "a\n<b\n</think>\nc",
    "<think>a</thin</think>b<think>c</think>",
    " \n a",
    "\n",
    "",
  ];
  for (const text of texts) {
    for (const thinking of [false, true]) {
      const wanted = parted(text, thinking);
      for (const pieces of cuts(text, text.length > 14 ? 3 : Infinity)) {
        const { reasoning, content } = read(pieces, { reasoning: { thinking } });
        assert.deepEqual({ reasoning, content }, wanted, `${JSON.stringify(pieces)}, thinking: ${thinking}`);
      }
    }
  }
});

test("reasoning and stop strings together, in random texts", () => {
  const random = randoms(2);
  const bits = ["<think>", "</think>", "<", "think", ">", "/", "\n", "a", "b ", "stop"];
  const bit = () => bits[Math.floor(random() * bits.length)];
  const tag = (text) => (random() < 0.7 ? text : "");
  for (let round = 0; round < 5000; round += 1) {
    const some = () => Array.from({ length: Math.floor(random() * 6) }, bit).join("");
    const text = tag("<think>") + some() + tag("</think>\n") + some();
    const thinking = random() < 0.3;
    const stops = ["stop", "a<", "\nb"].filter(() => random() < 0.5);
    const { reasoning, content } = parted(text, thinking);
    const cut = stoppedAt(content, stops);
    const pieces = cutAtRandom(text, random);
    const said = read(pieces, { stops, reasoning: { thinking } });
    const context = JSON.stringify({ pieces, stops, thinking });
    assert.equal(said.reasoning, reasoning, context);
    assert.equal(said.content, content.slice(0, cut), context);
    assert.equal(said.stopped, cut !== undefined, context);
  }
});

test("tokens of the reasoning are counted, tags included", () => {
  const count = (pieces, thinking = false) => read(pieces, { reasoning: { thinking } }).reasoningTokens;
  assert.equal(count(["<think>", "a", "b", "</think>", "\n", "c"]), 4);
  assert.equal(count(["<", "think", ">", "a", "</thi", "nk>c", "d"]), 6);
  assert.equal(count(["a", "</think>", "b"], true), 2);
  assert.equal(count(["<think>", "a", "b"]), 3);
  assert.equal(count(["a", "<think>", "b", "</think>"]), 0);
  assert.equal(read(["a"], { reasoning: { thinking: true }, tail: "b" }).reasoningTokens, 1);
});

test("log-probabilities are those of the answer only", () => {
  const said = read(["<think>", "a", "</think>\nb", "c"], { reasoning: { thinking: false } });
  assert.deepEqual(said.tokens, [
    { id: 2, offset: 0 },
    { id: 3, offset: 1 },
  ]);
});

test("stop strings are not looked for in the reasoning", () => {
  const said = read(["<think>a.", "b</think>", "c.d"], { stops: ["."], reasoning: { thinking: false } });
  assert.deepEqual([said.reasoning, said.content], ["a.b", "c"]);
});

test("a buffer keeps what a piece without text stands before", () => {
  const buffer = new PieceBuffer();
  for (const text of ["", "ab", "", "c", ""]) buffer.push({ text });
  const texts = (pieces) => pieces.map(({ text }) => text);
  assert.deepEqual(texts(buffer.take(1)), ["", "a"]);
  assert.deepEqual(texts(buffer.take(1)), ["b"]);
  assert.equal(buffer.text, "c");
  assert.deepEqual(texts(buffer.takeAll()), ["", "c", ""]);
  assert.equal(buffer.text, "");
});
