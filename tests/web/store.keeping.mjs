// What is kept, through cuts, crashes of a page and damage.
import assert from "node:assert/strict";
import { begin, loadWell, MIB, openPage, PIECE, sha256, theOne } from "./store.page.mjs";
import { randomNumbers } from "./store.server.mjs";

const SEED = Number(process.env.STORE_SEED ?? 20240607);

export async function keeps(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  const before = Date.now();
  const cold = await loadWell(stage, driver);
  assert.deepEqual(cold.notices, []);
  assert.equal(cold.fetched, server.body.length, "bytes were fetched twice");
  assert.equal(server.requests, 1, "one response is enough");
  assert.equal(server.log[0].ifRange, undefined, "If-Range needs a preflight");
  assert(cold.fromStore < server.body.length / 4, "only what overlaps is read again");
  for (const listed of [await driver.ask("list"), await driver.askPage("list")]) {
    const [{ lastUsed, ...model }, ...others] = listed;
    assert.deepEqual(others, []);
    const { length } = server.body;
    assert.deepEqual(model, { source: server.url, name: "model.gguf", bytes: length, storedBytes: length, complete: true });
    assert(lastUsed >= before && lastUsed <= Date.now());
  }
  // Whole: the network is not asked, even if it is not there.
  server.behave({ dead: true });
  const { lastUsed } = await theOne(driver);
  await driver.reload();
  const warm = await loadWell(stage, driver);
  assert.equal(server.requests, 0);
  assert.equal(warm.fetched, 0);
  assert(warm.fromStore >= server.body.length);
  assert((await theOne(driver)).lastUsed > lastUsed, "opening counts as use");
  // A header alone is not worth the whole file.
  await driver.close();
  const other = await begin(stage);
  await other.ask("open", { id: 1, address: server.url });
  await other.ask("read", { id: 1, offset: 0, length: MIB });
  await other.page.waitForTimeout(300);
  const early = await other.fetched();
  // The piece, one ahead, and what the browser gives at once, which is up to 2 MiB.
  assert(early <= 2 * PIECE + 2 * MIB, `${early} bytes for a header`);
  assert.equal((await theOne(other)).complete, false);
  // Who reads slowly is not run away from: three pieces wait, and the beginning of another.
  for (let offset = MIB; offset < 17 * MIB; offset += MIB) await other.ask("read", { id: 1, offset, length: MIB });
  await other.page.waitForTimeout(500);
  const ahead = (await other.fetched()) - 20 * MIB;
  assert(ahead > PIECE && ahead <= 3 * PIECE + 2 * MIB, `${ahead} bytes ahead`);
  await other.ask("close", { id: 1 });
  await other.close();
}

export async function blobs(stage) {
  const driver = await begin(stage);
  for (const ask of ["ask", "askPage"]) {
    const { refused, ...seen } = await driver[ask]("blob");
    assert.deepEqual(seen, { name: "a.gguf", size: 60_000, same: true, rest: 0, nameless: "model" });
    assert.equal(refused.pop(), true);
    assert.equal(refused.length, 4);
    for (const sentence of refused) assert.match(sentence, /^a.gguf has 60000 bytes, so bytes .* cannot be read from it; .*\.$/);
  }
  await driver.close();
}

/** A connection that is cut again and again, and a page that is reloaded each time. */
export async function cuts(stage) {
  const { server } = stage;
  const random = randomNumbers(SEED);
  const driver = await begin(stage);
  const offsets = Array.from({ length: 20 }, () => Math.floor(random() * server.body.length)).sort((a, b) => a - b);
  let fetched = 0;
  let stored = [];
  for (const cutAt of [...offsets, Infinity]) {
    server.behave({ cutAt });
    const { error, value } = await driver.tell("open", { id: 1, address: server.url });
    if (!error) {
      const read = await driver.tell("readAll", { id: 1 });
      if (cutAt === Infinity) assert.equal(read.value, stage.digest);
      else assert.match(read.error, /cannot be read: .*(try again|connection)/);
    } else {
      assert(cutAt < Infinity, error);
    }
    for (const { start, end } of server.log) {
      const twice = stored.filter((index) => index * PIECE >= start && index * PIECE < end);
      assert.deepEqual(twice, [], `pieces were there and were asked for again, cut at ${cutAt}`);
    }
    const came = await driver.fetched();
    fetched += came;
    if (cutAt === Infinity) await driver.ask("close", { id: 1 });
    else await driver.reload();
    const now = value || stored.length > 0 || came >= PIECE ? await driver.ask("pieces") : [];
    const more = now.length - stored.length;
    assert(more >= Math.floor(came / PIECE), `${came} bytes came, and ${more} pieces were kept`);
    stored = now;
  }
  const extra = fetched - server.body.length;
  assert(extra >= 0 && extra <= offsets.length * PIECE, `${extra} bytes were fetched twice`);
  server.behave({ dead: true });
  await loadWell(stage, driver);
  await driver.close();
  return `seed ${SEED}, ${(extra / MIB).toFixed(1)} MiB of cut pieces fetched again`;
}

