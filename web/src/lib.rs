//! The engine for JavaScript: thin, plain values in and out. `web/ts/motet_web.d.ts` says the same in TypeScript.
//!
//! Nothing is borrowed across an await, so that JavaScript may ask for a session's length while an id is on its way.
//! Errors are thrown as `Error`s whose message is one sentence; a panic's message goes to the console before it traps.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Object, Reflect};
use motet::format::{Checkpoint, TensorType};
use motet::gpu::{CacheType, Gpu, GpuOptions};
use motet::sample::Sampling;
use motet::session::SessionOptions;
use motet::source::Source;
use motet::tokenizer::Message;
use motet::weights::LoadOptions;
use wasm_bindgen::prelude::*;

/// What JavaScript catches.
type Thrown<T> = Result<T, JsError>;

fn thrown(error: motet::Error) -> JsError {
    JsError::new(&error.to_string())
}

fn bad(what: &str, error: impl std::fmt::Display) -> JsError {
    JsError::new(&format!("{what}: {error}."))
}

/// Panics are bugs; their place would be lost in the trap that follows.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into())
    }));
}

/// An object of plain fields.
fn object(fields: &[(&str, JsValue)]) -> Result<Object, JsError> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value)
            .map_err(|_| JsError::new("An object could not be made."))?;
    }
    Ok(object)
}

/// A value of JavaScript's that is plain data.
fn plain<T: serde::de::DeserializeOwned>(what: &str, value: &JsValue) -> Thrown<T> {
    let json = js_sys::JSON::stringify(value)
        .ok()
        .and_then(|json| json.as_string())
        .unwrap_or_default();
    serde_json::from_str(&json).map_err(|e| bad(what, e))
}

/// Plain data as a value of JavaScript's.
fn value(data: &impl serde::Serialize) -> Thrown<JsValue> {
    let failed = |e: &dyn std::fmt::Display| JsError::new(&format!("No JSON could be made: {e}."));
    let json = serde_json::to_string(data).map_err(|e| failed(&e))?;
    js_sys::JSON::parse(&json).map_err(|_| failed(&"it is broken"))
}

/// What is measured of a model.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measuring {
    ceilings: motet::gpu::ceilings::Ceilings,
    prefill: Vec<usize>,
    decode_at: Vec<usize>,
}

/// How an engine uses its device.
#[derive(serde::Deserialize)]
#[serde(default)]
struct Options {
    subgroups: bool,
    f16: bool,
}

impl Default for Options {
    fn default() -> Self {
        let GpuOptions { subgroups, f16, .. } = GpuOptions::default();
        Self { subgroups, f16 }
    }
}

/// How a model is loaded.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Loading {
    kv: CacheType,
    quantize: Option<Quantize>,
}

/// What matrices of floats can be quantized to.
#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Quantize {
    Q8_0,
    Q4_0,
}

impl Quantize {
    fn kind(self) -> TensorType {
        match self {
            Quantize::Q8_0 => TensorType::Q8_0,
            Quantize::Q4_0 => TensorType::Q4_0,
        }
    }
}

/// A GPU device and its kernels.
#[wasm_bindgen]
pub struct Engine(Rc<Gpu>);

#[wasm_bindgen]
impl Engine {
    /// Opens the adapter that the browser chooses.
    pub async fn create(options: JsValue) -> Thrown<Engine> {
        let Options { subgroups, f16 } =
            plain("The engine's options are not understood", &options)?;
        let options = GpuOptions {
            subgroups,
            f16,
            ..GpuOptions::default()
        };
        Gpu::open(&options).await.map(Engine).map_err(thrown)
    }

    /// The adapter and what is used of it.
    pub fn info(&self) -> Thrown<Object> {
        let info = &self.0.info;
        object(&[
            ("adapter", info.name.as_str().into()),
            ("backend", info.backend.as_str().into()),
            ("subgroups", self.0.tier.subgroups.into()),
            ("f16", self.0.tier.f16.into()),
            ("software", info.software.into()),
        ])
    }

    /// Measures what the adapter can do at best; it takes seconds.
    pub async fn ceilings(&self) -> Thrown<JsValue> {
        let ceilings = self.0.ceilings().await.map_err(thrown)?;
        value(&ceilings)
    }

    /// What the device raised outside of a call, if anything.
    pub fn failure(&self) -> Option<String> {
        self.0.failure()
    }

    /// Loads a GGUF from a URL (string) or a Blob.
    pub async fn load(
        &self,
        source: JsValue,
        name: String,
        on_progress: Function,
        options: JsValue,
    ) -> Thrown<Model> {
        let Loading { kv, quantize } =
            plain("The options of loading are not understood", &options)?;
        let options = LoadOptions {
            quantize: quantize.map(Quantize::kind),
        };
        let gpu = self.0.clone();
        let report = move |phase: &str, done: u64, total: u64| {
            // A callback that throws is the page's own affair and no reason to stop loading.
            let _ = on_progress.call3(
                &JsValue::NULL,
                &phase.into(),
                &(done as f64).into(),
                &(total as f64).into(),
            );
        };
        report("header", 0, 1);
        let checkpoint = open(source, name).await.map_err(thrown)?;
        report("header", 1, 1);
        let mut weights = |progress: motet::weights::Progress| {
            report("weights", progress.done, progress.total);
        };
        let model = motet::model::Model::load_with(&gpu, &checkpoint, options, &mut weights)
            .await
            .map_err(thrown)?;
        report("shaders", 0, 1);
        let session = motet::session::Session::new(
            &model,
            SessionOptions {
                context: None,
                cache: kv,
            },
        )
        .await
        .map_err(thrown)?;
        report("shaders", 1, 1);
        let (parameters, active) = model.config.parameters(&checkpoint);
        Ok(Model {
            model,
            parameters,
            active,
            cache: kv,
            first: RefCell::new(Some(session)),
        })
    }
}

