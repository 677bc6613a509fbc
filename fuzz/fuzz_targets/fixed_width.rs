//! Fixed-width lines in one-byte and wide encodings, with kinds of lines and a trailer.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use lockgate_connectors::OptionValue;
use std::collections::BTreeMap;

fn text(text: &str) -> OptionValue {
    OptionValue::Text(text.to_owned())
}

/// A place, and words beside it.
fn place(start: i64, width: i64, words: &[(&str, &str)]) -> OptionValue {
    let numbers = [("start", OptionValue::Whole(start)), ("width", OptionValue::Whole(width))];
    let words = words.iter().map(|(name, word)| (*name, text(word)));
    OptionValue::Table(numbers.into_iter().chain(words).map(|(n, v)| (n.to_owned(), v)).collect())
}

fuzz_target!(|data: &[u8]| {
    let columns = || {
        let columns = [("A".to_owned(), place(2, 3, &[])), ("B".to_owned(), place(6, 4, &[]))];
        ("columns", OptionValue::Table(BTreeMap::from(columns)))
    };
    reading::read(
        "fixed_width",
        &[
            &[columns()],
            &[columns(), ("encoding", text("windows-1252")), ("short", text("padded"))],
            &[columns(), ("encoding", text("utf-16le")), ("comment", text("*"))],
            &[
                columns(),
                ("kind", place(1, 1, &[("rows", "D"), ("skip", "H")])),
                ("trailer", place(2, 3, &[("starts_with", "T")])),
            ],
        ],
        data,
    );
});
