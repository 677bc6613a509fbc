//! Inputs to begin with: the repository's own files, and small ones for what no file shows.

use crate::files::{agreement_files, texts};
use crate::parts;
use crate::reading::{DEPLOYMENT, ways};
use jiff::civil::date;
use lockgate_core::bundle::{BundleKind, Change, Counts};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::{BundleEntry, DecisionEntry, Disclosure, Entry, FileEntry, FileState, RunEntry};
use lockgate_core::link::{Fate, Key, RowBytes, RowIndex, Span};
use lockgate_core::record::{IdentityId, PersonId, RecordId};
use lockgate_core::row::Fingerprint;
use std::fs;
use std::path::Path;

/// A larger file makes a slow seed, and shows nothing that a smaller one does not.
const LARGEST: usize = 40 << 10;

/// Rows of a text file that suffice as a seed beside the whole.
const LINES: usize = 6;

fn chosen(choice: usize, file: &[u8]) -> Vec<u8> {
    let mut out = vec![u8::try_from(choice).unwrap_or(0)];
    out.extend_from_slice(file);
    out
}

/// Files of a format: of each feed those received, whole and their first lines, and broken ones; then
/// small ones for the options that no feed uses.
pub fn format(format: &'static str) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (choice, way) in ways(format).enumerate() {
        let Some(mapping) = way.mapping else {
            out.extend(
                SMALL.iter().filter(|(f, _)| *f == format).map(|(_, text)| chosen(choice, text.as_bytes())),
            );
            continue;
        };
        let folder =
            DEPLOYMENT.settings.place.get(mapping.source().place.as_str()).and_then(|p| p.folder.clone());
        let mut files = Vec::new();
        below(&root.join(folder.unwrap_or_default()), &mut files);
        below(&root.join("fixtures/broken"), &mut files);
        for file in files {
            let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let Ok(bytes) = fs::read(&file) else { continue };
            if mapping.source().named(name).is_none() || bytes.len() > LARGEST {
                continue;
            }
            if !bytes.starts_with(b"PK") {
                let head = bytes.split_inclusive(|b| *b == b'\n').take(LINES);
                out.push(chosen(choice, &head.collect::<Vec<_>>().concat()));
            }
            out.push(chosen(choice, &bytes));
        }
    }
    // As zip files, so that they are changed inside.
    for seed in &mut out {
        let (choice, file) = (seed.first().copied().unwrap_or(0), seed.get(1..).unwrap_or_default());
        if let Some(book) = parts::book(format, file) {
            *seed = chosen(usize::from(choice), &book);
        }
    }
    out
}

fn below(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { below(&path, out) } else { out.push(path) }
    }
}

const SMALL: &[(&str, &str)] = &[
    ("csv", "A,B\r\n1,\"two, 2\"\r\n3,\r\nT,2\r\n"),
    ("csv", "A;B\n\"x\"\"y\";2\n\n;\n"),
    ("csv", "G,,\nA,B,C\n1,2,3\nT,2\n"),
    ("csv", "A\u{0}\t\u{0}B\u{0}\n\u{0}1\u{0}\t\u{0}2\u{0}\n\u{0}"),
    ("fixed_width", "H20081117 \nDabc 1234\nDdef 5678\n*no row\nT002 \n"),
    ("fixed_width", "Dab\nDabc\u{e9}1234\n\nD\n"),
    ("json", "[{\"A\":\"x\",\"B\":1.5},{\"A\":null,\"B\":[1,true,\"\\u00e9\"]},{\"C\":{\"D\":-0}}]"),
    ("json", "{\"n\":2,\"x\":{\"y\":[{\"A\":\"x\"},{\"B\":\"y;z\"}]},\"z\":[]}"),
    ("json", "{\"x\":[{\"y\":[{\"A\":1},{\"B\":2}]},{\"y\":[{\"A\":{\"B\":\"c\"}}]}]}"),
    ("jsonl", "{\"A\":\"x\",\"B\":1}\n{\"A\":[\"y\",\"z\"]}\n\n{\"n\":2}\n"),
    ("xml", "<X><R><A>x</A><B k='v'>1&amp;2</B></R><R A='y'><!-- --><A><![CDATA[z]]></A></R></X>"),
    ("xml", "<?xml version='1.0' encoding='utf-8'?><p:X xmlns:p='u'><p:R><p:A>x</p:A></p:R></p:X>"),
    (
        "xlsx",
        "<worksheet><dimension ref='A1:B3'/><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c></row>\
         <row r='2'><c r='A2'><v>39769</v></c><c r='B2' s='1'><v>39769.5</v></c></row><row r='3'><c r='A3' t='b'><v>1</v></c>\
         <c r='B3' t='inlineStr'><is><t>x</t></is></c></row><row r='4'><c r='A4' t='e'><v>#N/A</v></c><c r='B4' t='str'><f>A1</f>\
         <v>y</v></c></row></sheetData></worksheet>",
    ),
    (
        "ods",
        "<office:document-content xmlns:office='o' xmlns:table='t' xmlns:text='x'><office:body><office:spreadsheet>\
         <table:table table:name='S'><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell>\
         <text:p>B</text:p></table:table-cell></table:table-row><table:table-row table:number-rows-repeated='2'>\
         <table:table-cell office:value-type='float' office:value='1.5' table:number-columns-repeated='2'><text:p>1.5</text:p>\
         </table:table-cell></table:table-row></table:table><table:table table:name='J'><table:table-row><table:table-cell>\
         <text:p>A</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>\
         </office:document-content>",
    ),
];

