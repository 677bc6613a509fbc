//! The treatment of each pitfall of XML files.

use crate::codes::{
    BAD_SEQUENCE, FORMAT_OPTION, NUL_BYTE, OTHER_ENCODING, TOO_MANY, XML_BROKEN, XML_CAP, XML_DOCTYPE,
    XML_ENTITY, XML_LATE, XML_NEVER, XML_ROOT, XML_TWICE,
};
use crate::sample::{Read, assert_rows, optional, options, read, read_with, row_of, text, want};
use crate::{Limits, ReadError, Wanted};
use lockgate_core::row::CellKind::{Absent, Text};

fn assessments(wanted: &[Wanted], inside: &str) -> Result<Read, ReadError> {
    let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<X>{inside}</X>\n");
    read("xml", &options(&[("row", text("X/O/A"))]), wanted, document.as_bytes())
}

fn code(result: Result<Read, ReadError>) -> (&'static str, Option<u64>) {
    result.err().map_or(("read", None), |e| (e.code, e.row))
}

#[test]
fn values_come_from_elements_attributes_and_ancestors() {
    let wanted =
        optional(&["date", "Risk/OGRS/two", "@pk", "Risk/@level", "../crn", "../@lao", "../../@made"]);
    let document = "<X made=\"today\"><head/><O lao='true'><crn>X1</crn>\
        <A pk=\"1\"><date> 2008-11-05 </date><Risk level='h&amp;m'><OGRS><one>9</one><two>48</two></OGRS></Risk></A>\
        <A pk='2'><Risk><OGRS/></Risk><date/></A></O>\
        <O><A><date><![CDATA[a<b]]>&#233;&lt;</date></A></O></X>";
    let read = read("xml", &options(&[("row", text("X/O/A"))]), &wanted, document.as_bytes()).unwrap();
    assert_eq!(
        read.header,
        ["date", "Risk/OGRS/two", "@pk", "Risk/@level", "../crn", "../@lao", "../../@made"]
    );
    let (t, none) = (|text| (text, Text), ("", Absent));
    let expected = [
        row_of(1, &[t(" 2008-11-05 "), t("48"), t("1"), t("h&m"), t("X1"), t("true"), t("today")]),
        row_of(2, &[t(""), none, t("2"), none, t("X1"), t("true"), t("today")]),
        row_of(3, &[t("a<bé<"), none, none, none, none, none, t("today")]),
    ];
    assert_rows(&read.rows, &expected);
    assert_eq!(read.unknown, ["../../head", "Risk/OGRS/one"]);
}

#[test]
fn pitfall_14_absent_and_empty_differ_and_nothing_is_carried_to_the_next_row() {
    let read =
        assessments(&optional(&["a", "../c"]), "<O><c>1</c><A><a>x</a></A><A/></O><O><A><a></a></A></O>")
            .unwrap();
    let expected = [
        row_of(1, &[("x", Text), ("1", Text)]),
        row_of(2, &[("", Absent), ("1", Text)]),
        row_of(3, &[("", Text), ("", Absent)]),
    ];
    assert_rows(&read.rows, &expected);
}

#[test]
fn pitfall_5_what_no_path_names_is_told_once_and_a_required_path_that_never_occurs_refuses() {
    let rows = "<O><A new='1'><a>1</a><b><c/><d/></b></A><A new='2'><b/><e/><a>2</a></A></O>";
    assert_eq!(assessments(&want(&["a"]), rows).unwrap().unknown, ["@new", "b", "e"]);
    assert_eq!(code(assessments(&want(&["a", "b/gone"]), rows)).0, XML_NEVER);
    assert_eq!(assessments(&want(&["a", "gone"]), "").unwrap().rows.len(), 0);
    let alias = Wanted { name: "old".into(), aliases: vec!["a".into()], required: true };
    assert_eq!(assessments(&[alias], rows).unwrap().header, ["old"]);
}

#[test]
fn a_path_that_occurs_twice_makes_its_row_unusable() {
    let read = assessments(
        &optional(&["n/t", "../c"]),
        "<O><c/><A><n><t>1</t></n><n><t>2</t></n></A><A/></O><O><c/><c/><A/></O>",
    )
    .unwrap();
    assert_eq!((read.bad, read.rows.len()), (vec![(1, XML_TWICE), (3, XML_TWICE)], 1));
}

#[test]
fn a_value_behind_the_rows_that_need_it_refuses_the_file() {
    let late = assessments(&optional(&["../c"]), "<O><c>1</c><A/></O><O><A/><c>2</c></O>");
    assert_eq!(code(late), (XML_LATE, Some(3)));
}

#[test]
fn pitfall_41_namespaces_are_held_to_where_declared() {
    let wanted = optional(&["a"]);
    let rows = |document: &str, namespace: Option<&str>| {
        let mut pairs = vec![("row", text("X/A"))];
        pairs.extend(namespace.map(|n| ("namespace", text(n))));
        read("xml", &options(&pairs), &wanted, document.as_bytes())
    };
    let prefixed =
        "<p:X xmlns:p='urn:o' xmlns:q='urn:q'><p:A><p:a>1</p:a></p:A><q:A><p:a>2</p:a></q:A></p:X>";
    assert_rows(&rows(prefixed, Some("urn:o")).unwrap().rows, &[row_of(1, &[("1", Text)])]);
    assert_eq!(rows(prefixed, None).unwrap().rows.len(), 2);
    assert_eq!(code(rows(prefixed, Some("urn:other"))).0, XML_ROOT);
    assert_eq!(code(rows("<X xmlns='urn:o'><A/></X>", Some("urn:o"))).0, "read");
    assert_eq!(code(rows("<Y/>", None)).0, XML_ROOT);
}

