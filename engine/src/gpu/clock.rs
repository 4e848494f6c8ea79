//! Time that passes: std has no clock in a browser.

/// A moment, to tell later how long ago it was.
#[derive(Debug, Clone, Copy)]
pub struct Moment(
    #[cfg(not(target_arch = "wasm32"))] std::time::Instant,
    #[cfg(target_arch = "wasm32")] f64,
);

#[cfg(not(target_arch = "wasm32"))]
impl Moment {
    /// This moment.
    pub fn now() -> Self {
        Self(std::time::Instant::now())
    }

    /// Milliseconds since.
    pub fn ms(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1e3
    }
}

#[cfg(target_arch = "wasm32")]
mod js {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        /// Of pages and of workers alike.
        #[wasm_bindgen(js_namespace = performance)]
        pub fn now() -> f64;
    }
}

#[cfg(target_arch = "wasm32")]
impl Moment {
    /// This moment.
    pub fn now() -> Self {
        Self(js::now())
    }

    /// Milliseconds since.
    pub fn ms(self) -> f64 {
        js::now() - self.0
    }
}
