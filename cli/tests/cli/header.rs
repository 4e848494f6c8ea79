//! The verbs that compute nothing: `tokenize`, `render`, `inspect`, `list`, `pull`, `devices`.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::program::{Folder, comma, fixture, ids, joined, motet, reference, run, text};

#[test]
fn text_becomes_ids() {
    let model = fixture("llama-gqa");
    let words = |text: &str| {
        let args = ["tokenize", &model, "--text", text];
        let json = motet(&joined(&args, &["--json"])).json();
        assert_eq!(json.as_object().map(|o| o.len()), Some(1), "{json}");
        let ids = ids(&json["ids"]);
        assert_eq!(motet(&args).output(), format!("{}\n", comma(&ids)));
        ids
    };
    let chat = reference("llama-gqa/reference.json");
    let rendered = ids(&chat["chat"]["ids"]);
    // The fixture's conversation begins <|im_start|> and ends its first message with <|im_end|>.
    let end = rendered.iter().position(|id| *id == 2).expect("it ends");
    assert_eq!(words("system\nYou sing."), rendered[1..end]);
    // Out of a conversation its name is ordinary text.
    let control = words("<|im_end|>");
    assert!(control.len() > 1 && !control.contains(&2), "{control:?}");
    assert_eq!(words("-n").len(), 2);
    assert!(words("").is_empty());
}

#[test]
fn messages_become_what_hugging_face_renders() {
    let folder = Folder::new();
    for (model, case) in [
        ("llama-gqa", "llama-gqa/reference.json"),
        ("llama-odd", "llama-odd/reference.json"),
        ("llama3-rope/BF16.gguf", "llama3-rope/reference-BF16.json"),
    ] {
        let chat = &reference(case)["chat"];
        let messages = folder.file("messages.json", chat["messages"].to_string());
        let model = fixture(model);
        let args = ["render", &model, "--messages", &messages];
        let json = motet(&joined(&args, &["--json"])).json();
        assert_eq!(json.as_object().map(|o| o.len()), Some(2), "{json}");
        assert_eq!(json["text"], chat["text"], "{model}");
        assert_eq!(json["ids"], chat["ids"], "{model}");
        assert_eq!(Some(motet(&args).output().as_str()), chat["text"].as_str());
    }
}

#[test]
fn a_model_is_inspected() {
    let config = reference("llama-gqa/config.json");
    for (model, format) in [
        ("llama-gqa", "safetensors"),
        ("llama-gqa/F32.gguf", "gguf"),
        ("llama-gqa/../llama-quant/MIXED.gguf", "gguf"),
    ] {
        let model = fixture(model);
        let args = ["inspect", &model, "--context", "100"];
        let json = motet(&joined(&args, &["--json"])).json();
        assert_eq!(json["format"], format);
        assert_eq!(json["architecture"], "llama");
        assert_eq!(json["layers"], config["num_hidden_layers"]);
        assert_eq!(json["context"], config["max_position_embeddings"]);
        assert_eq!(json["parameters"]["active"], json["parameters"]["total"]);
        assert_eq!(json["chat_template"], true);
        assert_eq!(json["tokenizer"]["eos"][0], "<|im_end|>");
        let (tensors, memory) = (&json["tensors"], &json["memory"]);
        let types = tensors["types"].as_array().expect("a list");
        for total in ["count", "bytes"] {
            let sum: u64 = types.iter().filter_map(|of| of[total].as_u64()).sum();
            assert_eq!(tensors[total], sum, "{json}");
        }
        assert_eq!(memory["context"], 100);
        let cache = memory["cache_per_token"].as_u64().expect("a number");
        assert_eq!(memory["cache"], cache * 100);
        let page = motet(&args).output();
        for shown in ["llama, 2 layers", "256 tokens", "chat template yes"] {
            assert!(page.contains(shown), "{page}");
        }
    }
    // F32 weights are four bytes each, and the tied output is no tensor of its own.
    let json = motet(&["inspect", &fixture("llama-gqa"), "--json"]).json();
    let parameters = json["parameters"]["total"].as_u64().expect("a number");
    assert_eq!(json["tensors"]["bytes"], parameters * 4);
}

