//! Text ↔ ids, and chat templates.
//!
//! A tokenizer comes from a GGUF file's vocabulary or from a `tokenizer.json`. Words and merges are the `tokenizers`
//! crate's; the control tokens (`<|im_end|>`) are found here, because who wrote a piece of text decides whether one may
//! be found in it: in what a user typed, `<|im_end|>` is ordinary text. A rendered chat template ([`Rendered`]) is one
//! text of which the users' ranges are known. It is split at the control tokens that touch no such range, and nowhere
//! else, so words form across the edges of the users' text as they do in Hugging Face's tokenization of the whole.
//! Tokens that a vocabulary calls user-defined (in tokenizer.json: added and not special) are ordinary text that happens
//! to be one token; they are found everywhere, as in Hugging Face's.

mod added;
mod builtins;
mod gguf;
mod json;
mod load;
mod marks;
mod metered;
mod pre;
mod python;
mod sandbox;
mod split;
mod spm;
mod stream;
mod template;

use std::ops::Range;
use std::sync::Arc;

use tokenizers::Model;

use crate::{Error, Result};
use added::Added;
use gguf::Built;
pub use stream::Stream;
use stream::{Decoding, Text};
pub use template::{ChatTemplate, Message, Rendered};

/// The vocabulary of a GGUF file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Vocab<'a> {
    /// `tokenizer.ggml.model`: "gpt2" is byte-level BPE, "llama" SentencePiece, "t5" unigram over words.
    pub model: &'a str,
    /// `tokenizer.ggml.pre`: how a text is split into words before byte-level BPE.
    pub pre: &'a str,
    /// `general.architecture`: Gemma and Phi-3 have rules of their own that no key says.
    pub architecture: &'a str,
    /// `tokenizer.ggml.tokens` by id.
    pub tokens: &'a [String],
    /// `tokenizer.ggml.merges`, the most frequent first: two tokens with a space between.
    pub merges: &'a [String],
    /// `tokenizer.ggml.scores` by id, for SentencePiece.
    pub scores: Option<&'a [f32]>,
    /// `tokenizer.ggml.token_type` by id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    pub token_types: Option<&'a [i32]>,
    /// `tokenizer.ggml.add_space_prefix`: SentencePiece puts a space before a text; it does if the file says nothing.
    pub add_space_prefix: Option<bool>,
    /// `tokenizer.ggml.remove_extra_whitespaces`: SentencePiece takes runs of spaces as one, and none at the ends.
    pub remove_extra_whitespaces: bool,
    /// The file has a `tokenizer.ggml.precompiled_charsmap`.
    pub charsmap: bool,
}

/// The ids with a meaning of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Special {
    /// Begins a text.
    pub bos: Option<u32>,
    /// Every id that ends a turn; the first is the one that templates call `eos_token`.
    pub eos: Vec<u32>,
    /// A text on its own begins with `bos`.
    pub add_bos: bool,
    /// A text on its own ends with the first of `eos`.
    pub add_eos: bool,
}

/// Turns text into ids and back. A clone shares the vocabulary.
#[derive(Debug, Clone)]
pub struct Tokenizer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Words, merges and normalization; its own added tokens are not used.
    words: tokenizers::Tokenizer,
    added: Added,
    decoding: Decoding,
    /// What characters become that the vocabulary has nothing for; never a control token.
    unknown: Option<u32>,
    special: Special,
    vocab_len: usize,
}

impl Inner {
    fn is_special(&self, id: u32) -> bool {
        let special = self.added.get(id).is_some_and(|token| token.special);
        special && self.unknown != Some(id)
    }
}

impl Tokenizer {
    /// A tokenizer from the vocabulary of a GGUF file.
    pub fn from_gguf(vocab: Vocab, special: Special) -> Result<Self> {
        Self::new(gguf::build(&vocab, &special)?, special, vocab.tokens.len())
    }

    /// A tokenizer from the bytes of a `tokenizer.json`. Its post-processor says what a text on its own begins and ends
    /// with, and which ids these are, whatever `special` says. As in transformers 5, which drops `add_bos_token` and
    /// `add_eos_token` of a tokenizer_config.json beside a tokenizer.json, they are not read from there.
    pub fn from_json(tokenizer_json: &[u8], mut special: Special) -> Result<Self> {
        let built = json::build(tokenizer_json)?;
        json::add_ends(&built.words, &mut special)?;
        let ids = built.words.get_vocab(true).into_values();
        let last = ids
            .max()
            .ok_or_else(|| Error::model("The tokenizer.json has no tokens; get the file again."))?;
        Self::new(built, special, last as usize + 1)
    }

