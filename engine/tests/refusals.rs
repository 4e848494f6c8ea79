//! Models that are broken or beyond what is computed are refused by name, from the header alone.

mod support {
    pub mod open;
}

use motet::arch::Config;
use motet::format::{Checkpoint, TensorType};
use support::open::open;

/// What is said of a fixture after `spoil`.
fn refused(folder: &str, file: &str, spoil: impl FnOnce(&mut Checkpoint)) -> String {
    let mut checkpoint = open(folder, file);
    spoil(&mut checkpoint);
    match pollster::block_on(Config::read(&checkpoint)) {
        Ok(_) => panic!("{folder} {file} was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn numbers_that_mean_nothing_are_refused_by_name() {
    let set = |key: &'static str, value: u32| move |c: &mut Checkpoint| c.metadata.set(key, value);
    for (folder, file, key, value, word) in [
        (
            "mixtral",
            "BF16.gguf",
            "llama.expert_used_count",
            99,
            "99 of",
        ),
        (
            "mixtral",
            "BF16.gguf",
            "llama.expert_gating_func",
            7,
            "gating 7",
        ),
        (
            "mixtral",
            "BF16.gguf",
            "llama.attention.head_count_kv",
            3,
            "evenly",
        ),
        (
            "deepseek3",
            "BF16.gguf",
            "deepseek2.expert_group_count",
            3,
            "groups",
        ),
        (
            "deepseek3",
            "BF16.gguf",
            "deepseek2.expert_group_count",
            512,
            "up to 256",
        ),
        (
            "deepseek3",
            "BF16.gguf",
            "deepseek2.attention.kv_lora_rank",
            8,
            "attn_kv_a",
        ),
        (
            "deepseek2",
            "F16.gguf",
            "deepseek2.leading_dense_block_count",
            0,
            "ffn_gate_inp",
        ),
        ("qwen3", "BF16.gguf", "qwen3.block_count", 1, "blk.1."),
        ("qwen3", "BF16.gguf", "qwen3.block_count", 99, "blk."),
        (
            "qwen2moe",
            "BF16.gguf",
            "qwen2moe.attention.value_length",
            24,
            "values",
        ),
        (
            "qwen2moe",
            "BF16.gguf",
            "qwen2moe.expert_count",
            3,
            "ffn_gate_inp",
        ),
    ] {
        let said = refused(folder, file, set(key, value));
        assert!(said.contains(word), "{key} = {value}: {said}");
        assert!(said.ends_with('.') && !said.contains('\n'), "{said}");
    }
}

#[test]
fn unknown_kinds_are_refused_by_name() {
    let set = |key: &'static str, value: &'static str| {
        move |c: &mut Checkpoint| c.metadata.set(key, value)
    };
    let said = refused(
        "llama-gqa",
        "F32.gguf",
        set("general.architecture", "mamba"),
    );
    for word in ["mamba", "llama", "deepseek2", "gpt-oss"] {
        assert!(said.contains(word), "{said}");
    }
    let said = refused(
        "llama-gqa",
        "F32.gguf",
        set("llama.rope.scaling.type", "spiral"),
    );
    assert!(said.contains("spiral"), "{said}");
    let said = refused(
        "mixtral",
        "BF16.gguf",
        set("llama.expert_group_rule", "best of three"),
    );
    assert!(said.contains("best of three"), "{said}");
}

#[test]
fn tensors_that_disagree_are_refused_by_name() {
    let of =
        |c: &Checkpoint, name: &str| c.tensors.iter().position(|t| t.name == name).expect(name);
    let said = refused("mixtral", "BF16.gguf", |c| {
        let at = of(c, "blk.1.ffn_up_exps.weight");
        c.tensors.remove(at);
    });
    assert!(
        said.contains("blk.1.ffn_up_exps.weight is missing"),
        "{said}"
    );
    let said = refused("deepseek2", "F16.gguf", |c| {
        let at = of(c, "blk.0.attn_k_b.weight");
        c.tensors[at].shape.swap(0, 2);
    });
    assert!(
        said.contains("blk.0.attn_k_b.weight") && said.contains("shape"),
        "{said}"
    );
    let said = refused("qwen2", "F16.gguf", |c| {
        let mut other = c.tensors[0].clone();
        other.name = "blk.0.ffn_secret.weight".into();
        c.tensors.push(other);
    });
    assert!(said.contains("blk.0.ffn_secret.weight"), "{said}");
    let said = refused("qwen3moe", "F16.gguf", |c| {
        let at = of(c, "blk.0.ffn_gate_inp.weight");
        c.tensors[at].kind = TensorType::IQ1_S;
    });
    assert!(said.contains("IQ1_S"), "{said}");
}