/// What distinguishes families is said, in JSON and to people.
#[test]
fn mixtures_latents_and_windows_are_inspected() {
    for (model, config, experts, latent, windows, shown) in [
        (
            "mixtral/BF16.gguf",
            "mixtral/config.json",
            json!(["num_local_experts", "num_experts_per_tok"]),
            Value::Null,
            0,
            "experts       4 of width",
        ),
        (
            "deepseek2",
            "deepseek2/config.json",
            json!(["n_routed_experts", "num_experts_per_tok"]),
            json!(["kv_lora_rank", "qk_rope_head_dim"]),
            0,
            "and a shared one of width",
        ),
        (
            "gpt-oss",
            "gpt-oss/config.json",
            json!(["num_local_experts", "num_experts_per_tok"]),
            Value::Null,
            1,
            "window        20 tokens in",
        ),
        (
            "mistral",
            "mistral/config.json",
            Value::Null,
            Value::Null,
            1,
            "window        20 tokens in",
        ),
    ] {
        let (model, config) = (fixture(model), reference(config));
        let json = motet(&["inspect", &model, "--json"]).json();
        let page = motet(&["inspect", &model]).output();
        assert!(page.contains(shown), "{page}");
        for (part, keys, ours) in [
            ("experts", experts, ["count", "active"]),
            ("latent", latent, ["rank", "rope"]),
        ] {
            assert_eq!(json[part].is_null(), keys.is_null(), "{json}");
            for (i, ours) in ours.iter().enumerate().filter(|_| !keys.is_null()) {
                let key = keys[i].as_str().expect("a key");
                assert_eq!(json[part][ours], config[key], "{ours}: {json}");
            }
        }
        assert_eq!(json["windows"].as_array().map(Vec::len), Some(windows));
        let parameters = &json["parameters"];
        let (total, active) = (parameters["total"].as_u64(), parameters["active"].as_u64());
        assert_eq!(active < total, !json["experts"].is_null(), "{json}");
        // Layers with a window keep a part of a long context only.
        let memory = &json["memory"];
        let all = memory["cache_per_token"]
            .as_u64()
            .zip(memory["context"].as_u64());
        let all = all.map(|(each, context)| each * context);
        assert_eq!(memory["cache"].as_u64() < all, windows > 0, "{json}");
    }
}

#[test]
fn the_memory_is_that_of_the_types_asked_for() {
    let memory = |model: &str, more: &[&str]| {
        let model = fixture(model);
        let json = motet(&joined(&["inspect", &model, "--json"], more)).json();
        let number = |key: &str| json["memory"][key].as_u64().expect("a number");
        [number("weights"), number("cache_per_token")]
    };
    let [floats, cache] = memory("llama-gqa", &[]);
    for (kind, bytes) in [("f32", cache), ("f16", cache / 2)] {
        assert_eq!(memory("llama-gqa", &["--cache", kind]), [floats, bytes]);
    }
    let [_, eighths] = memory("llama-gqa", &["--cache", "q8"]);
    // A head of sixteen channels takes as many bytes, and sixteen for its scales.
    assert_eq!(eighths, cache / 2);
    let [eights, _] = memory("llama-gqa", &["--quantize", "q8_0"]);
    let [fours, _] = memory("llama-gqa", &["--quantize", "q4_0"]);
    assert!(
        fours < eights && eights < floats,
        "{fours} {eights} {floats}"
    );
    // What is quantized already stays as it is.
    let quantized = memory("llama-quant/Q4_0.gguf", &[]);
    let asked = memory("llama-quant/Q4_0.gguf", &["--quantize", "q8_0"]);
    assert_eq!(asked, quantized);
}

