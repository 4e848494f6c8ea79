// The shapes against those of the `openai` package: types.ts has to compile.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { require, root } from "./load.mjs";

test("types.ts compiles", () => {
  const tsc = path.join(path.dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  const program = [tsc, "-p", path.join(root, "tests", "api")];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
});
