//! JSON Lines, with and without a count at the end.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use lockgate_connectors::OptionValue;

fuzz_target!(|data: &[u8]| {
    let text = |text: &str| OptionValue::Text(text.to_owned());
    reading::read("jsonl", &[&[], &[("count", text("n")), ("list", text(";"))]], data);
});
