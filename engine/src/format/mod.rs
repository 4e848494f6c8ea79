//! Checkpoints: a model's metadata and where its tensors lie, from GGUF files or Hugging Face folders.
//!
//! Everything speaks GGUF's language from here on: its metadata keys and its tensor names. Nothing but headers is read;
//! a tensor is a byte range of a [`Source`].

mod gguf;
mod huggingface;
mod metadata;
mod safetensors;
mod tensor_type;

use std::ops::Range;

use crate::{
    Error, Result,
    source::{Location, Source},
};

pub use metadata::{Array, Metadata, Value};
pub use tensor_type::TensorType;

/// What a checkpoint was read from. Layouts differ: GGUF's `attn_q` and `attn_k` rows of llama are permuted to
/// neighbouring RoPE pairs, Hugging Face's are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One .gguf file or its splits.
    Gguf,
    /// A folder of config.json, tokenizer.json and safetensors.
    HuggingFace,
}

/// A model as it lies in its files.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The kind of files.
    pub format: Format,
    /// The file's or folder's name.
    pub name: String,
    /// Everything but tensors, under GGUF's keys.
    pub metadata: Metadata,
    /// In the order of the files.
    pub tensors: Vec<Tensor>,
    /// The files that the tensors lie in.
    pub sources: Vec<Source>,
}

/// Where a tensor lies and what its bytes are.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// GGUF's name, such as `blk.0.attn_q.weight`.
    pub name: String,
    /// How its numbers are stored.
    pub kind: TensorType,
    /// Outermost first: `[N, K]` is N rows of K numbers.
    pub shape: Vec<u64>,
    /// Index into [`Checkpoint::sources`].
    pub source: usize,
    /// Its bytes in that source.
    pub range: Range<u64>,
}

impl Checkpoint {
    /// Opens a .gguf file, the first of its splits, or a Hugging Face folder, by path or http(s) URL.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn open(location: &str) -> Result<Self> {
        let place = Location::parse(location)?;
        Self::open_at(&place, async |name: &str| place.open(name).await).await
    }

    /// The same by http(s) URL, where JavaScript opens a file by its address.
    #[cfg(target_arch = "wasm32")]
    pub async fn open_by(
        location: &str,
        open: impl AsyncFn(String) -> Result<Option<Source>>,
    ) -> Result<Self> {
        let place = Location::parse(location)?;
        Self::open_at(&place, async |name: &str| open(place.address(name)?).await).await
    }

    async fn open_at(
        place: &Location,
        open: impl AsyncFn(&str) -> Result<Option<Source>>,
    ) -> Result<Self> {
        let is_folders = |file: &str| file.ends_with(".json") || file.ends_with(".safetensors");
        match place.file().filter(|file| !is_folders(file)) {
            Some(file) => {
                let there = async |name: &str| {
                    open(name).await?.ok_or_else(|| {
                        Error::source(format!(
                            "There is no file {name} in {}; check the name.",
                            place.folder_name()
                        ))
                    })
                };
                Self::gguf(there(file).await?, there).await
            }
            None => {
                let mut checkpoint = Self::hugging_face(open).await?;
                checkpoint.name = place.folder_name();
                Ok(checkpoint)
            }
        }
    }

    /// Reads the header of a GGUF file, and those of its other splits, which are asked for by file name.
    pub async fn gguf(
        first: Source,
        open_sibling: impl AsyncFn(&str) -> Result<Source>,
    ) -> Result<Self> {
        gguf::open(first, open_sibling).await
    }

    /// Reads a Hugging Face folder, whose files are asked for by name: config.json, model.safetensors or the shards of
    /// model.safetensors.index.json, and, where they exist, generation_config.json, tokenizer.json,
    /// tokenizer_config.json and chat_template.jinja.
    pub async fn hugging_face(open: impl AsyncFn(&str) -> Result<Option<Source>>) -> Result<Self> {
        huggingface::open(open).await
    }

    /// The tensor of that name.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }
}

/// A name out of a file, fit to stand in a sentence: bounded, and without control characters.
fn shown(name: &str) -> String {
    name.chars().take(80).flat_map(char::escape_debug).collect()
}
