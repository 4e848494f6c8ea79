// Checks and bundles the TypeScript half: the package in ../pkg, the element and the chat page beside it.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..");
const pkg = path.join(root, "pkg");
const ts = (name) => path.join(here, "ts", name);

/** Imports that stay imports, of files that lie side by side in pkg/: the page uses the package as any page would. */
const beside = {
  name: "beside",
  setup(build) {
    const stays = (filter, path) => build.onResolve({ filter }, () => ({ path, external: true }));
    stays(/^(\.\.\/)+motet\.js$/, "./motet.js");
    stays(/^(\.\.\/)+element\/index\.js$/, "./chat.js");
    // Libraries that the first picture of the page does without are loaded after it, and what few people need when it is used.
    stays(/\/markdown\/prose\.js$/, "./markdown.js");
    stays(/^\.\/highlighting\.js$/, "./highlighting.js");
  },
};

const shared = {
  outdir: pkg,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: true,
  external: ["./motet_web.js", "./motet_grammar.js"],
  logLevel: "warning",
};

function tsc(...args) {
  const { resolve } = createRequire(import.meta.url);
  const program = path.join(path.dirname(resolve("typescript/package.json")), "bin", "tsc");
  execFileSync(process.execPath, [program, "-p", ...args], { stdio: "inherit" });
}

/** The page's own files, and a name for this state of them. */
function precached() {
  const files = readdirSync(pkg).filter((name) => /\.(js|css|wasm|svg|webmanifest)$/.test(name)).sort();
  const hash = createHash("sha256");
  for (const name of ["../index.html", ...files]) hash.update(name).update(readFileSync(path.join(pkg, name)));
  return {
    FILES: JSON.stringify(files.map((name) => `pkg/${name}`)),
    BUILD: JSON.stringify(hash.digest("hex").slice(0, 16)),
  };
}

try {
  tsc(here, "--noEmit");
  tsc(path.join(here, "tsconfig.types.json"));
  const package_ = { motet: ts("motet.ts"), worker: ts("worker.ts") };
  const markdown = { markdown: ts("element/markdown/prose.ts"), highlighting: ts("element/markdown/highlighting.ts") };
  const element = { chat: ts("element/index.ts"), ...markdown };
  const page = { page: ts("page/main.ts"), theme: ts("page/theme.ts") };
  await build({ ...shared, entryPoints: package_ });
  await build({ ...shared, entryPoints: { ...element, ...page }, plugins: [beside] });
  for (const name of ["page.css", "manifest.webmanifest", "icon.svg", "icon-maskable.svg"]) {
    copyFileSync(path.join(here, name), path.join(pkg, name));
  }
  // The service worker last: it knows the files and their hash. It has to lie beside index.html, whose requests it answers.
  const sw = path.join(here, "sw.ts");
  await build({ ...shared, entryPoints: { sw }, outdir: root, format: "iife", sourcemap: false, define: precached() });
} catch (error) {
  // A tool that failed has said why.
  if (!("status" in error || "errors" in error)) console.error(error.message);
  process.exit(1);
}
