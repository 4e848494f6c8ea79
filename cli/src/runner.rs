//! MODEL to something that answers: a session on the GPU, or the CPU reference behind the same few calls.

use std::rc::Rc;

use motet::Error;
use motet::format::Checkpoint;
use motet::gpu::{Gpu, GpuOptions};
use motet::model::Model;
use motet::reference::Reference;
use motet::sample::{CHOSEN, SEEN, Sampling};
use motet::session::{Session, check_prompt, room_for};
use motet::weights::Progress;
use motet_hub::Location;

use crate::args::{DeviceArgs, Tune};
use crate::failure::Failure;
use crate::progress;
use crate::prompts::Prompts;
use crate::tuning::tuned;

/// Steps that the GPU is ahead of what was read, so that it never waits.
const AHEAD: usize = 3;

/// Where a MODEL argument's files are; a model with a name is pulled if it is not here.
pub fn locate(model: &str) -> Result<String, Failure> {
    match progress::pulling(|show| motet_hub::resolve(model, show))? {
        Location::Url(url) => Ok(url),
        Location::Path(path) => path.into_os_string().into_string().map_err(|path| {
            Failure::usage(format!(
                "the path {} is no UTF-8; rename it",
                path.display()
            ))
        }),
    }
}

/// The header of a MODEL argument's files.
pub async fn header(model: &str) -> Result<Checkpoint, Failure> {
    Ok(Checkpoint::open(&locate(model)?).await?)
}

/// The model at a location, on the GPU.
pub async fn load_model(
    location: &str,
    device: &DeviceArgs,
    gpu: &GpuOptions,
) -> Result<Rc<Model>, Failure> {
    on_gpu(&Checkpoint::open(location).await?, device, gpu).await
}

async fn on_gpu(
    checkpoint: &Checkpoint,
    device: &DeviceArgs,
    gpu: &GpuOptions,
) -> Result<Rc<Model>, Failure> {
    let gpu = Gpu::open(gpu).await?;
    if device.f16 && !gpu.tier.f16 {
        return Err(Failure::work(format!(
            "the adapter {} cannot compute with f16; leave --f16 out",
            gpu.info.name
        )));
    }
    let gpu = match device.kernels_for {
        Some(_) => gpu,
        None => tuned(gpu, device.tune.unwrap_or(Tune::Auto)).await?,
    };
    let bar = progress::bytes("loading", 0);
    let mut show = |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let loaded = Model::load_with(&gpu, checkpoint, device.load_options(), &mut show).await;
    bar.finish_and_clear();
    Ok(loaded?)
}

/// A model that answers.
pub struct Runner {
    /// Its tokenizer and chat template.
    pub prompts: Prompts,
    engine: Engine,
}

enum Engine {
    Gpu {
        model: Rc<Model>,
        session: Box<Session>,
    },
    Cpu(Box<Cpu>),
}

/// The CPU reference with the sequence and the sampler of a session.
struct Cpu {
    reference: Reference,
    context: usize,
    sampling: Sampling,
    logits: Vec<f32>,  // [V], of the last token that went through the model
    marks: Vec<u32>,   // [V]: SEEN, CHOSEN
    chosen: u32,       // ids chosen since the prompt
    last: Option<u32>, // the last of them, which has not gone through the model
}

impl Runner {
    /// Loads the model at a location.
    pub async fn load(location: &str, device: &DeviceArgs) -> Result<Self, Failure> {
        let checkpoint = Checkpoint::open(location).await?;
        if device.reference {
            let prompts = Prompts::of_checkpoint(&checkpoint)?;
            let cpu = Cpu::load(&checkpoint, device.context).await?;
            return Ok(Self {
                prompts,
                engine: Engine::Cpu(Box::new(cpu)),
            });
        }
        let model = on_gpu(&checkpoint, device, &device.options()).await?;
        drop(checkpoint); // a vocabulary's strings, before more memory is asked for
        let session = Box::new(Session::new(&model, device.session_options()).await?);
        Ok(Self {
            prompts: Prompts::of_model(&model),
            engine: Engine::Gpu { model, session },
        })
    }

    /// What computes, for people.
    pub fn adapter(&self) -> String {
        match &self.engine {
            Engine::Gpu { model, .. } => model.gpu().info.name.clone(),
            Engine::Cpu(_) => "CPU reference".into(),
        }
    }

    /// The most tokens a sequence can have.
    pub fn context(&self) -> usize {
        match &self.engine {
            Engine::Gpu { session, .. } => session.context(),
            Engine::Cpu(cpu) => cpu.context,
        }
    }

