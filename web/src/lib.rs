//! The engine for JavaScript: thin, plain values in and out. `web/ts/motet_web.d.ts` says the same in TypeScript.
//!
//! Errors are thrown as `Error`s whose message is one sentence and whose `kind` says by whose doing; a panic's message goes
//! to the console before it traps.

mod engine;
mod model;
mod session;
mod values;

use wasm_bindgen::prelude::*;

/// Panics are bugs; their place would be lost in the trap that follows.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into())
    }));
}
