//! A folder's tokenizer.json, chat template, and the ids that begin and end a text; whether they are added to one is said by
//! tokenizer.json (see `Tokenizer::from_json`).

use serde_json::{Map, Value as Json};

use super::{config::Config, json_object, text};
use crate::{Error, Result, format::Metadata, source::Source};

pub(super) async fn add(
    metadata: &mut Metadata,
    config: &Config,
    open: &impl AsyncFn(&str) -> Result<Option<Source>>,
) -> Result<()> {
    if let Some(tokenizer) = text(open, "tokenizer.json").await? {
        metadata.set("tokenizer.huggingface.json", tokenizer);
    }
    if let Some(template) = chat_template(open).await? {
        metadata.set("tokenizer.chat_template", template);
    }
    let generation = json_object(open, "generation_config.json")
        .await?
        .unwrap_or_default();
    let vocabulary = metadata.u32(&format!("{}.vocab_size", config.architecture.name))?;
    let ids = |name: &str| ids(name, &generation, config, vocabulary);
    if let Some(&bos) = ids("bos_token_id")?.first() {
        metadata.set("tokenizer.ggml.bos_token_id", bos);
    }
    let eos = ids("eos_token_id")?;
    if let Some(&first) = eos.first() {
        metadata.set("tokenizer.ggml.eos_token_id", first);
        metadata.set("tokenizer.ggml.eos_token_ids", eos);
    }
    Ok(())
}

/// chat_template.jinja, or else the one in tokenizer_config.json: a string, or a list of which one is called "default".
async fn chat_template(
    open: &impl AsyncFn(&str) -> Result<Option<Source>>,
) -> Result<Option<String>> {
    if let Some(template) = text(open, "chat_template.jinja").await? {
        return Ok(Some(template));
    }
    let config = json_object(open, "tokenizer_config.json")
        .await?
        .unwrap_or_default();
    let template = match config.get("chat_template") {
        Some(Json::Array(named)) => {
            let default = named
                .iter()
                .find(|it| it.get("name").and_then(Json::as_str) == Some("default"));
            default.and_then(|it| it.get("template"))
        }
        other => other,
    };
    match template {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(template)) => Ok(Some(template.clone())),
        Some(_) => Err(Error::model(
            "tokenizer_config.json has a chat_template that is no text; get another copy of the model.",
        )),
    }
}

/// One id or a list of them. generation_config.json has the last word where it says something, as in transformers.
fn ids(
    name: &str,
    generation: &Map<String, Json>,
    config: &Config,
    vocabulary: u32,
) -> Result<Vec<u32>> {
    let said = generation
        .get(name)
        .filter(|it| !it.is_null())
        .or(config.get(name));
    let list = match said {
        None => return Ok(Vec::new()),
        Some(Json::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let id = |it: &Json| {
        it.as_u64()
            .and_then(|it| u32::try_from(it).ok())
            .filter(|&it| it < vocabulary)
    };
    list.iter().map(id).collect::<Option<_>>().ok_or_else(|| {
        Error::model(format!(
            "The model's {name} is outside of its vocabulary of {vocabulary}; get another copy of the model."
        ))
    })
}
