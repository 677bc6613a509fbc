//! A workbook: its bytes, zip included, where they begin like one; else the text of its sheet.
#![no_main]

mod reading;

use libfuzzer_sys::fuzz_target;
use lockgate_connectors::OptionValue;
use std::collections::BTreeMap;

// The library's own panics are caught and told as a broken workbook; only what escapes is a find.
fuzz_target!(init: drop(std::panic::take_hook()), |data: &[u8]| {
    let text = |text: &str| OptionValue::Text(text.to_owned());
    let join = OptionValue::Table(BTreeMap::from([
        ("sheet".to_owned(), text("J")),
        ("on".to_owned(), text("A")),
        ("to".to_owned(), text("A")),
    ]));
    let Some((choice, part)) = data.split_first() else { return };
    let whole =
        if part.starts_with(b"PK") { data.to_vec() } else { [&[*choice], book(part).as_slice()].concat() };
    reading::read("xlsx", &[&[], &[("join", OptionValue::List(vec![join]))]], &whole);
});

fn book(sheet: &[u8]) -> Vec<u8> {
    const KIND: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let top = format!(
        "<Relationships><Relationship Id='r' Type='{KIND}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
    );
    let list = format!(
        "<workbook xmlns:r='{KIND}'><sheets><sheet name='S' sheetId='1' r:id='a'/><sheet name='J' sheetId='2' r:id='b'/></sheets></workbook>"
    );
    let links = format!(
        "<Relationships><Relationship Id='a' Type='{KIND}/worksheet' Target='worksheets/sheet1.xml'/><Relationship Id='b' Type='{KIND}/worksheet' Target='worksheets/sheet1.xml'/></Relationships>"
    );
    reading::workbook(&[
        ("_rels/.rels", top.as_bytes()),
        ("xl/workbook.xml", list.as_bytes()),
        ("xl/_rels/workbook.xml.rels", links.as_bytes()),
        ("xl/styles.xml", b"<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='46'/></cellXfs></styleSheet>"),
        ("xl/sharedStrings.xml", b"<sst uniqueCount='2'><si><t>A</t></si><si><t>B</t></si></sst>"),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}
