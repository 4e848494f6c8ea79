//! What people name a model by: a file, a folder or a URL, and the files beside it.

#[cfg(not(target_arch = "wasm32"))]
use super::Source;
use crate::{Error, Result};

#[cfg(not(target_arch = "wasm32"))]
use std::path::{Path, PathBuf};

/// A folder on disk or on a server, and the file in it that was named, if one was.
#[derive(Debug, Clone)]
pub struct Location {
    place: Place,
    file: Option<String>,
}

#[derive(Debug, Clone)]
enum Place {
    #[cfg(not(target_arch = "wasm32"))]
    Folder(PathBuf),
    /// `base` ends with a slash unless it is empty; `query` starts with its question mark unless it is empty.
    Url { base: String, query: String },
}

impl Location {
    /// Reads a path or an http(s) URL; in the browser everything is a URL, possibly relative to the page.
    pub fn parse(text: &str) -> Result<Self> {
        #[cfg(not(target_arch = "wasm32"))]
        if !is_url(text) {
            return Self::on_disk(Path::new(text));
        }
        Ok(Self::on_server(text))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn on_disk(path: &Path) -> Result<Self> {
        let path = path.canonicalize().map_err(|e| {
            Error::source(format!(
                "{} cannot be opened ({e}); check the path and its permissions.",
                path.display()
            ))
        })?;
        if path.is_dir() {
            return Ok(Self {
                place: Place::Folder(path),
                file: None,
            });
        }
        let file = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Ok(Self {
            place: Place::Folder(folder),
            file,
        })
    }

    /// The last part of a URL is a file if it has an extension that a model's file can have.
    fn on_server(url: &str) -> Self {
        let (path, query) = match url.find(['?', '#']) {
            Some(at) => url.split_at(at),
            None => (url, ""),
        };
        let query = query.split('#').next().unwrap_or_default().to_owned();
        let (base, last) = match path.rfind('/') {
            Some(slash) => path.split_at(slash + 1),
            None => ("", path),
        };
        let is_file = last.rsplit_once('.').is_some_and(|(_, extension)| {
            ["gguf", "json", "safetensors"]
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        });
        let (base, file) = match (is_file, last) {
            (true, _) => (base.to_owned(), Some(last.to_owned())),
            (false, "") => (base.to_owned(), None),
            (false, _) => (format!("{path}/"), None),
        };
        Self {
            place: Place::Url { base, query },
            file,
        }
    }

    /// The file that was named, or None for a folder.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The folder's own name, for people.
    pub fn folder_name(&self) -> String {
        match &self.place {
            #[cfg(not(target_arch = "wasm32"))]
            Place::Folder(path) => path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            Place::Url { base, .. } => base
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or(base)
                .to_owned(),
        }
    }

    /// A file of this folder, or None if there is none of that name. Names that lead out of the folder are refused.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn open(&self, name: &str) -> Result<Option<Source>> {
        self.check(name)?;
        match &self.place {
            Place::Folder(folder) => {
                let path = folder.join(name);
                if path.exists() {
                    Source::file(&path).map(Some)
                } else {
                    Ok(None)
                }
            }
            Place::Url { base, query } => {
                Source::http_if_there(&format!("{base}{name}{query}")).await
            }
        }
    }

    /// The address of a file of this folder. Names that lead out of the folder are refused.
    #[cfg(target_arch = "wasm32")]
    pub fn address(&self, name: &str) -> Result<String> {
        self.check(name)?;
        let Place::Url { base, query } = &self.place;
        Ok(format!("{base}{name}{query}"))
    }

    fn check(&self, name: &str) -> Result<()> {
        let separators: &[char] = match &self.place {
            #[cfg(not(target_arch = "wasm32"))]
            Place::Folder(_) => &['/', '\\', '\0'],
            Place::Url { .. } => &['/', '\\', '\0', '?', '#'],
        };
        let leads_out = ["", ".", ".."].contains(&name) || name.contains(separators);
        if leads_out {
            return Err(Error::source(format!(
                "The model names the file {name:?}, which is not a plain file name; get the model from a source you trust."
            )));
        }
        Ok(())
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn is_url(text: &str) -> bool {
    let starts_with = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    starts_with("http://") || starts_with("https://")
}
