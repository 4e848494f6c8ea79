//! Bars on stderr; indicatif shows them only where stderr is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use motet_hub::Progress;

/// A bar that counts bytes.
pub fn bytes(what: &'static str, total: u64) -> ProgressBar {
    bar(
        what,
        total,
        "{msg} {wide_bar} {bytes} of {total_bytes}, {eta}",
    )
}

/// A bar that counts tokens.
pub fn tokens(what: &'static str, total: u64) -> ProgressBar {
    bar(what, total, "{msg} {wide_bar} {pos} of {len} tokens, {eta}")
}

fn bar(what: &'static str, total: u64, template: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(what)
}

/// A sign that something goes on.
pub fn spinner(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        .with_message(what)
}

/// Runs something that pulls a model, and shows how far it is.
pub fn pulling<T>(pull: impl FnOnce(&mut dyn FnMut(Progress)) -> T) -> T {
    let bar = bytes("downloading", 0);
    let result = pull(&mut |progress| match progress {
        Progress::Bytes { done, total } => {
            bar.set_length(total);
            bar.set_position(done);
        }
        other => bar.println(other.to_string()),
    });
    bar.finish_and_clear();
    result
}