#[test]
fn models_that_have_a_name_are_listed() {
    let folder = Folder::new();
    let list = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motet"));
        command.env("MOTET_CACHE", folder.path("models"));
        run(command.arg("list").args(more), "")
    };
    let json = list(&["--json"]).json();
    let first = &json["models"][0];
    assert_eq!(first["name"], "smollm2");
    // The cache is empty.
    assert_eq!(first["path"], Value::Null);
    assert!(first["bytes"].as_u64() > Some(0));
    let page = list(&[]).output();
    assert!(page.starts_with("smollm2\n"), "{page}");
    assert!(page.contains("not here yet"), "{page}");
    assert!(folder.names().is_empty(), "listing makes no folder");
}

#[test]
fn a_name_that_is_unknown_is_not_pulled() {
    for args in [
        &["pull", "no-such-model"][..],
        &["pull", "no-such-model", "--json"],
        &["inspect", "no-such-model"],
        // A path is no name.
        &["pull", &fixture("llama-gqa")],
    ] {
        let sentence = motet(args).refusal(2);
        assert!(sentence.contains(args[1]), "{sentence}");
        assert!(sentence.contains("smollm2"), "{sentence}");
    }
}

#[test]
fn adapters_are_shown() {
    let json = motet(&["devices", "--json"]).json();
    let adapters = json["adapters"].as_array().expect("a list");
    assert!(!adapters.is_empty(), "these tests need a GPU adapter");
    let page = motet(&["devices"]).output();
    for adapter in adapters {
        let name = adapter["name"].as_str().expect("it has a name");
        assert!(page.lines().any(|line| line == name), "{page}");
    }
    // The first is the one that computes.
    let model = fixture("llama-gqa");
    let done = motet(&["generate", &model, "--ids", "3", "-n", "1", "--json"]).json();
    assert_eq!(done["adapter"], adapters[0]["name"]);
}

#[cfg(target_os = "linux")]
#[test]
fn no_adapter_is_said() {
    let folder = Folder::new();
    let without = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_motet"));
        let none = folder.path("no-driver.json");
        command.env("VK_DRIVER_FILES", &none);
        run(command.env("VK_ICD_FILENAMES", &none).args(args), "")
    };
    assert_eq!(
        without(&["devices", "--json"]).json()["adapters"],
        Value::Array(vec![])
    );
    let sentence = without(&["generate", &fixture("llama-gqa"), "--ids", "3"]).refusal(1);
    assert!(sentence.contains("no GPU adapter"), "{sentence}");
}

#[test]
fn help_and_version_are_no_failures() {
    assert!(motet(&["--version"]).output().starts_with("motet "));
    let help = motet(&["--help"]).output();
    #[rustfmt::skip]
    let verbs = ["chat", "generate", "logits", "tokenize", "render", "score", "inspect", "list", "pull", "devices"];
    for verb in verbs {
        assert!(help.contains(&format!("\n  {verb} ")), "{help}");
        assert!(motet(&[verb, "--help"]).output().contains("Usage: motet"));
    }
}

/// A pipe whose reader has gone is no failure, as for `motet … | head`.
#[test]
fn a_reader_may_go_away() {
    let model = fixture("llama-gqa");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = Command::new(env!("CARGO_BIN_EXE_motet"))
        .args(["generate", &model, "--ids", "3", "--reference"])
        .stdout(writer)
        .status();
    assert!(status.expect("the program starts").success());
}

#[test]
fn a_folder_is_read_through_a_relative_path() {
    let folder = Folder::new();
    folder.copy("llama-gqa");
    let mut command = Command::new(env!("CARGO_BIN_EXE_motet"));
    command.current_dir(folder.path(""));
    let args = ["tokenize", "llama-gqa", "--text", "Sing", "--json"];
    let done = run(command.args(args), "").json();
    let absolute = fs::canonicalize(folder.path("llama-gqa")).expect("it is there");
    let args = ["tokenize", &text(&absolute), "--text", "Sing", "--json"];
    assert_eq!(done, motet(&args).json());
}
