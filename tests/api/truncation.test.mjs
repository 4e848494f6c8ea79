// Conversations that are too long: ten tokens a message, a context of 100, and room for a quarter of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { all, faked } from "./fake.mjs";

/** Messages by their roles, "s", "u", "a" and "t", numbered. */
function talk(roles) {
  const names = { s: "system", u: "user", a: "assistant", t: "tool" };
  return Array.from(roles, (role, index) => ({ role: names[role], content: String(index) }));
}

async function kept(roles, params = {}, how = {}) {
  const { api, model } = faked([["Hi"]], how);
  const messages = talk(roles);
  const answer = await api.chat.completions.create({ messages, truncation: "auto", ...params });
  const last = model.runs.at(-1).prompt.messages;
  assert.equal(answer.truncated_messages ?? 0, messages.length - last.length);
  return { indices: last.map(({ content }) => Number(content)).join(" "), runs: model.runs, answer };
}

test("what fits is left whole", async () => {
  const { indices, answer, runs } = await kept("suauaua");
  assert.equal(indices, "0 1 2 3 4 5 6");
  assert.equal("truncated_messages" in answer, false);
  assert.equal(runs.length, 1);
});

test("the oldest turns go, the system's messages stay", async () => {
  assert.equal((await kept("suauauauau")).indices, "0 5 6 7 8 9");
  assert.equal((await kept("ssuauauauauau")).indices, "0 1 8 9 10 11 12");
  assert.equal((await kept("uauasuauauau")).indices, "4 7 8 9 10 11");
});

test("a turn is a user's message with all that follows it", async () => {
  assert.equal((await kept("suataauataau")).indices, "0 6 7 8 9 10 11");
  assert.equal((await kept("sauauauauau")).indices, "0 6 7 8 9 10");
});

test("as few turns go as it takes", async () => {
  for (let turns = 1; turns <= 40; turns += 1) {
    const { indices, runs } = await kept("s" + "ua".repeat(turns - 1) + "u");
    const wanted = Math.min(turns, 3);
    assert.equal(indices.split(" ").length, 2 * wanted);
    assert.ok(runs.length <= 8, `${runs.length} attempts for ${turns} turns`);
    // One that was too long never started; the others were closed before they computed anything.
    for (const { ended, produced } of runs.slice(0, -1)) assert.deepEqual([ended, produced], ["dropped", 0]);
  }
});

test("there is room for max_tokens, if they are fewer than a quarter of the context", async () => {
  assert.equal((await kept("uauauauaua", { max_tokens: 1 })).indices, "2 3 4 5 6 7 8 9");
  assert.equal((await kept("uauauauaua", { max_tokens: 20 })).indices, "2 3 4 5 6 7 8 9");
  assert.equal((await kept("uauauauaua", { max_tokens: 21 })).indices, "4 5 6 7 8 9");
  assert.equal((await kept("uauauauaua", { max_tokens: 1000 })).indices, "4 5 6 7 8 9");
});

test("the last turn stays, even if it leaves less room", async () => {
  assert.equal((await kept("uaua" + "s".repeat(8) + "u")).indices, "4 5 6 7 8 9 10 11 12");
  assert.equal((await kept("s".repeat(8) + "u")).indices, "0 1 2 3 4 5 6 7 8");
});

test("a last turn that does not fit is an error", async () => {
  for (const roles of ["s".repeat(11) + "u", "uaua" + "s".repeat(10) + "u", "u" + "a".repeat(11), "s".repeat(11)]) {
    await assert.rejects(kept(roles), { code: "context_length_exceeded", status: 400 });
  }
});

test("other errors are not taken for a conversation too long", async () => {
  const { api, model } = faked([["Hi"]]);
  const lost = new Error("The GPU is gone.");
  model.run = async function* () {
    throw lost;
  };
  await assert.rejects(api.chat.completions.create({ messages: talk("uau"), truncation: "auto" }), lost);
});

test("all choices are made of the same messages", async () => {
  const { runs, answer } = await kept("suauauauau", { n: 3 });
  const answered = runs.filter(({ ended }) => ended === "end").map(({ prompt }) => prompt.messages);
  assert.equal(answered.length, 3);
  assert.deepEqual(answered[1], answered[0]);
  assert.equal(answer.truncated_messages, 4);
});

test("a stream says what was left out on its first chunk", async () => {
  const { api } = faked([["Hi"]]);
  const request = { messages: talk("suauauauau"), truncation: "auto", stream: true, n: 2 };
  const chunks = await all(api.chat.completions.create(request));
  assert.deepEqual(
    chunks.map((chunk) => chunk.truncated_messages),
    [4, ...chunks.slice(1).map(() => undefined)],
  );
});
