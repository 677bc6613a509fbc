//! XML documents, with and without a namespace.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use lockgate_connectors::OptionValue;

fuzz_target!(|data: &[u8]| {
    let text = |text: &str| OptionValue::Text(text.to_owned());
    reading::read("xml", &[&[("row", text("X/R"))], &[("row", text("X/R")), ("namespace", text("u"))]], data);
});