async fn open(source: JsValue, name: String) -> motet::Result<Checkpoint> {
    match source.dyn_into::<web_sys::Blob>() {
        Ok(blob) => {
            let alone = async |sibling: &str| {
                Err(motet::Error::source(format!(
                    "the model's other file {sibling} was not given; open it by its URL"
                )))
            };
            Checkpoint::gguf(Source::blob(name, blob), alone).await
        }
        Err(url) => match url.as_string() {
            Some(url) => Checkpoint::open(&url).await,
            None => Err(motet::Error::request(
                "a model is opened from a URL or a Blob",
            )),
        },
    }
}

/// A model whose weights are on the GPU.
#[wasm_bindgen]
pub struct Model {
    model: Rc<motet::model::Model>,
    parameters: u64,
    active: u64,      // that a token goes through
    cache: CacheType, // of its sessions
    /// The session that loading made, so that its kernels were compiled then.
    first: RefCell<Option<motet::session::Session>>,
}

#[wasm_bindgen]
impl Model {
    /// The model's numbers, for people.
    pub fn info(&self) -> Thrown<Object> {
        let config = &self.model.config;
        object(&[
            ("name", self.model.name.as_str().into()),
            ("architecture", config.architecture.as_str().into()),
            ("parameters", (self.parameters as f64).into()),
            ("activeParameters", (self.active as f64).into()),
            ("weightBytes", (self.model.weight_bytes() as f64).into()),
            ("contextLength", (config.context as f64).into()),
            ("vocabulary", (config.v as f64).into()),
        ])
    }

    /// Plain text to ids: no special token is parsed.
    pub fn tokenize(&self, text: &str) -> Thrown<Vec<u32>> {
        self.model.tokenizer.encode(text).map_err(thrown)
    }

    /// Messages to ids through the chat template, with the generation prompt.
    pub fn render(&self, messages: JsValue) -> Thrown<Vec<u32>> {
        let messages: Vec<Message> = plain("The messages are not understood", &messages)?;
        self.model.render(&messages).map_err(thrown)
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
            cache: self.cache,
            kernels: false,
            profile: false,
        };
        let report = motet::bench::run(&model, &options, Some(ceilings), &mut |_| {}).await;
        value(&report.map_err(thrown)?)
    }

    /// A sequence of its own, with room for `context_length` tokens.
    pub async fn session(&self, context_length: Option<u32>) -> Thrown<Session> {
        let first = if context_length.is_none() {
            self.first.borrow_mut().take()
        } else {
            None
        };
        let session = match first {
            Some(session) => session,
            None => {
                let context = context_length.map(|n| n as usize);
                motet::session::Session::new(
                    &self.model,
                    SessionOptions {
                        context,
                        cache: self.cache,
                    },
                )
                .await
                .map_err(thrown)?
            }
        };
        Ok(Session(Rc::new(RefCell::new(session))))
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

/// The tokens of one sequence and their cache.
#[wasm_bindgen]
pub struct Session(Rc<RefCell<motet::session::Session>>);

#[wasm_bindgen]
impl Session {
    /// Positions that are cached or on their way.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.0.borrow().len()
    }

    /// The most tokens it can hold.
    #[wasm_bindgen(getter, js_name = contextLength)]
    pub fn context_length(&self) -> usize {
        self.0.borrow().context()
    }

    /// Submits a prompt and the choice of the first id after it.
    pub fn prompt(&self, ids: &[u32], sampling: JsValue, reuse: bool) -> Thrown<()> {
        let sampling: Sampling = plain("The sampling settings are not understood", &sampling)?;
        self.0
            .borrow_mut()
            .prompt(ids, &sampling, reuse)
            .map_err(thrown)
    }

    /// Submits one more step.
    pub fn step(&self) -> Thrown<()> {
        self.0.borrow_mut().step().map_err(thrown)
    }

    /// Waits for the oldest id that was submitted.
    pub async fn next(&self) -> Thrown<u32> {
        let session = self.0.clone();
        let id = session.borrow_mut().take().map_err(thrown)?;
        let id = id.await.map_err(thrown)?;
        session.borrow_mut().took(id);
        Ok(id)
    }

    /// Ids that were submitted and not read.
    #[wasm_bindgen(js_name = inFlight)]
    pub fn in_flight(&self) -> usize {
        self.0.borrow().in_flight()
    }

    /// Forgets what was decoded past the last id that was read.
    pub fn stop(&self) {
        self.0.borrow_mut().stop();
    }
}
