//! A device, and models that are opened for it.

use std::rc::Rc;

use js_sys::{Function, Object, Promise};
use motet::arch::Config;
use motet::format::{Checkpoint, TensorType};
use motet::gpu::{CacheType, Gpu, GpuOptions};
use motet::kv::cache_bytes;
use motet::session::{SessionOptions, room_for};
use motet::source::{Reader, Source, thrown as unreadable};
use motet::weights::{LoadOptions, planned_bytes};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::model::Model;
use crate::values::{Thrown, bad, object, plain, thrown, value};

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
#[serde(default, rename_all = "camelCase")]
struct Loading {
    kv: CacheType,
    quantize: Option<Quantize>,
    context_length: Option<usize>,
}

/// What matrices of floats can be quantized to.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Quantize {
    Q8_0,
    Q4_0,
}

impl Loading {
    fn weights(&self) -> LoadOptions {
        LoadOptions {
            quantize: self.quantize.map(|quantize| match quantize {
                Quantize::Q8_0 => TensorType::Q8_0,
                Quantize::Q4_0 => TensorType::Q4_0,
            }),
            cache: self.kv,
        }
    }

    /// Tokens of a session: what was asked for, as far as the model takes it.
    fn context(&self, config: &Config) -> motet::Result<usize> {
        room_for(config, self.context_length.map(|n| n.min(config.context)))
    }
}

/// A model by its header alone.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    name: String,
    architecture: String,
    parameters: u64,
    active_parameters: u64,
    weight_bytes: u64,
    cache_bytes: u64,
    context_length: usize,
    trained_context: usize,
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
            ("kernels", value(&self.0.kernels())?),
        ])
    }

    /// Measures what the adapter can do at best; it takes seconds.
    pub async fn ceilings(&self) -> Thrown<JsValue> {
        let ceilings = self.0.ceilings().await.map_err(thrown)?;
        value(&ceilings)
    }

    /// What a tuning is kept under, as far as the engine can tell devices apart.
    #[wasm_bindgen(js_name = tuningKey)]
    pub fn tuning_key(&self) -> String {
        self.0.tuning_key()
    }

    /// Measures which kernels are fastest here; it takes a second or two.
    pub async fn tune(&self) -> Thrown<JsValue> {
        let tuning = self.0.tune().await.map_err(thrown)?;
        value(&tuning)
    }

    /// The same device with kernels of another kind, for a model that is yet to be loaded.
    #[wasm_bindgen(js_name = withKernels)]
    pub fn with_kernels(&self, kernels: &JsValue) -> Thrown<Engine> {
        let kernels = plain("The kind of kernels is not understood", kernels)?;
        Ok(Engine(self.0.with_kernels(kernels)))
    }

    /// What the device raised outside of a call, if anything.
    pub fn failure(&self) -> Option<String> {
        self.0.failure()
    }

    /// Loads a model by its address; `open` gives a promise of the `Reader` of an address, or of undefined where there is no
    /// such file.
    pub async fn load(
        &self,
        address: String,
        open: Function,
        on_progress: Function,
        options: JsValue,
    ) -> Thrown<Model> {
        let loading: Loading = plain("The options of loading are not understood", &options)?;
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
        let checkpoint = opened(&address, &open).await?;
        report("header", 1, 1);
        let mut weights = |progress: motet::weights::Progress| {
            report("weights", progress.done, progress.total);
        };
        let options = loading.weights();
        let model = motet::model::Model::load_with(&self.0, &checkpoint, options, &mut weights)
            .await
            .map_err(thrown)?;
        report("shaders", 0, 1);
        let options = SessionOptions {
            context: Some(loading.context(&model.config).map_err(thrown)?),
            cache: loading.kv,
        };
        let first = motet::session::Session::new(&model, options)
            .await
            .map_err(thrown)?;
        report("shaders", 1, 1);
        let parameters = model.config.parameters(&checkpoint);
        Ok(Model::new(model, parameters, options, first))
    }
}

/// What loading would take, from the header alone; no device is needed.
#[wasm_bindgen]
pub async fn inspect(address: String, open: Function, options: JsValue) -> Thrown<JsValue> {
    let loading: Loading = plain("The options of loading are not understood", &options)?;
    let checkpoint = opened(&address, &open).await?;
    let config = Config::read(&checkpoint).await.map_err(thrown)?;
    let context_length = loading.context(&config).map_err(thrown)?;
    let (parameters, active_parameters) = config.parameters(&checkpoint);
    let weights = planned_bytes(&checkpoint, &config, loading.weights());
    value(&Header {
        name: checkpoint.name.clone(),
        architecture: config.architecture.clone(),
        parameters,
        active_parameters,
        weight_bytes: weights.map_err(thrown)?,
        cache_bytes: cache_bytes(&config, loading.kv, context_length),
        context_length,
        trained_context: config.context,
    })
}

async fn opened(address: &str, open: &Function) -> Thrown<Checkpoint> {
    let open = async |address: String| {
        let failed = |e: JsValue| unreadable(&e);
        let promise = open
            .call1(&JsValue::NULL, &address.into())
            .map_err(failed)?;
        let reader = JsFuture::from(Promise::resolve(&promise))
            .await
            .map_err(failed)?;
        let there = !reader.is_undefined();
        Ok(there.then(|| Source::reader(reader.unchecked_into::<Reader>())))
    };
    Checkpoint::open_by(address, open).await.map_err(thrown)
}

/// A vocabulary's id that a call named.
pub fn known(id: u32, v: usize) -> Thrown<usize> {
    let known = (id as usize) < v;
    known
        .then_some(id as usize)
        .ok_or_else(|| bad(format!("the id {id} is outside of the vocabulary of {v}")))
}
