//! Every composed kernel is valid WGSL, on every tier, and shaders/README.md lists them all; so are those that measure.

use motet::gpu::ceilings::Ceiling;
use motet::gpu::{Kernel, Tier, all_kernels};
use naga::valid::{Capabilities, ValidationFlags, Validator};

const TIERS: [Tier; 4] = [
    Tier {
        subgroups: false,
        f16: false,
    },
    Tier {
        subgroups: true,
        f16: false,
    },
    Tier {
        subgroups: false,
        f16: true,
    },
    Tier {
        subgroups: true,
        f16: true,
    },
];

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
    for kernel in kernels {
        for tier in TIERS {
            if let Err(e) = validate(&kernel.wgsl(tier, false), tier) {
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
    for kernel in all_kernels() {
        let text = kernel.wgsl(TIERS[3], false);
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
    for kernel in all_kernels() {
        for tier in TIERS {
            let text = kernel.wgsl(tier, false);
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
    let sample = Kernel::Sample.wgsl(
        Tier {
            subgroups: true,
            f16: true,
        },
        true,
    );
    assert!(sample.starts_with("enable f16;\nenable subgroups;\n"));
    assert!(
        !Kernel::Combine
            .wgsl(
                Tier {
                    subgroups: true,
                    f16: false
                },
                true
            )
            .contains("enable")
    );
}
