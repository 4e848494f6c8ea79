//! put and get: what a plane keeps, and how kernels read it.

use motet::gpu::{Dispatch, Kernel, Params};

use crate::bench::{Bench, Expected, POISON};
use crate::random::Random;

/// Whole lines of 1024 words, and not; and as many lines, no power of two, as one dispatch has lanes for: a sampler's place is a share
/// of all of them.
const WORDS: [u32; 5] = [1, 1024, 1025, 5000, 4_190_000];

pub fn check(bench: &Bench) {
    let mut random = Random::new(17);
    for words in WORDS {
        let x: Vec<u32> = (0..4 * words).map(|_| random.bits() as u32).collect();
        let plane = bench.gpu.page("words", u64::from(words));
        bench.poison(&plane);
        let y = bench.poisoned(x.len());
        let dispatch = |kernel: Kernel, buffer: &wgpu::Buffer| Dispatch {
            kernel,
            params: Params::new([words]),
            args: vec![buffer.into(), plane.arg()],
            groups: [words.div_ceil(kernel.items()), 1, 1],
        };
        bench.run(
            "planes",
            &[
                dispatch(Kernel::Put, &bench.words(&x)),
                dispatch(Kernel::Get, &y),
            ],
        );
        let got = bench.check(
            "get",
            &y,
            &x.iter()
                .map(|&bits| Expected::Bits(bits))
                .collect::<Vec<_>>(),
        );
        assert_eq!(got[..x.len()], x, "get {:?}: a zero's sign", bench.gpu.tier);
        let kept = bench.read_plane(&plane);
        assert_eq!(kept[..x.len()], x, "put {:?}", bench.gpu.tier);
        assert!(
            kept[x.len()..].iter().all(|&word| word == POISON),
            "put wrote behind"
        );
    }
    let kept = pollster::block_on(bench.gpu.keeps_bits());
    assert!(kept.expect("the device goes on"), "{:?}", bench.gpu.tier);
}
