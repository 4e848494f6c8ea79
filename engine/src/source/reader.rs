//! A file that JavaScript reads: behind HTTP, in the browser's storage, or a `Blob` that the user chose.

use std::ops::Range;

use js_sys::{Error as JsError, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use super::Piece;
use crate::{Error, Result};

#[wasm_bindgen]
extern "C" {
    /// web/ts/store/reader.ts says what it promises: exactly the bytes asked for, or an error that is a sentence.
    #[derive(Clone)]
    pub type Reader;
    /// The file's name, for people.
    #[wasm_bindgen(method, getter)]
    pub fn name(this: &Reader) -> String;
    /// Its size in bytes.
    #[wasm_bindgen(method, getter)]
    pub fn size(this: &Reader) -> f64;
    #[wasm_bindgen(method, catch)]
    fn read(this: &Reader, offset: f64, length: f64) -> Result<Promise, JsValue>;
}

impl Reader {
    /// The bytes of `range`, which lies in the file.
    pub(super) async fn bytes(&self, range: Range<u64>) -> Result<Piece> {
        let (offset, length) = (range.start as f64, (range.end - range.start) as f64);
        let promise = self.read(offset, length).map_err(|e| thrown(&e))?;
        let bytes = JsFuture::from(promise).await.map_err(|e| thrown(&e))?;
        let bytes = bytes.dyn_into::<Uint8Array>();
        bytes.map(Piece::new).map_err(|_| {
            Error::source(format!(
                "Reading {} gave something that is no bytes; load the model again.",
                self.name()
            ))
        })
    }
}

/// What JavaScript threw when it opened or read a file: its sentence.
pub fn thrown(error: &JsValue) -> Error {
    let message = match error.dyn_ref::<JsError>() {
        Some(error) => Some(error.message().into()),
        None => error.as_string(),
    };
    Error::source(message.unwrap_or_else(|| "The file could not be read; try again.".into()))
}
