//! `motet bench`: what it measures on tiny models, and what it refuses.

use serde_json::Value;

use super::program::{fixture, motet};

fn number(object: &Value, name: &str) -> f64 {
    let number = object[name].as_f64();
    number.unwrap_or_else(|| panic!("{name} is no number in {object}"))
}

fn positive(object: &Value, names: &[&str]) {
    for name in names {
        let number = number(object, name);
        assert!(number > 0.0 && number.is_finite(), "{name}: {number}");
    }
}

fn rows<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    let rows = object[name].as_array();
    rows.unwrap_or_else(|| panic!("{name} is no list in {object}"))
}

/// A row's floor is what the ceilings make of its own figures.
fn assert_consistent(row: &Value, ceilings: &Value) {
    positive(
        row,
        &[
            "ms",
            "tokens_per_s",
            "bytes",
            "flop",
            "dispatches",
            "submits",
            "readbacks",
            "floor_ms",
            "ratio",
        ],
    );
    let gb = number(ceilings, "storage_gb_per_s").max(number(ceilings, "texture_gb_per_s"));
    let reading = number(row, "bytes") / gb / 1e6;
    let computing = number(row, "flop") / number(ceilings, "f32_gflop_per_s") / 1e6;
    let starting = number(row, "dispatches") * number(ceilings, "dispatch_us") / 1e3;
    let floor = reading.max(computing) + starting;
    let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-6 * b.abs(), "{a} and {b}: {row}");
    near(number(row, "floor_ms"), floor);
    let ms = number(row, "ms");
    near(number(row, "ratio"), ms / floor);
    near(
        number(row, "tokens_per_s"),
        number(row, "tokens") * 1e3 / ms,
    );
    near(number(row, "gb_per_s"), number(row, "bytes") / ms / 1e6);
    near(number(row, "gflop_per_s"), number(row, "flop") / ms / 1e6);
}

#[test]
fn a_dense_model_is_measured_beside_its_floor() {
    let model = fixture("llama-gqa/F32.gguf");
    let report = motet(&[
        "bench",
        &model,
        "--json",
        "--kernels",
        "--profile",
        "--prefill",
        "1,70",
        "--decode-at",
        "0,64",
        "--context",
        "128",
    ])
    .json();
    for (what, name) in [
        ("adapter", "name"),
        ("adapter", "driver"),
        ("model", "name"),
    ] {
        assert!(report[what][name].is_string(), "{what} {name}");
    }
    assert!(report["tier"]["subgroups"].is_boolean());
    assert_eq!(report["cache"], "f32");
    assert_eq!(report["model"]["context"], 128);
    // A step reads every matrix once, and of the embedding a row.
    let active = number(&report["model"], "active_bytes");
    assert!(active > 0.0 && active <= number(&report["model"], "weight_bytes"));

    let ceilings = &report["ceilings"];
    positive(
        ceilings,
        &[
            "storage_gb_per_s",
            "texture_gb_per_s",
            "f32_gflop_per_s",
            "dispatch_us",
            "submit_ms",
        ],
    );
    let (prefill, decode) = (rows(&report, "prefill"), rows(&report, "decode"));
    for row in prefill.iter().chain(decode) {
        assert_consistent(row, ceilings);
        assert_eq!(number(row, "readbacks"), 1.0, "{row}");
        assert_eq!(number(row, "bind_groups"), 0.0, "{row}");
    }
    let sizes = |rows: &[Value], name: &str| -> Vec<u64> {
        rows.iter().filter_map(|row| row[name].as_u64()).collect()
    };
    assert_eq!(sizes(prefill, "tokens"), [1, 70]);
    assert_eq!(sizes(decode, "cached"), [0, 64]);
    // 70 tokens are two batches.
    assert_eq!(number(&prefill[1], "submits"), 2.0);
    assert!(number(&prefill[1], "flop") > 69.0 * number(&prefill[0], "flop") * 0.5);
    assert_eq!(number(&decode[0], "submits"), 1.0);
    // 64 more positions of k and v in each layer.
    assert!(number(&decode[1], "bytes") > number(&decode[0], "bytes"));

    for (part, dispatches) in [
        ("decode", number(&decode[0], "dispatches")),
        ("prefill", 1.0),
    ] {
        let kernels = rows(&report["kernels"], part);
        for kernel in kernels {
            positive(
                kernel,
                &["ms", "gb_per_s", "floor_ms", "share", "dispatches"],
            );
        }
        let all: f64 = kernels
            .iter()
            .map(|kernel| number(kernel, "dispatches"))
            .sum();
        assert!(all >= dispatches, "{part}");
        let profile = &report["profile"][part];
        let lines = rows(profile, "kernels");
        let profiled: f64 = lines.iter().map(|line| number(line, "dispatches")).sum();
        assert_eq!(profiled, all, "{part}");
        let parts: f64 = lines.iter().map(|line| number(line, "ms")).sum();
        let others = ["gaps_ms", "submit_ms", "readback_ms", "encode_ms"];
        let parts = parts + others.map(|name| number(profile, name)).iter().sum::<f64>();
        let total = number(profile, "total_ms");
        assert!(
            (parts - total).abs() < 1e-6 * total,
            "{part}: {parts} of {total} ms"
        );
        positive(profile, &["plain_ms", "encode_ms"]);
    }
}

#[test]
fn of_a_mixture_the_active_experts_count() {
    let model = fixture("qwen3moe");
    let report = motet(&[
        "bench",
        &model,
        "--json",
        "--prefill",
        "1,16",
        "--decode-at",
        "0",
    ])
    .json();
    let ceilings = &report["ceilings"];
    let (prefill, decode) = (rows(&report, "prefill"), rows(&report, "decode"));
    for row in prefill.iter().chain(decode) {
        assert_consistent(row, ceilings);
    }
    let active = number(&report["model"], "active_bytes");
    assert!(active < 0.9 * number(&report["model"], "weight_bytes"));
    // More tokens go to more experts, but read each once.
    let bytes = |row: &Value| number(row, "bytes");
    assert!(bytes(&prefill[1]) > bytes(&prefill[0]));
    assert!(bytes(&prefill[1]) < 16.0 * bytes(&prefill[0]));
    assert!(report["kernels"].is_null() && report["profile"].is_null());
}

#[test]
fn tables_are_for_people() {
    let model = fixture("llama-gqa/F32.gguf");
    let text = motet(&[
        "bench",
        &model,
        "--prefill",
        "4",
        "--decode-at",
        "0",
        "--profile",
    ])
    .output();
    for words in [
        "ceilings of the adapter",
        "multiply-add, f32",
        "prefill",
        "decode at",
        "times floor",
        "where a decode step spends its time",
        "between dispatches",
        "recording, on the CPU",
    ] {
        assert!(text.contains(words), "{words} is not in:\n{text}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let model = fixture("llama-gqa/F32.gguf");
    for (options, named) in [
        (&["--prefill", "0"][..], "whole number from 1"),
        (&["--prefill", "many"], "whole number from 1"),
        (&["--decode-at", "-1"], "0,512"),
        (&["--decode-at", "0,x"], "0,512"),
        (&["--prefill", "100000"], "100000"),
        (&["--prefill", "33", "--context", "32"], "32"),
        (&["--prefill", "1", "--context", "8"], "8"),
        (&["--context", "0"], "context of 0"),
        (&["--reference"], "reference"),
    ] {
        let args = [&["bench", &model], options].concat();
        let sentence = motet(&args).refusal(2);
        assert!(sentence.contains(named), "{named} is not in: {sentence}");
    }
    assert!(motet(&["bench"]).refusal(2).contains("MODEL"));
}
