//! What was measured, as tables for people.

use std::fmt::Write;

use indicatif::HumanBytes;
use motet::bench::{KernelRow, Profile, Report, Row, Source};
use motet::gpu::ceilings::Ceilings;

/// Cells of a table, its head first; the first column is left, the others right.
struct Table(Vec<Vec<String>>);

impl Table {
    fn new(head: &[&str]) -> Self {
        Self(vec![head.iter().map(|cell| (*cell).into()).collect()])
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.push(cells.into_iter().collect());
    }

    /// Appends the table to a text.
    fn write(&self, text: &mut String) {
        let columns = self.0.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let cells = self.0.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.0 {
            let mut line = String::new();
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                line += &match i {
                    0 => format!("{cell:<width$}"),
                    _ => format!("  {cell:>width$}"),
                };
            }
            *text += line.trim_end();
            *text += "\n";
        }
    }
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 99.95 => format!("{value:.0}"),
        v if v >= 9.995 => format!("{value:.1}"),
        v if v >= 0.9995 || v == 0.0 => format!("{value:.2}"),
        v if v >= 0.01 => format!("{value:.3}"),
        _ => format!("{value:.1e}"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The whole report.
pub fn report(report: &Report) -> String {
    let (adapter, model) = (&report.adapter, &report.model);
    let mut text = format!(
        "{} ({}, {}), subgroups {}, f16 {}\n{}: {} of weights, {} of them a token, cache {:?}\n\n",
        adapter.name,
        adapter.backend,
        adapter.driver,
        if report.tier.subgroups { "on" } else { "off" },
        if report.tier.f16 { "on" } else { "off" },
        model.name,
        HumanBytes(model.weight_bytes),
        HumanBytes(model.active_bytes as u64),
        report.cache,
    );
    ceilings(&mut text, &report.ceilings);
    rates(&mut text, "prefill", &report.prefill);
    rates(&mut text, "decode", &report.decode);
    if let Some(both) = &report.kernels {
        kernels(&mut text, "a decode step", &both.decode);
        kernels(&mut text, "a batch of a prompt", &both.prefill);
    }
    if let Some(both) = &report.profile {
        profile(&mut text, "a decode step", &both.decode);
        profile(&mut text, "a batch of a prompt", &both.prefill);
    }
    text
}

fn ceilings(text: &mut String, ceilings: &Ceilings) {
    let maybe = |rate: Option<f64>, unit: &str| {
        rate.map_or("not there".into(), |rate| {
            format!("{} {unit}", number(rate))
        })
    };
    let mut table = Table::new(&["ceilings of the adapter", ""]);
    let lines = [
        (
            "storage buffers, read",
            format!("{} GB/s", number(ceilings.storage_gb_per_s)),
        ),
        (
            "textures, read",
            format!("{} GB/s", number(ceilings.texture_gb_per_s)),
        ),
        (
            "multiply-add, f32",
            format!("{} GFLOP/s", number(ceilings.f32_gflop_per_s)),
        ),
        (
            "multiply-add, f16",
            maybe(ceilings.f16_gflop_per_s, "GFLOP/s"),
        ),
        (
            "8-bit dot products",
            maybe(ceilings.dot8_gop_per_s, "GOP/s"),
        ),
        (
            "an empty dispatch",
            format!("{} µs", number(ceilings.dispatch_us)),
        ),
        (
            "submit and wait",
            format!("{} ms", number(ceilings.submit_ms)),
        ),
    ];
    for (what, rate) in lines {
        table.row([what.into(), rate]);
    }
    table.write(text);
}

fn rates(text: &mut String, what: &str, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let first = if what == "decode" { "decode at" } else { what };
    let mut table = Table::new(&[
        first,
        "ms",
        "tokens/s",
        "GB/s",
        "GFLOP/s",
        "dispatches",
        "submits",
        "readbacks",
        "bind groups",
        "floor, ms",
        "times floor",
    ]);
    for row in rows {
        let size = if what == "decode" {
            row.cached
        } else {
            row.tokens
        };
        let numbers = [
            row.ms,
            row.tokens_per_s,
            row.gb_per_s,
            row.gflop_per_s,
            row.dispatches,
            row.submits,
            row.readbacks,
            row.bind_groups,
            row.floor_ms,
            row.ratio,
        ];
        let counts = 4..8;
        let cell = |(i, value): (usize, f64)| match counts.contains(&i) {
            true if value.fract() == 0.0 => format!("{value:.0}"),
            _ => number(value),
        };
        table.row(
            std::iter::once(size.to_string()).chain(numbers.into_iter().enumerate().map(cell)),
        );
    }
    *text += "\n";
    table.write(text);
}

fn kernels(text: &mut String, of: &str, rows: &[KernelRow]) {
    let mut table = Table::new(&[
        &format!("kernels of {of}, alone"),
        "shape",
        "dispatches",
        "ms each",
        "GB/s",
        "GFLOP/s",
        "floor, ms",
        "share of floor",
    ]);
    for row in rows {
        table.row([
            row.kernel.clone(),
            row.shape.clone(),
            row.dispatches.to_string(),
            number(row.ms),
            number(row.gb_per_s),
            number(row.gflop_per_s),
            number(row.floor_ms),
            percent(row.share),
        ]);
    }
    *text += "\n";
    table.write(text);
}

fn profile(text: &mut String, of: &str, profile: &Profile) {
    let how = match profile.source {
        Source::Timestamps => "the device's timestamps",
        Source::Ends => {
            "the device's timestamps of ends, as the driver stamps begins when the work is done"
        }
        Source::Alone => "each kernel alone, as the device has no timestamps",
    };
    let mut table = Table::new(&[
        &format!("where {of} spends its time"),
        "shape",
        "dispatches",
        "ms",
        "share",
    ]);
    for line in &profile.kernels {
        table.row([
            line.kernel.clone(),
            line.shape.clone(),
            line.dispatches.to_string(),
            number(line.ms),
            percent(line.share),
        ]);
    }
    for (what, ms) in [
        ("between dispatches", profile.gaps_ms),
        ("submitting and waiting", profile.submit_ms),
        ("reading back", profile.readback_ms),
        ("recording, on the CPU", profile.encode_ms),
    ] {
        let share = percent(ms / profile.total_ms);
        table.row([what.into(), String::new(), String::new(), number(ms), share]);
    }
    let total = number(profile.total_ms);
    table.row([
        "all".into(),
        String::new(),
        String::new(),
        total,
        percent(1.0),
    ]);
    *text += "\n";
    table.write(text);
    let plain = number(profile.plain_ms);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "by {how}; {plain} ms where nothing is taken apart");
}
