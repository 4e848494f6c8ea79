/** Which tokens may come next, where an answer has to have a form; the module that knows is loaded when it is first needed. */

import { isCrash, refusal, sentence } from "./errors.js";
import type { Grammar as Rules, Vocabulary } from "./motet_grammar.js";
import type { Model } from "./motet_web.js";
import type { Constraint } from "./protocol.js";

/** A grammar and how far an answer has come in it. */
export type Grammar = Rules;

/** The vocabulary of the worker's only model. */
let vocabulary: Promise<Vocabulary> | undefined;

/** The grammar of a constraint, at its beginning. */
export async function grammarOf(model: Model, constraint: Constraint): Promise<Grammar> {
  vocabulary ??= vocabularyOf(model);
  const known = await vocabulary;
  try {
    return "schema" in constraint ? known.schema(JSON.stringify(constraint.schema)) : known.regex(constraint.regex);
  } catch (error) {
    if (isCrash(error)) throw error;
    const what = "schema" in constraint ? "JSON schema" : "regular expression";
    throw refusal(`The ${what} cannot be used (${sentence(error)}): change it.`, "invalid_schema", "response_format");
  }
}

async function vocabularyOf(model: Model): Promise<Vocabulary> {
  try {
    const { default: init, Vocabulary } = await import("./motet_grammar.js");
    await init();
    const { bytes, lengths, ends } = model.vocabulary();
    return new Vocabulary(bytes, lengths, ends);
  } catch (error) {
    vocabulary = undefined;
    throw error;
  }
}
