//! Which addresses a subgroup of the GPU-shaped product reads: neighbouring lanes have to read neighbouring words, since a GPU
//! moves memory in sectors of 32 bytes. No GPU is needed: the index arithmetic is taken out of the kernel's own WGSL.
//!
//! Evaluated as they stand in the text: `pair_of` (lane/four.wgsl), `slice_of` (dot/staged.wgsl), the first arguments of
//! `quant_word` and `scale_word` in `load_numbers` and `load_scales` (quant/*.wgsl), what `word` is called with in lib/row.wgsl,
//! and `strip` and what `row_at` returns in lib/page.wgsl. Mirrored in [`reads`], and held to the text by
//! [`MIRRORED`]: the four rows of a lane and its loop over blocks.

use std::collections::BTreeSet;

use motet::gpu::{Input, Kernel, Operand, Output, Place, Tier};
use motet::quant::{BLOCK, QUANTS, Quant};

/// Bytes that a GPU reads at least.
const SECTOR: usize = 32;

/// Lines of matmul.wgsl, weights/whole.wgsl, lane/four.wgsl, dot/staged.wgsl and plane/buffer_read.wgsl that [`reads`] says
/// in Rust.
const MIRRORED: [&str; 13] = [
    "let pair = group.x * PAIRS + pair_of(lane);",
    "return rows_at(of_page, vec2<u32>(pair, pair + SPREAD));",
    "let last = p.pairs - 1u;",
    "let first = row_at(of_page, min(pairs.x, last));",
    "let second = row_at(of_page, min(pairs.y, last));",
    "return vec4<u32>(first, first + SECOND, second, second + SECOND);",
    "let slice = slice_of(lane);",
    "for (var first = k0 / 32u; first + slice < past; first += 8u) {",
    "load_scales(eight, at.x),",
    "tile = dot_eight(tile, rows, first, past, at, lane_scales(first / 8u, at), slice);",
    "return dot_rows(tile, rows, first + slice, at, scales);",
    "load_block(block, at.x, scales.a),",
    "return plane[i];",
];

/// Values of WGSL's names.
type Names<'a> = Vec<(&'a str, u32)>;

/// The parts of an expression of u32.
fn tokens(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let of_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let end = match of_word(first) {
            true => rest.find(|c| !of_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        all.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    all
}

/// What an expression of `+ - * / %`, `min`, brackets, names and numbers is; None if it is something else.
fn value(tokens: &[&str], names: &Names) -> Option<u32> {
    let mut rest = tokens;
    let v = sum(&mut rest, names)?;
    rest.is_empty().then_some(v)
}

fn sum(rest: &mut &[&str], names: &Names) -> Option<u32> {
    let mut v = product(rest, names)?;
    while let [sign @ ("+" | "-"), after @ ..] = *rest {
        *rest = after;
        let other = product(rest, names)?;
        v = match *sign {
            "+" => v.wrapping_add(other),
            _ => v.wrapping_sub(other),
        };
    }
    Some(v)
}

fn product(rest: &mut &[&str], names: &Names) -> Option<u32> {
    let mut v = atom(rest, names)?;
    while let [sign @ ("*" | "/" | "%"), after @ ..] = *rest {
        *rest = after;
        let other = atom(rest, names)?;
        v = match *sign {
            "*" => v.wrapping_mul(other),
            "/" => v.checked_div(other)?,
            _ => v.checked_rem(other)?,
        };
    }
    Some(v)
}

fn atom(rest: &mut &[&str], names: &Names) -> Option<u32> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    match *first {
        "(" => {
            let v = sum(rest, names)?;
            expect(rest, ")")?;
            Some(v)
        }
        "min" => {
            expect(rest, "(")?;
            let a = sum(rest, names)?;
            expect(rest, ",")?;
            let b = sum(rest, names)?;
            expect(rest, ")")?;
            Some(a.min(b))
        }
        number if number.starts_with(|c: char| c.is_ascii_digit()) => {
            number.trim_end_matches('u').parse().ok()
        }
        name => names
            .iter()
            .rev()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| *v),
    }
}

fn expect(rest: &mut &[&str], token: &str) -> Option<()> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    (*first == token).then_some(())
}

/// What stands between `start` and the bracket or comma that ends it.
fn argument<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    let mut depth = 0;
    let end = rest.find(|c| match c {
        '(' => {
            depth += 1;
            false
        }
        ')' if depth > 0 => {
            depth -= 1;
            false
        }
        ')' | ',' => depth == 0,
        _ => false,
    });
    Some(&rest[..end?])
}

/// A kernel's text.
struct Wgsl(String);

impl Wgsl {
    fn body(&self, name: &str) -> &str {
        let start = self
            .0
            .find(&format!("fn {name}("))
            .expect("the function is there");
        let text = &self.0[start..];
        &text[..text.find("\n}").expect("functions end")]
    }

