//! What a device was asked to do, counted: what carries over from one adapter to another, unlike its times.

use super::device::Gpu;

/// Work given to a device since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Dispatches that were recorded.
    pub dispatches: u64,
    /// Command buffers that were submitted.
    pub submits: u64,
    /// Buffers that were mapped for the CPU.
    pub readbacks: u64,
    /// Bind groups that were made.
    pub bind_groups: u64,
}

impl std::ops::Sub for Counts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            dispatches: self.dispatches - before.dispatches,
            submits: self.submits - before.submits,
            readbacks: self.readbacks - before.readbacks,
            bind_groups: self.bind_groups - before.bind_groups,
        }
    }
}

impl Gpu {
    /// What it was asked to do so far.
    pub fn counts(&self) -> Counts {
        self.counts.get()
    }

    /// Counts something.
    pub(crate) fn count(&self, more: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.get();
        more(&mut counts);
        self.counts.set(counts);
    }

    /// Submits what an encoder has recorded.
    pub(crate) fn enqueue(&self, encoder: wgpu::CommandEncoder) -> wgpu::SubmissionIndex {
        self.count(|counts| counts.submits += 1);
        self.queue.submit([encoder.finish()])
    }
}
