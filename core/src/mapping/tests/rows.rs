//! Rows: what a whole row becomes.

use super::*;
use crate::record::Candidate;

fn text(word: &'static str, value: &'static str) -> (&'static str, &'static str, CellKind) {
    (word, value, CellKind::Text)
}

fn mapped(outcome: Outcome) -> crate::mapping::Mapped {
    match outcome {
        Outcome::Mapped(mapped) => mapped,
        _ => panic!("the row was not mapped"),
    }
}

fn shown(changes: &[(&'static str, &'static str)]) -> String {
    let m = releases();
    let changes: Vec<_> = changes.iter().map(|(w, t)| text(w, t)).collect();
    show(&m, &run(&m, &good_but(&m, &changes)))
}

#[test]
fn a_good_row_gives_the_person_and_the_fact() {
    insta::assert_snapshot!(shown(&[]), @r#"
    person surname=HARGREAVES forenames=CONNOR JAMES aliases=Conor HARGREAVES; HARGREAVES, Con birth_date=1981-02-14 sex=M pnc_id=2004/0031877J prison_number=A7341CD
    prison_release release_date=2008-11-20 release_type=ecl establishment=LEI release_address=14 Copse Row, Harehills release_postcode=LS9 7ZZ
    "#);
}

#[test]
fn every_refusal_of_a_row_names_its_column_and_rule() {
    for (changes, expected) in [
        (&[("lao", "TRUE")][..], "refused lao:LG1240"),
        (&[("surname", "ZZTEST"), ("forenames", "Test")], "refused surname:LG1241"),
        (&[("prison_number", " ")], "refused prison_number:LG1243"),
        (&[("sex", "Z")], "refused sex:LG1245"),
        (&[("reason", "ZZ")], "refused movement:LG1245"),
        (&[("movement", "HDC"), ("reason", "HD")], "refused movement:LG1246"),
        (&[("sex", "Z"), ("reason", "ZZ")], "refused sex:LG1245 movement:LG1245"),
        (&[("status", "D")], "skipped"),
        // A row that is both a draft and of limited access is never merely left.
        (&[("status", "D"), ("lao", "true")], "refused lao:LG1240"),
    ] {
        assert_eq!(shown(changes), expected, "{changes:?}");
    }
}

#[test]
fn bad_values_refuse_unless_the_field_says_drop() {
    let refused = |changes: &[_], column: &str| {
        let shown = shown(changes);
        assert!(shown.starts_with(&format!("refused {column}:LG12")), "{shown}");
    };
    refused(&[("dob", "31/02/1981")], "dob");
    refused(&[("dob", "14/02/2010")], "dob");
    refused(&[("postcode", "LS9 7TI")], "postcode");
    refused(&[("release_date", "2008-11-20")], "release_date");
    let dropped = shown(&[("pnc", "2004/0031877Z")]);
    assert!(dropped.contains("\ndropped pnc:LG12") && !dropped.contains("pnc_id"), "{dropped}");
    let unproven = shown(&[("cro", "004410/04A")]);
    assert!(unproven.contains("\ndropped cro:LG12"), "{unproven}");
}

#[test]
fn empty_absent_and_null_words_all_give_no_value() {
    for (word, value) in [
        ("surname", "unknown"),
        ("surname", "  "),
        ("pnc", "-"),
        ("dob", "01/01/1900"),
        ("sex", ""),
        ("alias", " "),
    ] {
        let shown = shown(&[(word, value)]);
        assert!(shown.starts_with("person ") && !shown.contains("dropped"), "{word} {shown}");
        let field = [("pnc", "pnc_id"), ("dob", "birth_date"), ("alias", "aliases")];
        let field = field.iter().find(|(w, _)| *w == word).map_or(word, |(_, f)| f);
        assert!(!shown.contains(&format!(" {field}=")), "{word} {shown}");
    }
}

#[test]
fn no_fixed_abode_is_no_postcode_and_no_evidence() {
    let m = releases();
    let nfa = mapped(run(&m, &good_but(&m, &[text("postcode", "NF1 1NF")])));
    let none = mapped(run(&m, &good_but(&m, &[text("postcode", "")])));
    assert_eq!(nfa.evidence, none.evidence);
    assert!(!shown(&[("postcode", "NF1 1NF")]).contains("release_postcode"));
}

#[test]
fn marks_are_read_and_an_unknown_mark_keeps_the_record_silent() {
    for (changes, marks) in [
        (&[("status", "X")][..], "!cancelled"),
        (&[("covert", "Y")], "!restricted"),
        (&[("covert", "")], "!restricted"),
        (&[("covert", "yes"), ("status", "X")], "!cancelled !restricted"),
    ] {
        assert!(shown(changes).trim_end().ends_with(marks), "{changes:?}");
    }
    assert!(!shown(&[]).contains('!'));
}

/// Clause 5.1.1.iii: that a source knows the person would say that there is something silent.
#[test]
fn a_row_of_nothing_but_silent_records_gives_a_silent_person_apart_from_the_open_one() {
    let m = releases();
    let person = |changes: &[(&'static str, &'static str)]| {
        let changes: Vec<_> = changes.iter().map(|(w, t)| text(w, t)).collect();
        let first = mapped(run(&m, &good_but(&m, &changes))).candidates.swap_remove(0);
        (first.id(), first.restricted())
    };
    let (open, silent) = (person(&[]), person(&[("covert", "Y"), ("surname", "OTHER")]));
    assert!(!open.1 && silent.1);
    assert_ne!(open.0, silent.0, "what a silent row says of a name is no version of the open one");
    assert_eq!(person(&[("covert", "Y"), ("booking", "V74112")]).0, silent.0);
    // A row without any record is silent about nothing.
    assert_eq!(person(&[("covert", "Y"), ("status", "?")]), open);
}

#[test]
fn a_block_whose_condition_fails_gives_no_record() {
    assert!(!shown(&[("status", "N")]).lines().all(|l| l.starts_with("person")));
    assert!(shown(&[("status", "?")]).lines().all(|l| l.starts_with("person")));
}

#[test]
fn ids_hang_on_their_keys_alone() {
    let m = releases();
    let ids = |changes: &[(&'static str, &'static str)]| {
        let changes: Vec<_> = changes.iter().map(|(w, t)| text(w, t)).collect();
        let mapped = mapped(run(&m, &good_but(&m, &changes)));
        (mapped.identity, mapped.candidates.iter().map(crate::record::Candidate::id).collect::<Vec<_>>())
    };
    let base = ids(&[]);
    assert_eq!(ids(&[("surname", "OTHER"), ("release_date", "21/11/2008")]), base);
    assert_eq!(ids(&[("prison_number", " a7341cd "), ("booking", "v74111 ")]), base);
    let booking = ids(&[("booking", "V74112")]);
    assert_eq!((booking.0, booking.1.first()), (base.0, base.1.first()));
    assert_ne!(booking.1.last(), base.1.last());
    let person = ids(&[("prison_number", "A2206FH")]);
    assert!(person.0 != base.0 && person.1.iter().all(|id| !base.1.contains(id)));
}

#[test]
fn feeds_of_one_key_space_share_identities_and_other_partners_never() {
    let identity = |text: &str| {
        let m = compile(text).unwrap();
        mapped(run(&m, &row(&m, GOOD))).identity
    };
    let base = identity(RELEASES);
    assert_eq!(identity(&RELEASES.replace("name = \"hmps-releases\"", "name = \"hmps-alerts\"")), base);
    assert_ne!(identity(&RELEASES.replace("key_space = \"prison_number\"\n", "")), base);
    assert_ne!(identity(&RELEASES.replace("partner = \"hmps\"", "partner = \"wyp\"")), base);
}

/// Two systems of one partner may number their facts alike: 1 of the one is not 1 of the other.
#[test]
fn facts_of_two_key_spaces_are_apart_and_feeds_of_one_speak_of_the_same() {
    let records = |text: &str| -> Vec<_> {
        let m = compile(text).unwrap();
        let ids = mapped(run(&m, &row(&m, GOOD))).candidates;
        ids.iter().filter(|c| c.category() == ids[ids.len() - 1].category()).map(Candidate::id).collect()
    };
    let base = records(RELEASES);
    assert!(!base.is_empty());
    assert_eq!(records(&RELEASES.replace("name = \"hmps-releases\"", "name = \"hmps-alerts\"")), base);
    let other = records(&RELEASES.replace("key_space = \"prison_number\"\n", ""));
    assert!(base.iter().all(|id| !other.contains(id)));
}

#[test]
fn a_feed_without_person_fields_gives_no_person() {
    let (head, rest) = RELEASES.split_once("[identity.person]").unwrap();
    let rest = rest.split_once("[[record]]").unwrap().1;
    let text = format!("{head}[[record]]{}", rest.split_once("[[refuse]]").unwrap().0);
    let unused = ["pnc =", "cro =", "surname =", "forenames =", "alias =", "dob =", "sex =", "lao ="];
    let lines = text.lines().filter(|l| !unused.iter().any(|w| l.starts_with(w)));
    let text = lines.collect::<Vec<_>>().join("\n");
    let m = compile(&text).unwrap_or_else(|p| panic!("{}", render(&text, &p)));
    let cells: Vec<_> = GOOD.iter().filter(|(w, _)| m.columns().any(|c| c == *w)).copied().collect();
    let shown = show(&m, &run(&m, &row(&m, &cells)));
    assert!(shown.starts_with("prison_release ") && shown.lines().count() == 1, "{shown}");
}

#[test]
fn a_header_binds_by_name_however_it_is_written() {
    let m = releases();
    let mut header: Vec<String> =
        m.wanted().iter().map(|w| format!(" {}\u{a0}", w.name.to_uppercase())).collect();
    let at = |m: &Mapping, word: &str| m.columns().position(|c| c == word).unwrap();
    header[at(&m, "surname")] = "last  Name".into();
    header.push("Ethnicity".into());
    header.push("Shoe size".into());
    header.push(String::new());
    header.reverse();
    let bound = m.bind(&header).unwrap();
    assert_eq!(bound.unknown(), ["Shoe size"]);
    assert!(bound.absent().is_empty());
    let mut cells = RowBuf::new();
    cells.start(1);
    for name in &header {
        let fold = name.trim().to_lowercase();
        let word = m
            .wanted()
            .iter()
            .position(|w| w.name.to_lowercase() == fold || fold == "last  name" && w.name == "Surname");
        let word = word.and_then(|i| m.columns().nth(i));
        let cell = word.and_then(|word| GOOD.iter().find(|(w, _)| *w == word));
        cells.push(cell.map_or("", |(_, t)| t));
    }
    let outcome = bound.map(&cells, &keys(), DAY, &mut Scratch::new());
    assert_eq!(show(&m, &outcome), show(&m, &run(&m, &row(&m, GOOD))));
}

#[test]
fn a_header_that_does_not_fit_stops_the_file() {
    let m = releases();
    let whole: Vec<String> = m.wanted().iter().map(|w| w.name.clone()).collect();
    let without: Vec<String> = whole.iter().filter(|h| *h != "DOB" && *h != "Remarks").cloned().collect();
    assert_eq!(m.bind(&without).err().unwrap().missing, ["DOB"]);
    let optional: Vec<String> = whole.iter().filter(|h| *h != "Remarks").cloned().collect();
    assert_eq!(m.bind(&optional).unwrap().absent(), ["Remarks"]);
    let twice: Vec<String> = whole.iter().cloned().chain(["Last name".into()]).collect();
    assert_eq!(m.bind(&twice).err().unwrap().twice, ["Surname"]);
}

#[test]
fn cells_that_a_row_lacks_are_absent() {
    let m = releases();
    let mut short = RowBuf::new();
    short.start(1);
    short.push("A7341CD");
    assert_eq!(show(&m, &run(&m, &short)), "person prison_number=A7341CD\n");
}

#[test]
fn the_digest_follows_all_that_decides_a_row() {
    let base = *releases().digest();
    assert_eq!(*releases().digest(), base);
    assert_ne!(*compile(&format!("{RELEASES}\n# x")).unwrap().digest(), base);
    let draft: Draft = toml::from_str(RELEASES).unwrap();
    let (schema, mut code_maps) = (schema(), code_maps());
    code_maps.insert("hmps/sex".into(), map(&[("M", "M"), ("F", "F"), ("Z", "F")]));
    let zone = TimeZone::fixed(Offset::constant(1));
    let ctx = Context { schema: &schema, code_maps: &code_maps, partners: &["wyp", "hmps"], zone };
    assert_ne!(*Mapping::compile("f", RELEASES, draft, &ctx).unwrap().digest(), base);
}