    fn constant(&self, name: &str) -> u32 {
        let start = format!("const {name}: u32 = ");
        let rest = &self.0[self.0.find(&start).expect("the constant is there") + start.len()..];
        let digits = rest.split('u').next().expect("a number");
        digits.parse().expect("a number")
    }

    /// An expression of a function: what stands between `start` and the statement's end.
    fn part(&self, function: &str, start: &str) -> Vec<&str> {
        let rest = self.body(function).split(start).nth(1);
        tokens(
            rest.and_then(|rest| rest.split(';').next())
                .unwrap_or_else(|| panic!("{function} has no {start}")),
        )
    }

    /// The indices that a function gives to each call of `load`, in order.
    fn indices(&self, function: &str, load: &str, names: &Names) -> Vec<u32> {
        let body = self.body(function);
        let mut all = Vec::new();
        let mut names = names.clone();
        let looped = body.contains("for (var i");
        let rounds = match looped {
            true => {
                let most = &body[body.find("i < ").expect("a bound") + 4..];
                most.split('u')
                    .next()
                    .expect("a number")
                    .parse()
                    .expect("a number")
            }
            false => 1,
        };
        for i in 0..rounds {
            names.push(("i", i));
            for line in body.lines().map(str::trim) {
                if let Some((name, expression)) = line
                    .strip_prefix("let ")
                    .and_then(|rest| rest.split_once(" = "))
                {
                    let expression = expression.split(';').next().expect("a statement");
                    names.extend(value(&tokens(expression), &names).map(|v| (name, v)));
                }
                let mut rest = line;
                while let Some(index) = argument(rest, load) {
                    let v = value(&tokens(index), &names);
                    all.push(
                        v.unwrap_or_else(|| panic!("{function} of {index} is not understood")),
                    );
                    rest = &rest[rest.find(load).expect("found") + load.len()..];
                }
            }
        }
        all
    }
}

/// Bytes that lanes asked for and bytes of the sectors that these lie in.
#[derive(Debug, Default, Clone, Copy)]
struct Traffic {
    asked: usize,
    touched: usize,
}

impl Traffic {
    fn add(&mut self, words: &BTreeSet<usize>) {
        let sectors: BTreeSet<_> = words.iter().map(|word| word * 16 / SECTOR).collect();
        self.asked += 16 * words.len();
        self.touched += SECTOR * sectors.len();
    }

    fn share(self) -> f64 {
        self.asked as f64 / self.touched.max(1) as f64
    }
}

