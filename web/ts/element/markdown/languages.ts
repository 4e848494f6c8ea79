/** What models write behind a fence, and the language it means; known here so that unknown ones load nothing. */

const LANGUAGES: Record<string, string> = {
  bash: "bash sh shell zsh console",
  c: "c h",
  cpp: "cpp c++ cc cxx hpp",
  csharp: "csharp c# cs",
  css: "css",
  diff: "diff patch",
  go: "go golang",
  java: "java",
  javascript: "javascript js jsx mjs cjs node",
  json: "json jsonc json5",
  kotlin: "kotlin kt",
  markdown: "markdown md",
  php: "php",
  python: "python py python3",
  ruby: "ruby rb",
  rust: "rust rs",
  sql: "sql sqlite postgresql mysql",
  swift: "swift",
  typescript: "typescript ts tsx",
  xml: "xml html svg xhtml vue",
  yaml: "yaml yml",
};

const byName = new Map(
  Object.entries(LANGUAGES).flatMap(([language, names]) => names.split(" ").map((name) => [name, language] as const)),
);

/** The highlighter's name of a language. */
export function known(name: string): string | undefined {
  return byName.get(name);
}
