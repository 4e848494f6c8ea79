//! The tokenizer of a `tokenizer.json`.

use serde::Deserialize;
use serde_json::json;
use tokenizers::{DecoderWrapper, ModelWrapper};

use super::Special;
use super::added::AddedToken;
use super::gguf::Built;
use super::stream::Decoding;
use crate::{Error, Result};

pub(super) fn build(tokenizer_json: &[u8]) -> Result<Built> {
    let words = tokenizers::Tokenizer::from_bytes(tokenizer_json).map_err(|error| {
        Error::model(format!(
            "The tokenizer.json cannot be read ({error}); get the file again."
        ))
    })?;
    let decoding = words.get_decoder().and_then(decoding).ok_or_else(|| {
        Error::model(
            "The tokenizer.json turns tokens into text in a way that is neither byte-level nor SentencePiece's, the kinds \
             that Motet reads; use a model with such a tokenizer.",
        )
    })?;
    let mut added: Vec<AddedToken> = words
        .get_added_tokens_decoder()
        .into_iter()
        .map(|(id, token)| AddedToken {
            id,
            special: token.special,
            lstrip: token.lstrip,
            rstrip: token.rstrip,
            single_word: token.single_word,
            normalized: token.normalized,
            text: token.content,
        })
        .collect();
    added.sort_by_key(|token| token.id);
    Ok(Built {
        unknown: unknown(&words, tokenizer_json),
        words,
        added,
        decoding,
    })
}

/// Notes what the post-processor puts around a text.
pub(super) fn add_ends(words: &tokenizers::Tokenizer, special: &mut Special) -> Result<()> {
    let Ok(encoded) = words.encode_fast("a", true) else {
        return Ok(()); // not even a letter is in the vocabulary
    };
    let (ids, added) = (encoded.get_ids(), encoded.get_special_tokens_mask());
    let Some(first) = added.iter().position(|it| *it == 0) else {
        return Ok(());
    };
    let behind = added.iter().rev().take_while(|it| **it != 0).count();
    match (&ids[..first], &ids[ids.len() - behind..]) {
        ([], []) => {}
        ([bos], []) => begins(special, *bos),
        ([], [eos]) => ends(special, *eos),
        ([bos], [eos]) => {
            begins(special, *bos);
            ends(special, *eos);
        }
        _ => {
            return Err(Error::model(
                "The tokenizer.json puts more than one token before or behind a text, which is not supported; use a model \
                 whose texts begin and end with one.",
            ));
        }
    }
    Ok(())
}

fn begins(special: &mut Special, bos: u32) {
    special.bos = Some(bos);
    special.add_bos = true;
}

fn ends(special: &mut Special, eos: u32) {
    special.eos.retain(|id| *id != eos);
    special.eos.insert(0, eos);
    special.add_eos = true;
}

fn decoding(decoder: &DecoderWrapper) -> Option<Decoding> {
    match decoder {
        DecoderWrapper::ByteLevel(_) => return Some(Decoding::ByteLevel),
        DecoderWrapper::Metaspace(it) if it.get_replacement() == '▁' => {
            let prefix =
                it.prepend_scheme != tokenizers::pre_tokenizers::metaspace::PrependScheme::Never;
            return Some(Decoding::Metaspace { prefix });
        }
        _ => {}
    }
    let step = |name| json!({ "type": name });
    let space = json!({ "type": "Replace", "pattern": { "String": "▁" }, "content": " " });
    let strip = json!({ "type": "Strip", "content": " ", "start": 1, "stop": 0 });
    let steps = [space, step("ByteFallback"), step("Fuse")];
    let decoder = serde_json::to_value(decoder).ok()?;
    match decoder.get("decoders")?.as_array()?.as_slice() {
        all if all == steps => Some(Decoding::Pieces { strip: false }),
        [most @ .., last] if most == steps && *last == strip => {
            Some(Decoding::Pieces { strip: true })
        }
        _ => None,
    }
}

/// What characters become that the vocabulary has nothing for.
fn unknown(words: &tokenizers::Tokenizer, tokenizer_json: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct File {
        model: Model,
    }
    #[derive(Deserialize)]
    struct Model {
        unk_id: Option<u32>,
    }
    match words.get_model() {
        ModelWrapper::BPE(bpe) => words.token_to_id(bpe.unk_token.as_deref()?),
        ModelWrapper::Unigram(_) => {
            let file: File = serde_json::from_slice(tokenizer_json).ok()?;
            file.model.unk_id
        }
        _ => None,
    }
}
