// Servers that change, know no ranges, hide headers, or lie.
import assert from "node:assert/strict";
import { begin, loadWell, MIB, PIECE, sha256, theOne } from "./store.page.mjs";

/** What the server sends differs from what it sent before. */
export async function wrongBytes(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  await loadWell(stage, driver);
  const flips = [2 * PIECE + 5];
  await driver.ask("damage", { name: "data", flips });
  server.behave({ flipAt: 2 * PIECE + 99, flipTimes: 1 });
  await loadWell(stage, driver);
  assert.equal(server.requests, 2, "the wrong piece was fetched again");
  await driver.ask("damage", { name: "data", flips });
  server.behave({ flipAt: 2 * PIECE + 99, flipTimes: Infinity });
  await driver.ask("open", { id: 1, address: server.url });
  const { sentence } = await driver.refusal("readAll", { id: 1 });
  assert.match(sentence, /other bytes than it sent before/);
  assert.equal(server.requests, 3);
  await driver.ask("close", { id: 1 });
  assert.deepEqual(await driver.ask("list"), [], "what cannot be trusted is thrown away");
  server.behave();
  await loadWell(stage, driver);
  await driver.close();
}

async function changedBetween(stage, validators, others) {
  const { server } = stage;
  const original = server.body;
  const driver = await begin(stage, { ...validators, cutAt: 18 * MIB });
  await driver.ask("open", { id: 1, address: server.url });
  await driver.refusal("readAll", { id: 1 });
  await driver.reload();
  assert((await driver.ask("pieces")).length >= 1);
  server.behave({ ...validators, ...others });
  server.body = Buffer.from(original).reverse();
  try {
    const { digest, fetched, fromStore } = await driver.load(server.url);
    assert.equal(digest, sha256(server.body), "two versions were mixed");
    assert(fetched >= server.body.length && fromStore < original.length / 4);
    assert.equal((await theOne(driver)).complete, true);
  } finally {
    server.body = original;
    await driver.close();
  }
}

export async function serverChanged(stage) {
  const { server } = stage;
  const modified = "Mon, 03 Jun 2024 10:00:00 GMT";
  await changedBetween(stage, {}, { etag: '"two"' });
  await changedBetween(stage, { etag: undefined, modified }, { modified: "Mon, 03 Jun 2024 10:00:01 GMT" });
  // Nothing that would tell: what is half stored cannot be gone on with.
  await changedBetween(stage, { etag: undefined }, {});
  await changedBetween(stage, { etag: 'W/"weak"' }, {});

  // In the middle of a load: neither mixed nor kept, also if the connection breaks and another has to go on.
  const driver = await begin(stage, { cutAfter: 17 * MIB, cutTimes: 1 });
  server.onChunk = (at) => at >= 16 * MIB && Object.assign(server, { etag: '"two"' });
  await driver.ask("open", { id: 1, address: server.url });
  const { sentence, reason } = await driver.refusal("readAll", { id: 1 });
  assert.match(sentence, /has changed on the server: load the model again/);
  assert.equal(reason, "changed");
  await driver.ask("close", { id: 1 });
  assert.deepEqual(await driver.ask("list"), []);
  server.behave({ etag: '"two"' });
  await loadWell(stage, driver);
  await driver.close();
}

/** Servers whose answers can only be read from the beginning, each with a smaller file in smaller pieces. */
export async function withoutRanges(stage) {
  const hides = [{ expose: "" }, { rangeCors: false }, { etag: undefined }];
  const servers = [{ ranges: false }, { ranges: false, etag: undefined }, ...hides];
  for (const how of servers) {
    await withSmallFile(stage, () => fromTheBeginning(stage, how));
  }
  await withSmallFile(stage, () => changedFromTheBeginning(stage));
}

const SMALL = { pieceBytes: MIB, window: 2 * MIB };

async function withSmallFile(stage, work) {
  const { body } = stage.server;
  stage.server.body = body.subarray(0, 10 * MIB - 54_321);
  try {
    await work();
  } finally {
    stage.server.body = body;
  }
}