/** A connection that breaks and comes back goes on in the middle of a piece. */
export async function goesOn(stage) {
  const { server } = stage;
  const driver = await begin(stage, { cutAfter: 5 * MIB + 12345, cutTimes: 6 });
  const state = await loadWell(stage, driver);
  assert.equal(server.requests, 7);
  assert.equal(state.fetched, server.body.length, "bytes were fetched twice");
  assert.equal((await theOne(driver)).complete, true);
  // The same when nothing is kept.
  server.behave({ cutAfter: 5 * MIB + 12345, cutTimes: 6 });
  const unkept = await loadWell(stage, driver, { store: false });
  assert.equal(unkept.fromStore, 0);
  assert.deepEqual(unkept.notices, []);
  // A server that falls silent is left after a while, which passes faster here.
  await driver.ask("hurry");
  let silences = 0;
  server.behave();
  server.onChunk = (at) => at >= 10 * MIB && silences++ === 0 && new Promise(() => undefined);
  await loadWell(stage, driver, { store: false });
  assert.equal(server.requests, 2);
  await driver.reload();
  // Trouble that passes.
  server.behave({ status: 503, statusTimes: 2 });
  await driver.ask("remove", { model: server.url });
  await loadWell(stage, driver);
  await driver.close();
}

/** Bytes that the engine never asks for. */
export async function finishes(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  await driver.ask("open", { id: 1, address: server.url });
  for (const offset of [0, 13 * MIB, 38 * MIB, 25 * MIB]) {
    const expected = sha256(server.body.subarray(offset, offset + MIB));
    assert.equal(await driver.ask("read", { id: 1, offset, length: MIB }), expected);
  }
  const before = (await driver.ask("pieces")).length;
  assert(before >= 4 && before < 10, `${before} pieces`);
  await driver.ask("finish", { id: 1 });
  await driver.ask("close", { id: 1 });
  assert.equal((await theOne(driver)).complete, true);
  const asked = server.log.reduce((sum, { start, end }) => sum + end - start, 0);
  server.behave({ dead: true });
  await loadWell(stage, driver);
  // Half stored and no server: what is there can be read.
  server.behave({ cutAt: 18 * MIB });
  await driver.ask("remove", { model: server.url });
  await driver.ask("open", { id: 2, address: server.url });
  await driver.refusal("readAll", { id: 2 });
  await driver.reload();
  // A connection that is cut can take with it what was on its way.
  const end = (await driver.ask("pieces")).length * PIECE;
  assert(end >= PIECE && end <= 4 * PIECE);
  await driver.ask("open", { id: 3, address: server.url });
  assert.equal(await driver.ask("read", { id: 3, offset: MIB, length: end - MIB }), sha256(server.body.subarray(MIB, end)));
  await driver.refusal("read", { id: 3, offset: 20 * MIB, length: 1 });
  await driver.ask("close", { id: 3 });
  await driver.close();
  return `${Math.round(asked / MIB)} MiB asked for`;
}

export async function damage(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  await loadWell(stage, driver);
  // The last byte of piece 2, the first of piece 3, one of the last piece.
  server.behave();
  await driver.ask("damage", { name: "data", flips: [3 * PIECE - 1, 3 * PIECE, server.body.length - 1] });
  await loadWell(stage, driver);
  const pieces = ({ start, end }) => Array.from({ length: Math.ceil((end - start) / PIECE) }, (_, more) => start / PIECE + more);
  const asked = server.log.flatMap(pieces);
  assert.deepEqual(asked, [2, 3, 9], "the pieces that differ are fetched, and no others");
  server.behave({ dead: true });
  await loadWell(stage, driver);
  // Data that ends early.
  server.behave();
  await driver.ask("damage", { name: "data", cut: 5 * PIECE + 7 });
  const state = await loadWell(stage, driver);
  assert.equal(state.fetched, server.body.length - 5 * PIECE);
  // A journal that ends early, and one that is damaged in a line.
  server.behave();
  await driver.ask("damage", { name: "journal", cut: (await driver.ask("length", { name: "journal" })) - 1 });
  assert.equal((await driver.ask("pieces")).length, 9);
  await loadWell(stage, driver);
  assert.equal(server.bytes, server.body.length - 9 * PIECE);
  server.behave();
  await driver.ask("damage", { name: "journal", flips: [(await driver.ask("length", { name: "journal" })) - 100] });
  assert.equal((await driver.ask("pieces")).length, 9);
  await loadWell(stage, driver);
  assert.equal(server.requests, 1);
  assert.equal((await theOne(driver)).complete, true);
  await driver.close();
}

export async function tornJournals(stage) {
  const driver = await begin(stage);
  const whole = stage.server.body;
  stage.server.body = whole.subarray(0, 75_000);
  try {
    const given = { address: stage.server.url, pieceBytes: 16_384, expected: sha256(stage.server.body) };
    await driver.load(given.address, { pieceBytes: given.pieceBytes });
    assert.equal((await driver.ask("pieces")).length, 5);
    const { lengths, bad } = await driver.ask("tear", given);
    assert.deepEqual(bad, []);
    return `${lengths} lengths`;
  } finally {
    stage.server.body = whole;
    await driver.close();
  }
}
