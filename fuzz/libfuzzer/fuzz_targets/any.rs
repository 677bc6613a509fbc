//! The bodies of `lockgate-fuzz` under libFuzzer; the environment variable `TARGET` says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockgate_fuzz::Target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("TARGET").unwrap_or_default();
    lockgate_fuzz::target(&name).expect("TARGET names none; see `scripts/fuzz --list`")
});

// The workbook library's own panics are caught by the product and told as a broken workbook; only what
// escapes is a find.
fuzz_target!(init: drop(std::panic::take_hook()), |data: &[u8]| {
    let _ = (TARGET.body)(data);
});
