//! `--tune`: what was measured is kept and used, and whatever it is, the ids are the same.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::program::{Done, comma, fixture, ids, motet, reference, run};

const MODEL: &str = "llama-gqa/F32.gguf";

fn with_cache(cache: &Path, args: &[&str]) -> Done {
    let mut program = Command::new(env!("CARGO_BIN_EXE_motet"));
    run(program.env("MOTET_CACHE", cache).args(args), "")
}

/// A greedy run has Hugging Face's ids; what it said on stderr.
#[track_caller]
fn assert_greedy(cache: &Path, more: &[&str]) -> Vec<String> {
    let expected = reference("llama-gqa/reference.json");
    let prompt = comma(&ids(&expected["prompts"]["33"]));
    let model = fixture(MODEL);
    #[rustfmt::skip]
    let args = ["generate", &model, "--ids", &prompt, "-n", "32", "--greedy", "--ignore-eos", "--json"];
    let mut done = with_cache(cache, &[&args, more].concat());
    let said = std::mem::take(&mut done.stderr);
    assert_eq!(done.json()["ids"], expected["greedy"]["33"]["ids"]);
    said
}

#[test]
fn the_fastest_kernels_are_measured_kept_and_used() {
    let cache = tempfile::tempdir().expect("a folder can be made");
    let file = cache.path().join("tuning.json");
    let [said] = &assert_greedy(cache.path(), &["--tune", "on"])[..] else {
        panic!("one line says what was measured");
    };
    for words in [
        "kernels for GPUs: ",
        "kernels for CPUs: ",
        " ms a token",
        " are taken",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let kept = fs::read_to_string(&file).expect("the result is kept");
    let kept: Map<String, Value> = serde_json::from_str(&kept).expect("it is an object");
    let [(device, kernels)] = &kept.iter().collect::<Vec<_>>()[..] else {
        panic!("one device is known: {kept:?}");
    };
    let gpus = json!({"weights": "buffers", "share": "workgroup"});
    assert_eq!(
        said.ends_with("kernels for GPUs are taken"),
        **kernels == gpus,
        "{said}; {kernels}"
    );

    // What is kept is used, right or wrong for the device, and changes no id.
    for (weights, share) in [
        ("buffers", "workgroup"),
        ("textures", "own"),
        ("textures", "four"),
        ("textures", "eight"),
    ] {
        let other = json!({device.as_str(): {"weights": weights, "share": share}});
        fs::write(&file, other.to_string()).expect("the file is ours");
        assert_eq!(assert_greedy(cache.path(), &[]), [""; 0]);
        if share == "workgroup" {
            let model = fixture(MODEL);
            #[rustfmt::skip]
            let args = ["bench", &model, "--prefill", "1", "--decode-at", "0", "--json"];
            let tier = with_cache(cache.path(), &args).json()["tier"].clone();
            assert_eq!([&tier["weights"], &tier["share"]], [weights, share]);
        }
    }

    // What is damaged counts as nothing.
    fs::write(&file, "{\"").expect("the file is ours");
    assert_eq!(assert_greedy(cache.path(), &[]), [""; 0]);
}

#[test]
fn tuning_and_a_choice_exclude_each_other() {
    let model = fixture(MODEL);
    #[rustfmt::skip]
    let args = ["generate", &model, "--prompt", "x", "--tune", "on", "--kernels-for", "gpus"];
    let sentence = motet(&args).refusal(2);
    assert!(sentence.contains("--kernels-for"), "{sentence}");
}
