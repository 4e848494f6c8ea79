//! Which tokens may come next where an answer has to be JSON by a schema, or what a regular expression matches: llguidance
//! for JavaScript, a module of its own, which is loaded when somebody asks for it.

use std::sync::Arc;

use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use serde_json::{Value, json};
use toktrie::{ApproximateTokEnv, TokEnv, TokRxInfo, TokTrie};
use wasm_bindgen::prelude::*;

/// A model's vocabulary, as grammars need it.
#[wasm_bindgen]
pub struct Vocabulary {
    factory: ParserFactory,
    /// Ids that end an answer.
    ends: Vec<u32>,
}

#[wasm_bindgen]
impl Vocabulary {
    /// A vocabulary by the bytes of its tokens, one after the other, and how many each has. Bytes of control tokens begin
    /// with 0xff, which no text has; `ends` are ids that end an answer.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8], lengths: &[u32], ends: Vec<u32>) -> Result<Vocabulary, JsError> {
        let mut words = Vec::with_capacity(lengths.len());
        let mut rest = bytes;
        for length in lengths {
            let (word, behind) = rest.split_at_checked(*length as usize).ok_or_else(|| {
                JsError::new("The vocabulary has fewer bytes than its lengths say.")
            })?;
            words.push(word.to_vec());
            rest = behind;
        }
        let eos = *ends.first().ok_or_else(|| {
            JsError::new("The model has no token that ends an answer, so its answers cannot be held to a format.")
        })?;
        let trie = TokTrie::from(&TokRxInfo::new(words.len() as u32, eos), &words);
        let env: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let mut factory = ParserFactory::new_simple(&env).map_err(|e| refusal(&e))?;
        factory.quiet();
        Ok(Self { factory, ends })
    }

    /// A grammar by a JSON schema, which is JSON itself.
    pub fn schema(&self, schema: &str) -> Result<Grammar, JsError> {
        let schema: Value = serde_json::from_str(schema).map_err(|e| refusal(&e))?;
        self.grammar(TopLevelGrammar::from_json_schema(compact(schema)))
    }

    /// A grammar by a regular expression, which the whole answer matches.
    pub fn regex(&self, regex: &str) -> Result<Grammar, JsError> {
        self.grammar(TopLevelGrammar::from_regex(regex))
    }

    fn grammar(&self, grammar: TopLevelGrammar) -> Result<Grammar, JsError> {
        let matcher = Matcher::new(self.factory.create_parser(grammar));
        match matcher.get_error() {
            Some(why) => Err(refusal(&why)),
            None => Ok(Grammar {
                matcher,
                ends: self.ends.clone(),
            }),
        }
    }
}

/// Free white space invites small models to write nothing else.
fn compact(schema: Value) -> Value {
    let spaced =
        json!({ "whitespace_flexible": false, "item_separator": ", ", "key_separator": ": " });
    match schema {
        Value::Object(mut object) => {
            object.entry("x-guidance").or_insert(spaced);
            Value::Object(object)
        }
        Value::Bool(true) => json!({ "x-guidance": spaced }),
        other => other,
    }
}

/// A grammar and how far an answer has come in it.
#[wasm_bindgen]
pub struct Grammar {
    matcher: Matcher,
    ends: Vec<u32>,
}

#[wasm_bindgen]
impl Grammar {
    /// The ids that may come next: bit `id % 32` of word `id / 32`.
    pub fn mask(&mut self) -> Result<Vec<u32>, JsError> {
        let mask = self
            .matcher
            .compute_mask_or_eos()
            .map_err(|e| refusal(&e))?;
        let may_end = self.ends.first().is_some_and(|end| mask.is_allowed(*end));
        let mut words = mask.as_slice().to_vec();
        for end in self.ends.iter().filter(|_| may_end) {
            if let Some(word) = words.get_mut(*end as usize / 32) {
                *word |= 1 << (end % 32);
            }
        }
        Ok(words)
    }

    /// Goes on by an id that was chosen.
    pub fn accept(&mut self, id: u32) -> Result<(), JsError> {
        self.matcher.consume_token(id).map_err(|e| refusal(&e))
    }

    /// Whether nothing can follow.
    #[wasm_bindgen(getter)]
    pub fn complete(&self) -> bool {
        self.matcher.is_stopped()
    }
}

/// One line of what llguidance says, without its traces.
fn refusal(error: &dyn std::fmt::Display) -> JsError {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default().trim();
    JsError::new(line.trim_end_matches('.'))
}
