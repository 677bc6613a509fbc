//! A workbook: its bytes, zip included, where they begin like one; else the text of its sheet.
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
    let Some((choice, part)) = data.split_first() else { return };
    let whole =
        if part.starts_with(b"PK") { data.to_vec() } else { [&[*choice], book(part).as_slice()].concat() };
    reading::read("ods", &[&[], &[("join", OptionValue::List(vec![join]))]], &whole);
});

fn book(content: &[u8]) -> Vec<u8> {
    reading::workbook(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", b"<m/>"),
        ("content.xml", content),
    ])
}
