//! A model that is loaded.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Object, Uint8Array, Uint32Array};
use motet::gpu::CacheType;
use motet::session::SessionOptions;
use motet::tokenizer::Message;
use wasm_bindgen::prelude::*;

use crate::session::Session;
use crate::values::{Thrown, object, plain, thrown, value};

/// What is measured of a model.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measuring {
    ceilings: motet::gpu::ceilings::Ceilings,
    prefill: Vec<usize>,
    decode_at: Vec<usize>,
}

/// A model whose weights are on the GPU.
#[wasm_bindgen]
pub struct Model {
    model: Rc<motet::model::Model>,
    parameters: (u64, u64), // all, and those that a token goes through
    options: SessionOptions,
    /// The session that loading made, so that its kernels were compiled then.
    first: RefCell<Option<motet::session::Session>>,
}

impl Model {
    pub(crate) fn new(
        model: Rc<motet::model::Model>,
        parameters: (u64, u64),
        options: SessionOptions,
        first: motet::session::Session,
    ) -> Self {
        Self {
            model,
            parameters,
            options,
            first: RefCell::new(Some(first)),
        }
    }

    fn cache(&self) -> CacheType {
        self.options.cache
    }
}

#[wasm_bindgen]
impl Model {
    /// The model's numbers, for people.
    pub fn info(&self) -> Thrown<Object> {
        let config = &self.model.config;
        let context = self.options.context.unwrap_or(config.context);
        let (experts, used) = config.moe.map_or((0, 0), |moe| (moe.e, moe.a));
        object(&[
            ("name", self.model.name.as_str().into()),
            ("architecture", config.architecture.as_str().into()),
            ("parameters", (self.parameters.0 as f64).into()),
            ("activeParameters", (self.parameters.1 as f64).into()),
            ("weightBytes", (self.model.weight_bytes() as f64).into()),
            ("contextLength", (context as f64).into()),
            ("vocabulary", (config.v as f64).into()),
            ("layers", (config.l as f64).into()),
            ("experts", (experts as f64).into()),
            ("expertsUsed", (used as f64).into()),
        ])
    }

    /// Plain text to ids: no special token is parsed.
    pub fn tokenize(&self, text: &str) -> Thrown<Vec<u32>> {
        self.model.tokenizer.encode(text).map_err(thrown)
    }

    /// Ids to text, control tokens included.
    pub fn detokenize(&self, ids: &[u32]) -> Thrown<String> {
        self.model.tokenizer.decode(ids, false).map_err(thrown)
    }

    /// The bytes that a token adds to a text; none outside of the vocabulary.
    #[wasm_bindgen(js_name = tokenBytes)]
    pub fn token_bytes(&self, id: u32) -> Vec<u8> {
        self.model.tokenizer.token_bytes(id).unwrap_or_default()
    }

    /// The bytes of all tokens, one after the other, how many each has, and the ids that end an answer. Those of control tokens
    /// begin with 0xff, which no text has.
    pub fn vocabulary(&self) -> Thrown<Object> {
        let tokenizer = &self.model.tokenizer;
        let (mut bytes, mut lengths) = (Vec::new(), Vec::new());
        for id in 0..self.model.config.v as u32 {
            let before = bytes.len();
            if tokenizer.is_control(id) {
                bytes.push(0xff);
            }
            bytes.extend(tokenizer.token_bytes(id).unwrap_or_default());
            lengths.push((bytes.len() - before) as u32);
        }
        let ends = tokenizer.special().eos.as_slice();
        object(&[
            ("bytes", Uint8Array::from(bytes.as_slice()).into()),
            ("lengths", Uint32Array::from(lengths.as_slice()).into()),
            ("ends", Uint32Array::from(ends).into()),
        ])
    }

    /// Messages to ids and text through the chat template, with the generation prompt.
    pub fn render(&self, messages: JsValue) -> Thrown<Object> {
        let messages: Vec<Message> = plain("The messages are not understood", &messages)?;
        let rendered = self.model.render_text(&messages).map_err(thrown)?;
        let ids = self.model.tokenizer.encode_rendered(&rendered);
        let ids = Uint32Array::from(ids.map_err(thrown)?.as_slice());
        object(&[("ids", ids.into()), ("text", rendered.text.into())])
    }

    /// Ids to text, as they come.
    pub fn decoder(&self) -> Decoder {
        Decoder(self.model.tokenizer.stream())
    }

    /// Whether the id ends an answer.
    #[wasm_bindgen(js_name = isEnd)]
    pub fn is_end(&self, id: u32) -> bool {
        self.model.tokenizer.is_end(id)
    }

    /// How often each expert of each layer was chosen, `[L, E]`; empty for a model without experts.
    pub async fn experts(&self) -> Thrown<Vec<u32>> {
        let model = self.model.clone();
        model.expert_usage().await.map_err(thrown)
    }

    /// Measures prompts and decode steps, those that fit what the model was trained for, beside the ceilings that
    /// `Engine.ceilings` gave. The same report as of `motet bench --json`.
    pub async fn bench(&self, measuring: JsValue) -> Thrown<JsValue> {
        let Measuring {
            ceilings,
            mut prefill,
            decode_at,
        } = plain("What is to be measured is not understood", &measuring)?;
        let model = self.model.clone();
        prefill.retain(|tokens| *tokens <= model.config.context);
        let options = motet::bench::Options {
            prefill,
            decode_at,
            context: None,
            cache: self.cache(),
            kernels: false,
            profile: false,
        };
        let report = motet::bench::run(&model, &options, Some(ceilings), &mut |_| {}).await;
        value(&report.map_err(thrown)?)
    }

    /// A sequence of its own.
    pub async fn session(&self) -> Thrown<Session> {
        let first = self.first.borrow_mut().take();
        let session = match first {
            Some(session) => session,
            None => motet::session::Session::new(&self.model, self.options)
                .await
                .map_err(thrown)?,
        };
        Ok(Session::new(session, self.model.config.v))
    }
}

/// Ids to text, never half a character.
#[wasm_bindgen]
pub struct Decoder(motet::tokenizer::Stream);

#[wasm_bindgen]
impl Decoder {
    /// The text that is certain now that `id` came.
    pub fn push(&mut self, id: u32) -> Thrown<String> {
        self.0.push(id).map_err(thrown)
    }

    /// The text that is left.
    pub fn finish(&mut self) -> String {
        self.0.finish()
    }
}