async function fromTheBeginning(stage, how) {
  const { server } = stage;
  const { length } = server.body;
  for (const store of [true, false]) {
    const driver = await begin(stage, how);
    const state = await loadWell(stage, driver, { ...SMALL, store });
    assert.equal(state.fetched, length, `${JSON.stringify(how)}: fetched more than once`);
    assert.deepEqual(state.notices, []);
    // Backwards.
    server.behave(how);
    await driver.ask("open", { id: 2, address: server.url, options: { ...SMALL, store } });
    for (const offset of [7.5 * MIB, MIB / 2, 4 * MIB + 5]) {
      const expected = sha256(server.body.subarray(offset, offset + 1.5 * MIB));
      assert.equal(await driver.ask("read", { id: 2, offset, length: 1.5 * MIB }), expected);
    }
    const { fetched } = await driver.ask("state", { id: 2 });
    await driver.ask("close", { id: 2 });
    assert(fetched <= (store ? 0 : length), `${JSON.stringify(how)}: what passed was not held, ${fetched} bytes`);
    await driver.close();
  }
  // A cut: from the beginning, without giving out or keeping anything twice.
  const cutAfter = 5.5 * MIB;
  const driver = await begin(stage, { ...how, cutAfter, cutTimes: 1 });
  const state = await loadWell(stage, driver, SMALL);
  assert(state.fetched > length && state.fetched <= length + cutAfter, `${state.fetched} bytes`);
  assert.equal((await theOne(driver)).complete, true);
  await driver.ask("damage", { name: "data", flips: [5.5 * MIB] });
  server.behave(how);
  await loadWell(stage, driver, SMALL);
  assert(server.requests > 0, "the damage was not noticed");
  // Half stored, and a page that is loaded anew.
  await driver.ask("remove", { model: server.url });
  server.behave({ ...how, cutAt: cutAfter });
  await driver.ask("open", { id: 3, address: server.url, options: SMALL });
  await driver.refusal("readAll", { id: 3 });
  await driver.reload();
  server.behave(how);
  await loadWell(stage, driver, SMALL);
  assert.equal((await theOne(driver)).complete, true);
  await driver.close();
}

/** The file changes while it has to be begun again, and nothing but its bytes tells. */
async function changedFromTheBeginning(stage) {
  const { server } = stage;
  const original = server.body;
  const driver = await begin(stage, { ranges: false, etag: undefined, cutAfter: 5.5 * MIB, cutTimes: 1 });
  // The response under way goes on with the bytes that it has.
  server.onChunk = (at) => {
    if (at >= 5 * MIB) server.body = Buffer.from(original).reverse();
  };
  await driver.ask("open", { id: 1, address: server.url, options: SMALL });
  const { sentence } = await driver.refusal("readAll", { id: 1 });
  assert.match(sentence, /other bytes than it sent before/);
  await driver.ask("close", { id: 1 });
  assert.deepEqual(await driver.ask("list"), []);
  await driver.close();
}

/** Responses that end early, and properly, are gone on with. */
export async function shortAnswers(stage) {
  const driver = await begin(stage, { endAfter: 9 * MIB });
  const state = await loadWell(stage, driver);
  assert.equal(state.fetched, stage.server.body.length);
  await driver.close();
}

export async function refusals(stage) {
  const { server } = stage;
  const driver = await begin(stage);
  const seen = [];
  const refuse = async (how, pattern, reason) => {
    server.behave(how);
    let refusal = await driver.tell("open", { id: 1, address: `${server.url}?signature=secret` });
    if (!refusal.error) {
      refusal = await driver.refusal("readAll", { id: 1 });
      refusal.error = refusal.sentence;
      await driver.ask("discard", { id: 1 });
    }
    assert.match(refusal.error, /^\S[^\n]{15,400}[.!]$/);
    assert.match(refusal.error, pattern, JSON.stringify(how));
    assert.doesNotMatch(refusal.error, /secret|undefined/);
    assert.equal(refusal.reason, reason, refusal.error);
    assert.deepEqual(await driver.ask("list"), [], "a failure left something in the store");
    seen.push(refusal.error);
    return server.requests;
  };
  assert.equal(await refuse({ status: 404 }, /no such file on the server/, "missing"), 1);
  assert.equal(await refuse({ status: 403 }, /denies access \(403\)/, "denied"), 1);
  assert.equal(await refuse({ status: 401 }, /denies access \(401\)/, "denied"), 1);
  assert.equal(await refuse({ status: 416 }, /empty/, "unusable"), 1);
  assert.equal(await refuse({ status: 500 }, /answers 500; try again later/, "unreachable"), 3);
  assert.equal(await refuse({ status: 429 }, /answers 429; try again later/, "unreachable"), 3);
  assert.equal(await refuse({ status: 418 }, /answers 418; check the address/, "unusable"), 1);
  await refuse({ cors: false }, /must send "Access-Control-Allow-Origin"/, "unreachable");
  await refuse({ expose: "ETag", plain: false }, /Content-Range must be listed in Access-Control-Expose-Headers/, "unusable");
  await refuse({ dead: true }, /cannot be reached/, "unreachable");
  await refuse({ ranges: false, length: false }, /"Content-Length"/, "unusable");
  await refuse({ expose: "", length: false }, /Content-Length|Access-Control-Expose-Headers/, "unusable");
  assert.equal(await refuse({ shift: 1 }, /other bytes than were asked for/, "unusable"), 3);
  assert.equal(await refuse({ endAfter: 9 * MIB, etag: undefined }, /connection ended after/, "unreachable"), 3);
  assert.equal(await refuse({ surplus: 100 }, /sends 41888819 bytes and calls them bytes 0-/, "unusable"), 3);
  await refuse({ cutAt: 10 * MIB }, /connection broke/, "unreachable");
  await driver.close();
  return seen.map((sentence) => `\n    ${sentence}`).join("");
}
