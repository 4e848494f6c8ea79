//! From the GPU to the CPU: a copy into a buffer that can be mapped, and a wait that ends.

use std::sync::{Arc, Mutex};
use std::task::Poll;

use super::device::Gpu;
use crate::{Error, Result};

/// How long the GPU may take for one submission before it counts as hung.
#[cfg(not(target_arch = "wasm32"))]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// A buffer of the CPU that a submission copies to.
#[derive(Debug, Clone)]
pub struct Readback {
    buffer: wgpu::Buffer,
}

/// Where a callback leaves what it was called with, and whom it wakes.
struct Signal<T>(Mutex<(Option<T>, Option<std::task::Waker>)>);

impl<T> Signal<T> {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((None, None))))
    }

    fn set(&self, value: T) {
        let mut slot = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        slot.0 = Some(value);
        if let Some(waker) = slot.1.take() {
            waker.wake();
        }
    }

    async fn take(&self) -> T {
        std::future::poll_fn(|context| {
            let mut slot = self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            match slot.0.take() {
                Some(value) => Poll::Ready(value),
                None => {
                    slot.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Readback {
    /// A buffer for `bytes` bytes.
    pub fn new(gpu: &Gpu, bytes: u64) -> Self {
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: bytes.next_multiple_of(4),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { buffer }
    }

    /// Appends the copy of its length from `source` at `offset` (a multiple of 4).
    pub fn copy_from(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        source: &wgpu::Buffer,
        offset: u64,
    ) {
        encoder.copy_buffer_to_buffer(source, offset, &self.buffer, 0, self.buffer.size());
    }

    /// Asks for what the submission `index` copied; the future gives the bytes once it is done.
    pub fn read(
        &self,
        gpu: &Gpu,
        index: wgpu::SubmissionIndex,
    ) -> impl Future<Output = Result<Vec<u8>>> + 'static + use<> {
        gpu.count(|counts| counts.readbacks += 1);
        let signal = Signal::new();
        let done = signal.clone();
        self.buffer
            .map_async(wgpu::MapMode::Read, .., move |result| done.set(result));
        let (device, buffer) = (gpu.device.clone(), self.buffer.clone());
        async move {
            wait(&device, index)?;
            let failed = |e: &dyn std::fmt::Display| {
                Error::device(format!("the GPU's result could not be read: {e}"))
            };
            signal.take().await.map_err(|e| failed(&e))?;
            let bytes = buffer
                .get_mapped_range(..)
                .map_err(|e| failed(&e))?
                .to_vec();
            buffer.unmap();
            Ok(bytes)
        }
    }
}

impl Gpu {
    /// The first `bytes` bytes of a buffer, once all that was submitted is done.
    ///
    /// # Errors
    /// The device failed or does not finish.
    pub async fn download(&self, buffer: &wgpu::Buffer, bytes: u64) -> Result<Vec<u8>> {
        let (reading, watched) = self.watch("reading back", || {
            let readback = Readback::new(self, bytes);
            let mut encoder = self.encoder();
            readback.copy_from(&mut encoder, buffer, 0);
            readback.read(self, self.enqueue(encoder))
        });
        watched.await?;
        reading.await
    }

    /// Waits until all that was submitted is done.
    pub(crate) async fn idle(&self) -> Result<()> {
        let signal = Signal::new();
        let done = signal.clone();
        self.queue.on_submitted_work_done(move || done.set(()));
        wait(&self.device, self.queue.submit(std::iter::empty()))?;
        signal.take().await;
        self.check()
    }
}

/// Natively callbacks come only while the device is polled; in a browser they come by themselves.
#[cfg(not(target_arch = "wasm32"))]
fn wait(device: &wgpu::Device, index: wgpu::SubmissionIndex) -> Result<()> {
    let wait = wgpu::PollType::Wait {
        submission_index: Some(index),
        timeout: Some(PATIENCE),
    };
    device.poll(wait).map(|_| ()).map_err(|e| {
        Error::device(format!(
            "the GPU did not finish within {} seconds ({e}); it hangs or is much too slow for this model",
            PATIENCE.as_secs()
        ))
    })
}

#[cfg(target_arch = "wasm32")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature as where waiting can fail"
)]
fn wait(_device: &wgpu::Device, _index: wgpu::SubmissionIndex) -> Result<()> {
    Ok(())
}
