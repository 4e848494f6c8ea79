//! One run of a pass and where its time went: on the CPU, on the device, and between.

use super::clock::Moment;
use super::device::Gpu;
use super::pass::Pass;
use super::readback::Readback;
use crate::Result;

/// Queries of a set: WebGPU's bound.
const QUERIES: usize = 4096;

/// Bytes of a timestamp.
const STAMP: usize = 8;

/// Where the time of a run went, in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Timing {
    /// Recording and checking the commands, on the CPU.
    pub encode: f64,
    /// From their submission to knowing that they are done.
    pub wait: f64,
    /// From then to having four bytes of the result.
    pub readback: f64,
    /// When each dispatch began and ended on the device, from the first one's begin on; empty without timestamps.
    pub spans: Vec<[f64; 2]>,
}

impl Timing {
    /// All of it.
    pub fn total(&self) -> f64 {
        self.encode + self.wait + self.readback
    }
}

/// Where timestamps of dispatches go.
struct Stamps {
    sets: Vec<wgpu::QuerySet>,
    resolved: wgpu::Buffer,
    count: usize,
}

impl Gpu {
    /// Whether the device can time its dispatches: [`super::GpuOptions::timestamps`], and an adapter that has them.
    pub fn has_timestamps(&self) -> bool {
        self.device
            .features()
            .contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// Runs a pass once and times it; `result` is what four bytes are read of in the end. With `stamped`, on a device
    /// with timestamps, every dispatch is a compute pass of its own: WebGPU has them at the bounds of passes only.
    ///
    /// # Errors
    /// The device failed at it.
    pub async fn timing(
        &self,
        pass: &Pass,
        result: &wgpu::Buffer,
        stamped: bool,
    ) -> Result<Timing> {
        let stamps = if stamped && self.has_timestamps() {
            let make = || Stamps::new(self, pass.len());
            Some(self.scoped("making room for timestamps", make).await?)
        } else {
            None
        };
        let readback = Readback::new(self, 4);
        let start = Moment::now();
        let ((encode, submitted, index), watched) = self.watch("timing a pass", || {
            let mut encoder = self.encoder();
            match &stamps {
                None => pass.record(&mut encoder),
                Some(stamps) => stamps.record(pass, &mut encoder),
            }
            readback.copy_from(&mut encoder, result, 0);
            let commands = encoder.finish();
            let encode = start.ms();
            let submitted = Moment::now();
            self.count(|counts| counts.submits += 1);
            (encode, submitted, self.queue.submit([commands]))
        });
        self.idle().await?;
        let wait = submitted.ms();
        let done = Moment::now();
        readback.read(self, index).await?;
        let readback = done.ms();
        watched.await?;
        let spans = match stamps {
            None => Vec::new(),
            Some(stamps) => stamps.read(self).await?,
        };
        Ok(Timing {
            encode,
            wait,
            readback,
            spans,
        })
    }
}

impl Stamps {
    fn new(gpu: &Gpu, dispatches: usize) -> Self {
        let count = 2 * dispatches;
        let sets = (0..count).step_by(QUERIES).map(|first| {
            gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count: QUERIES.min(count - first) as u32,
            })
        });
        let resolved = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("timestamps"),
            size: (count.max(1) * STAMP) as u64,
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        Self {
            sets: sets.collect(),
            resolved,
            count,
        }
    }

    fn record(&self, pass: &Pass, encoder: &mut wgpu::CommandEncoder) {
        for index in 0..pass.len() {
            let (set, query) = (2 * index / QUERIES, (2 * index % QUERIES) as u32);
            let writes = wgpu::ComputePassTimestampWrites {
                query_set: &self.sets[set],
                beginning_of_pass_write_index: Some(query),
                end_of_pass_write_index: Some(query + 1),
            };
            let mut one = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: None,
                timestamp_writes: Some(writes),
            });
            pass.dispatch(&mut one, index);
        }
        for (i, set) in self.sets.iter().enumerate() {
            let queries = QUERIES.min(self.count - i * QUERIES) as u32;
            let at = (i * QUERIES * STAMP) as u64;
            encoder.resolve_query_set(set, 0..queries, &self.resolved, at);
        }
    }

    /// When each dispatch began and ended, in milliseconds from the first one's begin on.
    async fn read(self, gpu: &Gpu) -> Result<Vec<[f64; 2]>> {
        let bytes = gpu.download(&self.resolved, self.resolved.size()).await?;
        let stamps: Vec<u64> = bytemuck::pod_collect_to_vec(&bytes);
        let first = stamps.first().copied().unwrap_or_default();
        let period = f64::from(gpu.queue.get_timestamp_period()) / 1e6;
        // Clocks of the device may be reset, and then an end lies before its begin: it counts as no time.
        let ms = |stamp: u64| stamp.saturating_sub(first) as f64 * period;
        let spans = stamps[..self.count].chunks_exact(2);
        Ok(spans.map(|span| [ms(span[0]), ms(span[1])]).collect())
    }
}
