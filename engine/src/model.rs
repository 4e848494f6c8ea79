//! A model ready to answer: its numbers, its weights on the GPU, its tokenizer and its chat template.

use std::rc::Rc;

use crate::arch::Config;
use crate::format::Checkpoint;
use crate::gpu::Gpu;
use crate::session;
use crate::tokenizer::{ChatTemplate, Message, Rendered, Tokenizer};
use crate::weights::{self, LoadOptions, Progress, Weights};
use crate::{Error, Result};

/// A model on a device.
pub struct Model {
    /// The checkpoint's name.
    pub name: String,
    /// Its numbers.
    pub config: Config,
    /// Text to ids and back.
    pub tokenizer: Tokenizer,
    /// Messages to text; `None` where the file has no template. One that is refused is an error only for those who chat.
    pub template: Result<Option<ChatTemplate>>,
    pub(crate) gpu: Rc<Gpu>,
    /// Its matrices and vectors, on the device.
    pub weights: Weights,
}

impl Model {
    /// Checks the checkpoint, then puts its weights on the GPU.
    ///
    /// # Errors
    /// A model that is broken or not supported (before any weight is read), bytes that cannot be had, a device that is
    /// too small or fails.
    pub async fn load(
        gpu: &Rc<Gpu>,
        checkpoint: &Checkpoint,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Rc<Self>> {
        Self::load_with(gpu, checkpoint, LoadOptions::default(), progress).await
    }

    /// The same, with options.
    ///
    /// # Errors
    /// As of `load`, and options that mean nothing for this model.
    pub async fn load_with(
        gpu: &Rc<Gpu>,
        checkpoint: &Checkpoint,
        options: LoadOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Rc<Self>> {
        let config = Config::read(checkpoint).await?;
        let tokenizer = Tokenizer::from_metadata(&checkpoint.metadata)?;
        let template = ChatTemplate::from_metadata(&checkpoint.metadata, &tokenizer);
        let soon = |weights: &Weights| match gpu.compiles_ahead() {
            true => session::kernels(gpu, &config, weights, options.cache),
            false => Ok(Vec::new()),
        };
        let weights = weights::load(gpu, checkpoint, &config, options, progress, soon).await?;
        let name = checkpoint.name.clone();
        Ok(Rc::new(Self {
            name,
            config,
            tokenizer,
            template,
            gpu: gpu.clone(),
            weights,
        }))
    }

    /// A conversation as ids, with the prompt for the next answer.
    ///
    /// # Errors
    /// The model has no chat template, or one that cannot be used; the template refuses the messages.
    pub fn render(&self, messages: &[Message]) -> Result<Vec<u32>> {
        self.tokenizer.encode_rendered(&self.render_text(messages)?)
    }

    /// The same as text.
    ///
    /// # Errors
    /// As of `render`.
    pub fn render_text(&self, messages: &[Message]) -> Result<Rendered> {
        let template = self.template.as_ref().map_err(Clone::clone)?.as_ref();
        let template = template.ok_or_else(|| {
            Error::model("this model has no chat template; give it a prompt as plain text instead")
        })?;
        template.render(messages, true)
    }

    /// How often each expert of each layer was chosen since loading, `[L, E]`, by tokens of prompts and of answers; none of a
    /// model without experts.
    ///
    /// # Errors
    /// The device failed.
    pub async fn expert_usage(&self) -> Result<Vec<u32>> {
        let experts = self.config.moe.map_or(0, |moe| moe.e);
        let bytes = 4 * self.config.l * experts;
        if bytes == 0 {
            return Ok(Vec::new());
        }
        let counts = self.gpu.download(&self.weights.usage, bytes as u64).await?;
        Ok(bytemuck::pod_collect_to_vec(&counts))
    }

    /// The device it is on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Bytes of GPU memory its weights take.
    pub fn weight_bytes(&self) -> u64 {
        self.weights.bytes()
    }
}
