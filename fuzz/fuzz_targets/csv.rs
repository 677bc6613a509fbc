//! Delimited text in any encoding.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use lockgate_connectors::OptionValue;
use std::collections::BTreeMap;

fn text(text: &str) -> OptionValue {
    OptionValue::Text(text.to_owned())
}

fuzz_target!(|data: &[u8]| {
    let trailer = OptionValue::Table(BTreeMap::from([
        ("starts_with".to_owned(), text("T")),
        ("count".to_owned(), OptionValue::Whole(2)),
    ]));
    reading::read(
        "csv",
        &[
            &[],
            &[("encoding", text("windows-1252")), ("delimiter", text(";"))],
            &[("encoding", text("utf-16le")), ("delimiter", text("tab"))],
            &[("header_rows", OptionValue::Whole(2)), ("trailer", trailer)],
        ],
        data,
    );
});