    fn new(built: Built, special: Special, vocab_len: usize) -> Result<Self> {
        for id in special.bos.iter().chain(&special.eos) {
            if *id as usize >= vocab_len {
                return Err(Error::model(format!(
                    "The model's special token {id} is outside of its vocabulary of {vocab_len}; get the file again."
                )));
            }
        }
        Ok(Self(Arc::new(Inner {
            added: Added::new(built.added, built.words.get_normalizer()),
            words: built.words,
            decoding: built.decoding,
            unknown: built.unknown,
            special,
            vocab_len,
        })))
    }

    /// The ids of a text that anyone may have written: control tokens in it are ordinary text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        self.ids(text, std::slice::from_ref(&(0..text.len())))
    }

    /// The ids of a text that is trusted as a whole: control tokens in it are found.
    pub fn encode_with_special(&self, text: &str) -> Result<Vec<u32>> {
        self.ids(text, &[])
    }

    /// The ids of a rendered chat template: control tokens are found where the template wrote them.
    pub fn encode_rendered(&self, rendered: &Rendered) -> Result<Vec<u32>> {
        self.ids(&rendered.text, &rendered.user)
    }

    /// The ids of a text on its own, with the beginning and the end that the model was trained with.
    pub fn encode_document(&self, text: &str) -> Result<Vec<u32>> {
        let special = self.special();
        let mut ids = Vec::new();
        ids.extend(special.bos.filter(|_| special.add_bos));
        ids.extend(self.encode(text)?);
        ids.extend(special.eos.first().filter(|_| special.add_eos));
        Ok(ids)
    }

    fn ids(&self, text: &str, user: &[Range<usize>]) -> Result<Vec<u32>> {
        let (ids, controls) = split::ids(&self.0, text, user).map_err(|error| {
            Error::request(format!(
                "The text cannot be turned into tokens ({error}); change it."
            ))
        })?;
        let seen = ids.iter().filter(|id| self.0.is_special(**id)).count();
        if seen != controls {
            return Err(Error::model(
                "The tokenizer makes a control token out of ordinary text, which is not safe; use another model.",
            ));
        }
        Ok(ids)
    }

    /// The text of ids; bytes that are no text become U+FFFD. With `skip_special`, control tokens are left out.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String> {
        self.text_of(self.0.decoding, ids, skip_special)
    }

    fn text_of(&self, decoding: Decoding, ids: &[u32], skip_special: bool) -> Result<String> {
        let (mut text, mut out) = (Text::new(decoding), String::new());
        for id in ids {
            if let Some(spelling) = self.spelling(*id, skip_special)? {
                text.push(&spelling, &mut out);
            }
        }
        text.finish(&mut out);
        Ok(out)
    }

    /// A decoder for ids that come one at a time; it leaves control tokens out.
    pub fn stream(&self) -> Stream {
        Stream::new(self.clone())
    }

    /// How a token is spelled; None if there is none of that id, or it is a control token to skip.
    fn spelling(&self, id: u32, skip_special: bool) -> Result<Option<String>> {
        if let Some(token) = self.0.added.get(id) {
            let shown = !(skip_special && token.special);
            return Ok(shown.then(|| token.text.clone()));
        }
        if id as usize >= self.vocab_len() {
            return Err(Error::request(format!(
                "The id {id} is outside of the vocabulary of {}; ask for smaller ids.",
                self.vocab_len()
            )));
        }
        Ok(self.0.words.get_model().id_to_token(id))
    }

    /// The spellings of the control tokens.
    pub fn special_texts(&self) -> impl Iterator<Item = &str> {
        self.0.added.special_texts()
    }

    /// How many ids there are.
    pub fn vocab_len(&self) -> usize {
        self.0.vocab_len
    }

    /// Whether the id ends a turn.
    pub fn is_end(&self, id: u32) -> bool {
        self.0.special.eos.contains(&id)
    }

    /// The text of one token, control tokens included; parts of a character are U+FFFD. None outside of the vocabulary.
    pub fn token_text(&self, id: u32) -> Option<String> {
        let decoding = match self.0.decoding {
            Decoding::Pieces { .. } => Decoding::Pieces { strip: false },
            Decoding::Metaspace { .. } => Decoding::Metaspace { prefix: false },
            Decoding::ByteLevel => Decoding::ByteLevel,
        };
        self.text_of(decoding, &[id], false).ok()
    }

    /// The bytes that a token adds to a text, a control token's spelling included; those of a part of a character are no text by
    /// themselves. None outside of the vocabulary.
    pub fn token_bytes(&self, id: u32) -> Option<Vec<u8>> {
        let added = self
            .0
            .added
            .get(id)
            .map(|token| token.text.clone().into_bytes());
        let spelled = || self.spelling(id, false).ok().flatten();
        added.or_else(|| spelled().map(|spelling| self.0.decoding.bytes(&spelling)))
    }

    /// Whether the id is a control token's, which no text has.
    pub fn is_control(&self, id: u32) -> bool {
        self.0.is_special(id)
    }

    /// The ids with a meaning of their own.
    pub fn special(&self) -> &Special {
        &self.0.special
    }
}