#[test]
fn pitfall_1_the_declared_encoding_is_used_and_strict() {
    let wanted = optional(&["a"]);
    let read_bytes = |bytes: &[u8]| read("xml", &options(&[("row", text("X/A"))]), &wanted, bytes);
    let body = "<X><A><a>Zoë</a></A></X>";
    let latin =
        [b"<?xml version='1.0' encoding='windows-1252'?><X><A><a>Zo\xeb</a></A></X>".to_vec()].concat();
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain(format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{body}").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [b"\xef\xbb\xbf".as_slice(), body.as_bytes()].concat();
    for bytes in [body.as_bytes(), &latin, &wide, &marked] {
        assert_rows(&read_bytes(bytes).unwrap().rows, &[row_of(1, &[("Zoë", Text)])]);
    }
    let cases: &[(&[u8], &str)] = &[
        (b"<X><A><a>Zo\xeb</a></A></X>", BAD_SEQUENCE),
        (b"<?xml version='1.0' encoding='windows-1252'?><X><A><a>\x81</a></A></X>", BAD_SEQUENCE),
        (b"<?xml version='1.0' encoding='EBCDIC'?><X/>", OTHER_ENCODING),
        (b"<?xml version='1.0' encoding='utf-16'?><X/>", OTHER_ENCODING),
        (b"<X><A><a>\x00</a></A></X>", NUL_BYTE),
    ];
    for (bytes, expected) in cases {
        assert_eq!(code(read_bytes(bytes)).0, *expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn pitfall_41_document_types_and_entities_are_refused() {
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    let document = format!("<?xml version=\"1.0\"?>{laughs}<X><A><a>&b;</a></A></X>");
    let chosen = options(&[("row", text("X/A"))]);
    assert_eq!(code(read("xml", &chosen, &optional(&["a"]), document.as_bytes())).0, XML_DOCTYPE);
    for (inside, expected) in [
        ("<O><A/></O><O><A><a>&b;</a></A></O>", XML_ENTITY),
        ("<O><A a='&b;'/></O>", XML_ENTITY),
        ("<O><A><a>&#0;</a></A></O>", XML_BROKEN),
        ("<O><A><a>&#x1F;</a></A></O>", XML_BROKEN),
        ("<O><A><a>& x</a></A></O>", XML_BROKEN),
        ("<O><!DOCTYPE x><A/></O>", XML_DOCTYPE),
    ] {
        assert_eq!(code(assessments(&optional(&["a", "@a"]), inside)).0, expected, "{inside}");
    }
}

#[test]
fn a_document_that_breaks_off_or_is_ill_formed_names_the_row() {
    let cases: &[(&str, &str, u64)] = &[
        ("<X><O><A><a>1</a></A><A><a>2</a></A>", XML_BROKEN, 3),
        ("<X><O><A><a>1</a></A><A><a>2", XML_BROKEN, 2),
        ("<X><O><A><a>1</b></A></O></X>", XML_BROKEN, 1),
        ("<X><O><A x='1' x='2'/></O></X>", XML_BROKEN, 1),
        ("<X/><X/>", XML_BROKEN, 1),
        ("<X/>text", XML_BROKEN, 1),
        ("   ", XML_BROKEN, 1),
    ];
    for (document, expected, row) in cases {
        let outcome =
            read("xml", &options(&[("row", text("X/O/A"))]), &optional(&["a", "@x"]), document.as_bytes());
        assert_eq!(code(outcome), (*expected, Some(*row)), "{document}");
    }
}

#[test]
fn the_caps_on_depth_attributes_text_and_elements_hold() {
    let limits = Limits {
        depth: 10,
        xml_attributes: 5,
        cell_bytes: 200,
        row_elements: 20,
        cells: 60,
        ..Limits::default()
    };
    let outcome = |inside: &str| {
        let document = format!("<X><O>{inside}</O></X>");
        let chosen = options(&[("row", text("X/O/A"))]);
        code(read_with("xml", &chosen, &optional(&["a"]), document.as_bytes(), &limits)).0
    };
    assert_eq!(outcome(&"<z>".repeat(1_000)), XML_CAP);
    assert_eq!(outcome("<A a1='' a2='' a3='' a4='' a5='' a6=''/>"), XML_CAP);
    assert_eq!(outcome(&format!("<A><a>{}</a></A>", "x".repeat(70_000))), XML_CAP);
    assert_eq!(outcome(&format!("<A><a>{}</a></A>", "x<!-- -->".repeat(300))), XML_CAP);
    assert_eq!(outcome(&format!("<A {}/>", "long".repeat(30_000))), XML_CAP);
    assert_eq!(outcome(&format!("<A>{}</A>", "<z/>".repeat(30))), XML_CAP);
    assert_eq!(outcome(&"<A/>".repeat(80)), TOO_MANY);
    assert_eq!(outcome("<A><a>fine</a></A>"), "read");
    // A token that comes whole in one portion of input is held to its cap like one that comes in pieces.
    assert_eq!(outcome(&format!("<A><z>{}</z></A>", "x".repeat(300))), XML_CAP);
    assert_eq!(outcome(&format!("<A><z>{}</z></A>", "x".repeat(150))), "read");
}

#[test]
fn paths_that_cannot_be_read_are_named() {
    for path in ["a[1]", "../../../x", "..", ""] {
        let error = assessments(&optional(&[path]), "<O/>").err().unwrap();
        assert_eq!(error.code, FORMAT_OPTION, "{path}");
    }
    let two_levels = Wanted { name: "a".into(), aliases: vec!["../a".into()], required: false };
    assert_eq!(code(assessments(&[two_levels], "<O/>")).0, FORMAT_OPTION);
}
