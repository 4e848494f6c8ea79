//! Planes: where weights and caches lie, in buffers or in textures.

use super::device::Gpu;
use super::kernel::Kernel;
use super::parts::{Memory, PLANE_WIDTH};
use super::pass::{Arg, Dispatch, Params};
use crate::Result;

/// What holds a page of weights, or a cache.
#[derive(Debug, Clone)]
pub enum PageMemory {
    /// A buffer.
    Buffer(wgpu::Buffer),
    /// A texture of PLANE_WIDTH texels a line.
    Texture(wgpu::Texture),
}

impl PageMemory {
    /// Bytes it takes.
    pub fn size(&self) -> u64 {
        match self {
            PageMemory::Buffer(buffer) => buffer.size(),
            PageMemory::Texture(texture) => LINE * u64::from(texture.height()),
        }
    }

    /// Whether the binding is to it.
    pub fn is_bound_by(&self, arg: &Arg) -> bool {
        match (self, arg) {
            (PageMemory::Buffer(buffer), arg) => arg.is_of(buffer),
            (PageMemory::Texture(texture), Arg::Texture(view)) => view.texture() == texture,
            (PageMemory::Texture(_), Arg::Buffer { .. }) => false,
        }
    }

    /// Appends the copy of the first `bytes` bytes to another of its kind; of textures, of all of the last line.
    pub(crate) fn copy(&self, encoder: &mut wgpu::CommandEncoder, to: &PageMemory, bytes: u64) {
        match (self, to) {
            (PageMemory::Buffer(from), PageMemory::Buffer(to)) => {
                encoder.copy_buffer_to_buffer(from, 0, to, 0, bytes);
            }
            (PageMemory::Texture(from), PageMemory::Texture(to)) => {
                let size = wgpu::Extent3d {
                    width: PLANE_WIDTH,
                    height: bytes.div_ceil(LINE) as u32,
                    depth_or_array_layers: 1,
                };
                let [from, to] = [from, to].map(wgpu::Texture::as_image_copy);
                encoder.copy_texture_to_texture(from, to, size);
            }
            _ => unreachable!("one device has one kind"),
        }
    }

    /// The whole of it, for a kernel.
    pub fn arg(&self) -> Arg {
        match self {
            PageMemory::Buffer(buffer) => buffer.into(),
            PageMemory::Texture(texture) => {
                Arg::Texture(texture.create_view(&wgpu::TextureViewDescriptor::default()))
            }
        }
    }
}

impl Gpu {
    /// Room for a page of `words` words of weights.
    pub fn page(&self, label: &str, words: u64) -> PageMemory {
        self.plane(label, 16 * words)
    }

