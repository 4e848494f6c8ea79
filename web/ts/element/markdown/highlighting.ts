/** The highlighter and the languages that chat models write most: a chunk of its own, loaded with the first program. */

import highlighter from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

// The names are those of `known` in languages.ts.
highlighter.registerLanguage("bash", bash);
highlighter.registerLanguage("c", c);
highlighter.registerLanguage("cpp", cpp);
highlighter.registerLanguage("csharp", csharp);
highlighter.registerLanguage("css", css);
highlighter.registerLanguage("diff", diff);
highlighter.registerLanguage("go", go);
highlighter.registerLanguage("java", java);
highlighter.registerLanguage("javascript", javascript);
highlighter.registerLanguage("json", json);
highlighter.registerLanguage("kotlin", kotlin);
highlighter.registerLanguage("markdown", markdown);
highlighter.registerLanguage("php", php);
highlighter.registerLanguage("python", python);
highlighter.registerLanguage("ruby", ruby);
highlighter.registerLanguage("rust", rust);
highlighter.registerLanguage("sql", sql);
highlighter.registerLanguage("swift", swift);
highlighter.registerLanguage("typescript", typescript);
highlighter.registerLanguage("xml", xml);
highlighter.registerLanguage("yaml", yaml);

/** The program as HTML, of `span`s with classes and of text. */
export function highlighted(program: string, language: string): string {
  return highlighter.highlight(program, { language, ignoreIllegals: true }).value;
}
