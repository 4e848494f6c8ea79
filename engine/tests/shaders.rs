//! Every composed kernel is valid WGSL, on every tier, and shaders/README.md lists them all; so are those that measure.

use std::collections::HashSet;

use motet::gpu::ceilings::Ceiling;
use motet::gpu::{Kernel, Memory, Share, Tier, all_kernels};
use naga::valid::{Capabilities, ValidationFlags, Validator};

/// Every part in some tier.
fn tiers() -> [Tier; 7] {
    let baseline = Tier::default();
    let subgroups = Tier {
        subgroups: true,
        ..baseline
    };
    let handed = |share, weights| Tier {
        share,
        weights,
        ..subgroups
    };
    let f16 = |tier| Tier { f16: true, ..tier };
    [
        baseline,
        subgroups,
        f16(baseline),
        f16(subgroups),
        handed(Share::Four, Memory::Buffers),
        handed(Share::Eight, Memory::Textures),
        Tier {
            share: Share::Own,
            weights: Memory::Sampled,
            ..baseline
        },
    ]
}

fn validate(text: &str, tier: Tier) -> Result<(), String> {
    let module = naga::front::wgsl::parse_str(text).map_err(|e| e.emit_to_string(text))?;
    // unpack2x16float, which is core WGSL.
    let mut capabilities = Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    capabilities.set(Capabilities::SUBGROUP, tier.subgroups);
    capabilities.set(Capabilities::SHADER_FLOAT16, tier.f16);
    Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .map(|_| ())
        .map_err(|e| e.emit_to_string(text))
}

#[test]
fn every_kernel_validates_on_every_tier() {
    let kernels = all_kernels();
    assert!(
        kernels.len() > 80,
        "only {} kernels are enumerated",
        kernels.len()
    );
    let mut seen = HashSet::new();
    for kernel in kernels {
        for tier in tiers() {
            let text = kernel.wgsl(tier, false);
            if seen.insert(text.clone())
                && let Err(e) = validate(&text, tier)
            {
                panic!("{} {tier:?}:\n{e}", kernel.label());
            }
        }
    }
}

#[test]
fn every_kernel_that_measures_validates_on_its_tier() {
    for kernel in Ceiling::ALL {
        if let Err(e) = validate(&kernel.wgsl(), kernel.tier()) {
            panic!("{}:\n{e}", kernel.label());
        }
    }
}

/// Chromium's compiler clears a variable without an initializer once, not in every round of the loop around it.
#[test]
fn every_variable_of_a_function_has_an_initializer() {
    let full = Tier {
        subgroups: true,
        f16: true,
        ..Tier::default()
    };
    for kernel in all_kernels() {
        let text = kernel.wgsl(full, false);
        let mut lines = text.lines().map(str::trim_start);
        let bare = lines.find(|line| line.starts_with("var ") && !line.contains('='));
        assert_eq!(bare, None, "{}", kernel.label());
    }
    for kernel in Ceiling::ALL {
        let text = kernel.wgsl();
        let mut lines = text.lines().map(str::trim_start);
        let bare = lines.find(|line| line.starts_with("var ") && !line.contains('='));
        assert_eq!(bare, None, "{}", kernel.label());
    }
}

#[test]
fn workgroup_memory_stays_within_the_baseline() {
    let mut seen = HashSet::new();
    for kernel in all_kernels() {
        for tier in tiers() {
            let text = kernel.wgsl(tier, false);
            if !seen.insert(text.clone()) {
                continue;
            }
            let module = naga::front::wgsl::parse_str(&text).expect("validated by the other test");
            let mut layouter = naga::proc::Layouter::default();
            layouter.update(module.to_ctx()).expect("types have sizes");
            let bytes: u32 = module
                .global_variables
                .iter()
                .filter(|(_, v)| v.space == naga::AddressSpace::WorkGroup)
                .map(|(_, v)| layouter[v.ty].size)
                .sum();
            assert!(
                bytes <= 16 << 10,
                "{} takes {bytes} bytes of workgroup memory",
                kernel.label()
            );
        }
    }
}

#[test]
fn the_readme_lists_every_kernel() {
    let readme = include_str!("../../shaders/README.md");
    for kernel in all_kernels() {
        let label = kernel.label();
        let name = label.split(' ').next().expect("labels have words");
        assert!(
            readme.contains(&format!("| {name} |")),
            "shaders/README.md lacks {name}"
        );
    }
}

#[test]
fn the_browser_gets_its_enable_lines() {
    let subgroups = Tier {
        subgroups: true,
        ..Tier::default()
    };
    let both = Tier {
        f16: true,
        ..subgroups
    };
    let sample = Kernel::Sample.wgsl(both, true);
    assert!(sample.starts_with("enable f16;\nenable subgroups;\n"));
    assert!(!Kernel::Combine.wgsl(subgroups, true).contains("enable"));
}