    /// V, the vocabulary.
    pub fn vocabulary(&self) -> usize {
        match &self.engine {
            Engine::Gpu { model, .. } => model.config.v,
            Engine::Cpu(cpu) => cpu.reference.config().v,
        }
    }

    /// Dispatches of a decode step.
    pub fn dispatches_per_token(&self) -> usize {
        match &self.engine {
            Engine::Gpu { session, .. } => session.dispatches_per_token(),
            Engine::Cpu(_) => 0,
        }
    }

    /// Begins a sequence with `ids`, or goes on with the present one as far as it is the same.
    pub fn prompt(&mut self, ids: &[u32], sampling: &Sampling) -> Result<(), Failure> {
        match &mut self.engine {
            Engine::Gpu { session, .. } => session.prompt(ids, sampling, true)?,
            Engine::Cpu(cpu) => cpu.prompt(ids, sampling)?,
        }
        Ok(())
    }

    /// The next id; at most `wanted` ids, this one included, are computed ahead.
    pub async fn next(&mut self, wanted: usize) -> Result<u32, Failure> {
        match &mut self.engine {
            Engine::Gpu { session, .. } => {
                while session.in_flight() < wanted.min(AHEAD) {
                    session.step()?;
                }
                Ok(session.next().await?)
            }
            Engine::Cpu(cpu) => Ok(cpu.next()?),
        }
    }

    /// Ends an answer.
    pub fn stop(&mut self) {
        if let Engine::Gpu { session, .. } = &mut self.engine {
            session.stop();
        }
    }

    /// Runs `ids` as a new sequence and gives the logits `[V]` of every position to `each`, until it fails.
    pub async fn logits(
        &mut self,
        ids: &[u32],
        mut each: impl FnMut(usize, &[f32]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut outcome = Ok(());
        let each = |position: usize, logits: &[f32]| {
            if outcome.is_ok() {
                outcome = each(position, logits);
            }
        };
        match &mut self.engine {
            Engine::Gpu { session, .. } => session.logits(ids, each).await?,
            Engine::Cpu(cpu) => cpu.logits(ids, each)?,
        }
        outcome
    }
}

impl Cpu {
    async fn load(checkpoint: &Checkpoint, wanted: Option<usize>) -> Result<Self, Error> {
        let reference = Reference::load(checkpoint).await?;
        let context = room_for(reference.config(), wanted)?;
        let marks = vec![0; reference.config().v];
        let sampling = Sampling::default();
        Ok(Self {
            reference,
            context,
            sampling,
            logits: Vec::new(),
            marks,
            chosen: 0,
            last: None,
        })
    }

    fn prompt(&mut self, ids: &[u32], sampling: &Sampling) -> Result<(), Error> {
        sampling.check()?;
        self.begin(ids)?;
        self.sampling = *sampling;
        for id in ids {
            self.forward(*id)?;
        }
        Ok(())
    }

    /// Forgets the sequence and refuses prompts that a session would refuse.
    fn begin(&mut self, ids: &[u32]) -> Result<(), Error> {
        check_prompt(ids, self.context, self.reference.config().v)?;
        self.reference.reset(ids.len());
        self.marks.fill(0);
        (self.chosen, self.last) = (0, None);
        Ok(())
    }

    fn forward(&mut self, id: u32) -> Result<(), Error> {
        self.logits = self.reference.forward(id)?;
        if let Some(mark) = self.marks.get_mut(id as usize) {
            *mark |= SEEN;
        }
        Ok(())
    }

    fn next(&mut self) -> Result<u32, Error> {
        if let Some(id) = self.last {
            self.forward(id)?;
        }
        let id = self.sampling.choose(&self.logits, &self.marks, self.chosen);
        let id = id.ok_or_else(|| {
            Error::model("the model's logits are no numbers; its weights are broken")
        })?;
        if let Some(mark) = self.marks.get_mut(id as usize) {
            *mark = (*mark | SEEN) + CHOSEN;
        }
        self.chosen += 1;
        self.last = Some(id);
        Ok(id)
    }

    fn logits(&mut self, ids: &[u32], mut each: impl FnMut(usize, &[f32])) -> Result<(), Error> {
        self.begin(ids)?;
        for (position, id) in ids.iter().enumerate() {
            self.forward(*id)?;
            each(position, &self.logits);
        }
        Ok(())
    }
}
