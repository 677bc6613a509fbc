//! A workbook's bytes, its zip included; seed it with a small workbook.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use lockgate_connectors::OptionValue;
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let text = |text: &str| OptionValue::Text(text.to_owned());
    let join = OptionValue::Table(BTreeMap::from([
        ("sheet".to_owned(), text("J")),
        ("on".to_owned(), text("A")),
        ("to".to_owned(), text("A")),
    ]));
    reading::read("xlsx", &[&[], &[("join", OptionValue::List(vec![join]))]], data);
});