    /// Room for `bytes` bytes where weights and caches lie.
    pub(crate) fn plane(&self, label: &str, bytes: u64) -> PageMemory {
        let Some(format) = self.tier.weights.format() else {
            return PageMemory::Buffer(self.buffer(label, bytes));
        };
        use wgpu::TextureUsages as U;
        let texture = self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size: wgpu::Extent3d {
                width: PLANE_WIDTH,
                height: bytes.div_ceil(LINE).max(1) as u32,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: U::TEXTURE_BINDING | U::STORAGE_BINDING | U::COPY_SRC | U::COPY_DST,
            view_formats: &[],
        });
        PageMemory::Texture(texture)
    }

    /// Overwrites all of a plane.
    pub fn write_plane(&self, plane: &PageMemory, bytes: &[u8]) {
        match plane {
            PageMemory::Buffer(buffer) => self.write(buffer, bytes),
            PageMemory::Texture(texture) => {
                self.queue
                    .write_texture(texture.as_image_copy(), bytes, LINES, texture.size())
            }
        }
    }

    /// All the bytes of a plane, once all that was submitted is done.
    ///
    /// # Errors
    /// The device failed or does not finish.
    pub async fn download_plane(&self, plane: &PageMemory) -> Result<Vec<u8>> {
        match plane {
            PageMemory::Buffer(buffer) => self.download(buffer, buffer.size()).await,
            PageMemory::Texture(texture) => {
                let copied = self.scoped("reading back", || {
                    let buffer = self.buffer("lines", plane.size());
                    let target = wgpu::TexelCopyBufferInfo {
                        buffer: &buffer,
                        layout: LINES,
                    };
                    let mut encoder = self.encoder();
                    let source = texture.as_image_copy();
                    encoder.copy_texture_to_buffer(source, target, texture.size());
                    self.enqueue(encoder);
                    buffer
                });
                self.download(&copied.await?, plane.size()).await
            }
        }
    }

    /// Whether a plane's words reach kernels bit for bit, written by a kernel as from here: where floats stand for them, an adapter may
    /// take numbers that are none for others, and those next to zero for zero.
    ///
    /// # Errors
    /// The device failed or does not finish.
    pub async fn keeps_bits(&self) -> Result<bool> {
        // Signs, exponents and fractions in all ways: infinities, quiet and signalling NaN, subnormal numbers, zeros.
        let bits = [0, 1, 0x7f, 0x80, 0xff].map(|exponent: u32| exponent << 23);
        let fractions = [0, 1, 0x20_0000, 0x40_0001, 0x7f_ffff, 0x2a_aaaa];
        let words = bits
            .iter()
            .flat_map(|exponent| fractions.map(|fraction| exponent | fraction));
        let words: Vec<u32> = words.flat_map(|word| [word, word | 1 << 31]).collect();
        // More than a line, so that the last word lies in another.
        let words: Vec<u32> = words.iter().copied().cycle().take(4 * 1500).collect();
        let bytes: &[u8] = bytemuck::cast_slice(&words);
        let count = words.len() as u32 / 4;
        let mut kept = true;
        for by_kernel in [true, false] {
            let y = self
                .scoped("trying samplers", || {
                    let y = self.buffer("y", bytes.len() as u64);
                    let plane = self.page("words", u64::from(count));
                    let dispatch = |kernel: Kernel, args| Dispatch {
                        kernel,
                        params: Params::new([count]),
                        args,
                        groups: [count.div_ceil(kernel.items()), 1, 1],
                    };
                    if by_kernel {
                        let x = self.buffer("x", bytes.len() as u64);
                        self.write(&x, bytes);
                        self.submit(&[dispatch(Kernel::Put, vec![(&x).into(), plane.arg()])]);
                    } else {
                        let mut lines = vec![0; plane.size() as usize];
                        lines[..bytes.len()].copy_from_slice(bytes);
                        self.write_plane(&plane, &lines);
                    }
                    self.submit(&[dispatch(Kernel::Get, vec![(&y).into(), plane.arg()])]);
                    y
                })
                .await?;
            kept &= self.download(&y, bytes.len() as u64).await? == bytes;
        }
        Ok(kept)
    }

    /// Fails, in words, if no kernel could bind a plane of this many bytes.
    pub(crate) fn check_plane(&self, what: &str, bytes: u64) -> Result<()> {
        match self.tier.weights {
            Memory::Buffers => self.check_binding(what, bytes),
            Memory::Textures | Memory::Sampled => {
                let most = largest_texture(&self.device.limits());
                self.check_room(what, "texture", bytes, most)
            }
        }
    }
}

/// Bytes of the greatest texture that a plane may be.
pub(super) fn largest_texture(limits: &wgpu::Limits) -> u64 {
    let lines = limits.max_texture_dimension_2d.min(16_384); // shaders/lib/texel.wgsl: less than 2^24 texels
    LINE * u64::from(lines)
}

/// Bytes of a line of a texture.
const LINE: u64 = 16 * PLANE_WIDTH as u64;

/// A texture's lines one after the other.
const LINES: wgpu::TexelCopyBufferLayout = wgpu::TexelCopyBufferLayout {
    offset: 0,
    bytes_per_row: Some(LINE as u32),
    rows_per_image: None,
};