/// What subgroups of `size` lanes read of a page [n, k]: traffic of numbers and of scales. Every word of the page is read.
fn reads(quant: &'static Quant, [n, k]: [usize; 2], size: u32) -> [Traffic; 2] {
    let kernel = Kernel::Matmul {
        quant,
        place: Place::Batch,
        input: Input::Plain,
        operand: Operand::Storage,
        output: Output::Store,
        tile: 1,
    };
    let wgsl = Wgsl(kernel.wgsl(Tier::default(), false));
    for line in MIRRORED {
        assert!(wgsl.0.contains(line), "matmul.wgsl has changed: {line}");
    }
    let [wg, row_lanes] = ["WG", "ROW_LANES"].map(|name| wgsl.constant(name));
    assert_eq!((wg, row_lanes), (8 * row_lanes, kernel.items() / 2));
    let slice_of = wgsl.part("slice_of", "return ");
    let [of_slice, pair_of] = ["let of_slice = ", "return "].map(|v| wgsl.part("pair_of", v));
    let [quant_at, scale_at] =
        ["quant_word", "scale_word"].map(|name| tokens(argument_of_word(wgsl.body(name))));

    let [strip_of, row_of] = ["let strip = ", "return "].map(|v| wgsl.part("row_at", v));

    let [spread, second_row, of_group] =
        ["SPREAD", "SECOND", "PAIRS"].map(|name| wgsl.constant(name));

    let blocks = k.div_ceil(BLOCK) as u32;
    let [numbers, scales] = quant.row_words(blocks as usize).map(|n| n as u32);
    let pairs = n.div_ceil(2) as u32;
    let page = vec![
        ("p.blocks", blocks),
        ("p.scales", numbers),
        ("p.scale_words", scales),
        ("p.pairs", pairs),
        ("ROW_LANES", row_lanes),
        ("STRIP", wgsl.constant("STRIP")),
        ("STEP", 2 * wgsl.constant("STRIP")),
        ("SECOND", second_row),
        ("SPREAD", spread),
    ];
    let with = |more: &[(&'static str, u32)]| [page.as_slice(), more].concat();
    let quant_words: Vec<_> = (0..blocks)
        .map(|block| wgsl.indices("load_numbers", "quant_word(", &with(&[("block", block)])))
        .collect();
    let scale_words: Vec<_> = (0..blocks.div_ceil(8))
        .map(|eight| wgsl.indices("load_scales", "scale_word(", &with(&[("eight", eight)])))
        .collect();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut traffic = [Traffic::default(); 2];
    let groups = pairs.div_ceil(of_group);
    for group in 0..groups {
        for start in (0..wg).step_by(size as usize) {
            let lanes: Vec<_> = (start..start + size)
                .map(|lane| {
                    let mut names = with(&[("lane", lane)]);
                    let of_lane = |tokens, names: &Names| {
                        value(tokens, names).expect("an expression of lanes")
                    };
                    names.push(("of_slice", of_lane(&of_slice, &names)));
                    let pair = group * of_group + of_lane(&pair_of, &names);
                    (pair, of_lane(&slice_of, &names))
                })
                .collect();
            for (later, second) in [(0, 0), (0, second_row), (spread, 0), (spread, second_row)] {
                let row = |pair: u32| {
                    let pair = (pair + later).min(pairs - 1);
                    let mut names = with(&[("slab", 0), ("pair", pair)]);
                    let strip = value(&strip_of, &names).expect("an expression of pairs");
                    names.push(("strip", strip));
                    second + value(&row_of, &names).expect("an expression of strips")
                };
                // One load of all lanes: `words` of each lane that takes part, in the order of loads.
                let mut load = |which: usize, at: &[&str], all: Vec<(u32, &Vec<u32>)>| {
                    let most = all.iter().map(|(_, words)| words.len()).max().unwrap_or(0);
                    for j in 0..most {
                        let words = all.iter().map(|(row, words)| {
                            let names = with(&[("i", words[j]), ("row", *row)]);
                            value(at, &names).expect("an expression of rows") as usize
                        });
                        let words: BTreeSet<usize> = words.collect();
                        seen.extend(&words);
                        traffic[which].add(&words);
                    }
                };
                for first in (0..blocks).step_by(8) {
                    let busy = lanes.iter().filter(|(_, slice)| first + slice < blocks);
                    let busy: Vec<_> = busy
                        .map(|(pair, slice)| (row(*pair), first + slice))
                        .collect();
                    let of_eight = |(row, _): &(u32, u32)| (*row, &scale_words[first as usize / 8]);
                    load(1, &scale_at, busy.iter().map(of_eight).collect());
                    let of_block =
                        |(row, block): &(u32, u32)| (*row, &quant_words[*block as usize]);
                    load(0, &quant_at, busy.iter().map(of_block).collect());
                }
            }
        }
    }
    assert_eq!(
        seen.len(),
        (2 * pairs * (numbers + scales)) as usize,
        "{}: each word of [{n}, {k}] is read, and none that is not there",
        quant.name
    );
    traffic
}

/// What a function of lib/row.wgsl calls `word` with.
fn argument_of_word(body: &str) -> &str {
    let rest = body
        .split("return word(")
        .nth(1)
        .expect("it returns a word");
    rest.trim_end().trim_end_matches(");")
}

#[test]
fn neighbouring_lanes_read_neighbouring_words() {
    // A whole workgroup and SmolLM2's width, whose last workgroup is not full; odd pages, whose second halves begin within
    // a sector; and fewer than eight blocks, where slices rest.
    for [n, k] in [[576_usize, 576_usize], [512, 2048], [502, 1536], [256, 256]] {
        for quant in QUANTS {
            let k = k.next_multiple_of(quant.block_len);
            for size in [32, 64] {
                let [numbers, scales] = reads(quant, [n, k], size).map(Traffic::share);
                println!(
                    "{} [{n}, {k}], subgroups of {size}: numbers {numbers:.3}, scales {scales:.3}",
                    quant.name
                );
                let what = format!("{} [{n}, {k}] in subgroups of {size}", quant.name);
                assert!(numbers >= 0.9, "{what}: numbers {numbers}");
                assert!(
                    scales >= 0.9 || quant.scales == 0,
                    "{what}: scales {scales}"
                );
            }
        }
    }
}

/// One load of a whole subgroup: four runs of 128 bytes for each slice in it.
#[test]
fn a_slice_reads_runs_of_words() {
    let q4_k = QUANTS
        .into_iter()
        .find(|quant| quant.name == "Q4_K")
        .expect("it is there");
    for (size, slices) in [(32, 1), (64, 2)] {
        let [numbers, scales] = reads(q4_k, [128, 256], size);
        // Eight slices, four rows a lane; all slices read one word of scales for each row.
        assert_eq!((numbers.asked, numbers.touched), (4 * 8 * 512, 4 * 8 * 512));
        assert_eq!(scales.asked, 4 * 8 * 512 / slices);
    }
}