fn all(folder: &'static str, ending: &'static str) -> Vec<Vec<u8>> {
    texts(folder, ending).map(|(_, text)| text.as_bytes().to_vec()).collect()
}

/// `lockgate.toml`.
pub fn settings() -> Vec<Vec<u8>> {
    all("lockgate.toml", "")
}

/// The schema's files.
pub fn schema() -> Vec<Vec<u8>> {
    all("schema/", ".toml")
}

/// Code lists and code maps.
pub fn code_lists() -> Vec<Vec<u8>> {
    let lists = all("schema/codes/", ".csv").into_iter().map(|text| chosen(0, &text));
    lists.chain(all("mappings/codes/", ".csv").into_iter().map(|text| chosen(1, &text))).collect()
}

/// The mappings.
pub fn mappings() -> Vec<Vec<u8>> {
    all("mappings/", ".toml")
}

/// The agreement's files.
pub fn agreement() -> Vec<Vec<u8>> {
    agreement_files().iter().enumerate().map(|(at, (_, text))| chosen(at, text.as_bytes())).collect()
}

/// An entry of every kind.
pub fn ledger() -> Vec<Vec<u8>> {
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    let as_of = date(2008, 11, 17);
    let disclosure = Disclosure {
        recipient: "wyp",
        sequence: 3,
        person: PersonId(5),
        record: RecordId(7),
        stored_version: 1,
        version: 200,
        change: Change::Correction,
        category: "person",
        clause: "5.1.1",
        fields: 0b1011,
        grant: "standing",
        commitment: one,
    };
    let bundle = BundleEntry {
        name: "b",
        recipient: "wyp",
        sequence: 3,
        kind: BundleKind::Notice,
        as_of,
        manifest: one,
        previous: Some(two),
        counts: Counts { new: 1, correction: 128, withdrawal: 0, current: u64::MAX },
    };
    let decision = DecisionEntry { as_of, kind: "release", by: "n1", reference: "r", subject: two };
    let entries = [
        Entry::Disclosure(disclosure),
        Entry::Bundle(bundle),
        Entry::Run(RunEntry { as_of, agreement: one, schema: two, software: "lockgate" }),
        Entry::File(FileEntry { feed: "f", file: one, state: FileState::Held }),
        Entry::Decision(decision),
    ];
    entries.iter().map(Entry::encode).collect()
}

/// Two records, one of them withdrawn; without the check sum.
pub fn holdings() -> Vec<Vec<u8>> {
    let mut packed = vec![1, 5];
    for word in ["person", "hmps", "5.1.1", "a", "R"] {
        packed.push(u8::try_from(word.len()).unwrap_or(0));
        packed.extend_from_slice(word.as_bytes());
    }
    // 2008-11-17 as a number of seven bits a byte.
    let day = [0xf1, 0xe2, 0x3e];
    packed.push(2);
    packed.extend_from_slice(&[0; 15]);
    packed.extend_from_slice(&[1, 1, 0, 1]);
    packed.extend_from_slice(&day);
    packed.extend_from_slice(&[9; 36]);
    packed.extend_from_slice(&[1, 2, 3, 4]);
    packed.extend_from_slice(&[0; 15]);
    packed.extend_from_slice(&[2, 0, 0, 2]);
    packed.extend_from_slice(&day);
    vec![chosen(1, &packed), chosen(0, &packed)]
}

/// The number of rows, rows of every fate with evidence and a designation, and their index.
pub fn row_memory() -> Vec<Vec<u8>> {
    let (mut index, mut out) = (RowIndex::default(), vec![5]);
    let span = Span { from: Some(date(2008, 10, 1)), until: None };
    RowBytes::put(&mut out, Fingerprint(1), IdentityId(11), &[Key(5), Key(6)]);
    index.push(Fate::Mapped, Some(span));
    RowBytes::put(&mut out, Fingerprint(2), IdentityId(12), &[]);
    index.push(Fate::Mapped, None);
    for fate in [Fate::Refused, Fate::Skipped, Fate::Duplicate] {
        RowBytes::put(&mut out, Fingerprint(2), IdentityId(0), &[]);
        index.push(fate, None);
    }
    index.encode(&mut out);
    vec![out]
}

/// A chapter's entries before they are sealed: record, number, category, marks and fields.
pub fn chapter() -> Vec<Vec<u8>> {
    let entry = |record: u8, number: u8, marks: u8, fields: &[u8]| {
        let length = u8::try_from(fields.len()).unwrap_or(0);
        [&[0; 15][..], &[record, number, 3, marks, length], fields].concat()
    };
    let (one, two) = (entry(1, 1, 0, &[3, b'a', b'b', 0]), entry(2, 5, 4, &[]));
    vec![one.clone(), [one, two].concat()]
}

/// Rows in the spool's form: length, row, identity, and records of id, category, marks and fields.
pub fn spool() -> Vec<Vec<u8>> {
    let mut record = vec![3; 16];
    record.extend_from_slice(&[4, 0, 1, 5, 0, 0, 0, 3, b'a', b'b', 0, 1]);
    let mut out = Vec::new();
    for records in [1, 2] {
        let body = [&[0; 20][..], &record.repeat(records)].concat();
        out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&body);
    }
    vec![out]
}
