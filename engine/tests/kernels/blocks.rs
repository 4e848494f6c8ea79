//! Blocks of every format against the numbers that ggml's own reader (gguf.quants) makes of them.

use std::path::Path;

use motet::arch::plan::Order;
use motet::gpu::Memory;
use motet::quant::{QUANTS, Quant};
use safetensors::SafeTensors;

use crate::bench::{Bench, full};
use crate::matrices::{self, Shape};
use crate::random::Random;

/// A row of the fixture.
const K: usize = 512;

/// Each format of the fixture, its rows' bytes and their numbers.
fn formats() -> Vec<(&'static Quant, Vec<u8>, Vec<f32>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/blocks.safetensors");
    let file = std::fs::read(path).expect("tests/fixtures/blocks.safetensors is there");
    let tensors = SafeTensors::deserialize(&file).expect("the fixture is a safetensors file");
    let of = |quant: &Quant, what: &str| {
        let tensor = tensors.tensor(&format!("{}.{what}", quant.name));
        let tensor = tensor.unwrap_or_else(|e| panic!("{}.{what}: {e}", quant.name));
        tensor.data().to_vec()
    };
    let quantised = QUANTS.into_iter().filter(|quant| quant.name != "F32");
    quantised
        .map(|quant| {
            let floats = bytemuck::pod_collect_to_vec(&of(quant, "floats"));
            (quant, of(quant, "bytes"), floats)
        })
        .collect()
}

/// The CPU's decoding, to the bit.
pub fn decode_as_ggml_does() {
    for (quant, bytes, floats) in formats() {
        let rows = floats.len() / K;
        assert_eq!(bytes.len(), rows * quant.row_bytes(K), "{}", quant.name);
        let mut decoded = vec![0.0; floats.len()];
        quant.decode(&bytes, &mut decoded);
        for (i, (got, expected)) in decoded.iter().zip(&floats).enumerate() {
            assert_eq!(
                got.to_bits(),
                expected.to_bits(),
                "{}: number {} of row {} is {got}, ggml reads {expected}",
                quant.name,
                i % K,
                i / K
            );
        }
    }
}

/// The GPU's, through repack and embed, which compares with the CPU's.
pub fn check(bench: &Bench) {
    if !bench.first && bench.gpu.tier.weights == Memory::Buffers && !full() {
        return; // neither kernel depends on what else the tier has
    }
    let mut random = Random::new(3);
    for (quant, bytes, floats) in formats() {
        let rows = floats.len() / K;
        let shape = Shape::whole(K, &[(rows, Order::Same)]);
        let loaded = matrices::load_files(bench, quant, &shape, &[bytes], &mut random);
        assert!(loaded.w == floats, "{}", quant.name);
        let ids: Vec<_> = (0..rows as u32).collect();
        matrices::embed(bench, &loaded, &ids, 1.0);
    }
}
