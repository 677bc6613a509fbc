//! JSON documents: an outermost array, a path with a count, rows inside rows.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use lockgate_connectors::OptionValue;

fuzz_target!(|data: &[u8]| {
    let text = |text: &str| OptionValue::Text(text.to_owned());
    reading::read(
        "json",
        &[
            &[("row", text("[]"))],
            &[("row", text("x.y")), ("count", text("n")), ("list", text(";"))],
            &[("row", text("x[].y")), ("list", text(";"))],
        ],
        data,
    );
});
