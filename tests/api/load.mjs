// The OpenAI-shaped half, bundled as it is at this moment, and the `openai` client, which lies in web/node_modules.
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
export const require = createRequire(path.join(root, "web", "package.json"));
const { build } = require("esbuild");

const modules = ["index", "answer", "pieces", "reasoning", "stops"];

const { outputFiles } = await build({
  stdin: {
    contents: modules.map((name) => `export * from "./${name}.ts";`).join("\n"),
    resolveDir: path.join(root, "web", "ts", "api"),
  },
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  sourcemap: "inline",
  logLevel: "warning",
});

const bundle = Buffer.from(outputFiles[0].contents).toString("base64");
export const api = await import(`data:text/javascript;base64,${bundle}`);
export const { OpenAI } = require("openai");
