//! Every exit but the bundles: previews, differences, explanations, documents, registers, refusals. What is shown of a
//! recipient is its lawful share; everything else says no planted word at all.

use super::{NIGHTS, Planted, ask_everything, ask_why, good, keys, text};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// Feeds of all partners and forms, and two that have a record of every category of their partner.
const FEEDS: [&str; 9] = [
    "hmps-releases",
    "probation-oasys",
    "wyp-custody",
    "lcc-asb-cases",
    "yos-assets",
    "disc-clients",
    "g4s-orders",
    "wyp-others",
    "cri-others",
];

/// Those of them that are shown as text and as a page too.
const DRAWN: [&str; 3] = ["hmps-releases", "wyp-others", "cri-others"];

/// Runs the program; what it shows is kept apart from what is searched for any planted word.
fn previewed(planted: &Planted, words: &[&str], name: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    let output = command.current_dir(planted.at()).env("RUST_LOG", "trace").args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", text(&output));
    fs::write(planted.at().join("previews").join(name), &output.stdout).unwrap();
    // The log beside it says nothing of what is shown.
    fs::write(planted.at().join("said").join(format!("{name}.log")), &output.stderr).unwrap();
}

/// Replaces a text that stands in a file.
fn edit(planted: &Planted, file: &str, from: &str, to: &str) {
    let path = planted.at().join(file);
    let before = fs::read_to_string(&path).unwrap();
    assert!(before.contains(from), "{file}");
    fs::write(&path, before.replacen(from, to, 1)).unwrap();
}

/// Clause 5.2.2: whatever a preview says that a recipient would get, on a terminal, in JSON or on a page, is its share.
#[test]
fn clause_5_2_2_a_preview_shows_each_recipients_share_and_no_more() {
    let planted = Planted::new(&[]);
    planted.both_nights();
    fs::create_dir(planted.at().join("previews")).unwrap();
    for feed in FEEDS {
        let words = ["feed", "preview", feed, "--rows", "30"];
        previewed(&planted, &[&words[..], &["--json"]].concat(), &format!("{feed}.json"));
        if !DRAWN.contains(&feed) {
            continue;
        }
        previewed(&planted, &words, &format!("{feed}.txt"));
        let page = planted.at().join("previews").join(format!("{feed}.html"));
        // What is said beside the page is searched as everything else.
        good(&planted.lockgate(&[&words[..], &["--html", page.to_str().unwrap()]].concat()));
    }
    good(&planted.python("exits.py", &[]));
    good(&planted.python("search.py", &[]));
    the_reading_notices(&planted);
}

/// A test that cannot fail is none: a word of somebody else in what a recipient would get is noticed in every form.
fn the_reading_notices(planted: &Planted) {
    let stranger = "QXBBBBBBBB";
    let known = planted.at().join("planted.json");
    let all = fs::read_to_string(&known).unwrap();
    let named = format!("\"tokens\": {{\n  \"{}\": \"nobody\",", stranger.to_lowercase());
    fs::write(&known, all.replacen("\"tokens\": {", &named, 1)).unwrap();
    good(&planted.python("exits.py", &[]));
    let feed = "hmps-releases";
    for (suffix, from, to) in [
        ("json", "\"leaves\": []", format!("\"leaves\": [\"{stranger}\"]")),
        ("txt", ": gets\n", format!(": gets\n  {stranger}\n")),
        ("html", "</th><td>", format!("</th><td>{stranger} ")),
    ] {
        let path = planted.at().join("previews").join(format!("{feed}.{suffix}"));
        let before = fs::read_to_string(&path).unwrap();
        let spoiled =
            if suffix == "html" { spoil_last(&before, from, &to) } else { before.replace(from, &to) };
        assert_ne!(before, spoiled, "{suffix}");
        fs::write(&path, spoiled).unwrap();
        let told = planted.python("exits.py", &[]);
        assert!(!told.status.success() && text(&told).contains("which it may not have"), "{}", text(&told));
        fs::write(&path, before).unwrap();
    }
}

/// The last place is in the table of the recipients; the first is in the partner's own row.
fn spoil_last(text: &str, from: &str, to: &str) -> String {
    let (before, after) = text.rsplit_once(from).unwrap();
    format!("{before}{to}{after}")
}

/// The annex in all its forms, byte by byte: made from the agreement alone, it knows nothing of anybody.
fn documents(planted: &Planted) -> BTreeMap<&'static str, Vec<u8>> {
    let mut out = BTreeMap::new();
    for name in ["annex.html", "annex.xlsx", "annex.csv", "matrix.svg", "matrix.txt"] {
        let place = planted.at().join("said").join(name);
        good(&planted.lockgate(&["agreement", "matrix", "--out", place.to_str().unwrap()]));
        out.insert(name, fs::read(&place).unwrap());
    }
    out
}

/// Refusals and mistakes: what the program says to them.
fn ask_amiss(planted: &Planted) {
    let record = "00000000000000000000000000000001";
    let signed = ["--for", "wyp", "--by", "t-1", "--reference", "letter 1"];
    let (_, key) = keys(planted).swap_remove(0);
    let person = format!("wyp-cohort:{key}");
    for words in [
        &["register", "add", "restriction", "--record", record][..],
        &["register", "add", "restriction", "--person", &person],
        &["register", "add", "restriction", "--person", "wyp-cohort:no-such-key"],
        &["partner", "suspend", "g4s", "--reason", "lost laptop"],
    ] {
        planted.lockgate(&[words, &signed].concat());
        planted.lockgate(&[words, &signed, &["--json"]].concat());
    }
    for words in [
        &["bundle", "show", "no-such-bundle"][..],
        &["feed", "preview", "no-such-feed"],
        &["feed", "preview", "hmps-releases", "--row", "999999"],
        &["feed", "release", "hmps-releases", "--reason", "letter 2"],
        &["quarantine", "retry", "1"],
        &["quarantine", "discard", "2", "--reason", "letter 3"],
        &["quarantine", "show", "999999"],
        &["run", "--as-of", NIGHTS[1], "--dry-run"],
        &["run", "--as-of", NIGHTS[1], "--dry-run", "--json"],
        &["run", "--as-of", "2007-01-01"],
        &["register", "list", "--all"],
        &["register", "list", "--all", "--json"],
        &["partner", "list"],
        &["agreement", "status"],
        &["agreement", "who-sees", "person.surname"],
        &["agreement", "what-sees", "lcc"],
        &["feed", "test"],
    ] {
        planted.lockgate(words);
    }
}

/// Every question that has an answer about people in it: differences of agreements and mappings, why, the register, the
/// quarantine, refusals; on files that are whole and on broken ones.
#[test]
fn no_planted_word_leaves_by_a_difference_an_explanation_a_document_or_a_refusal() {
    let planted = Planted::new(&[]);
    let before = documents(&planted);
    let settings = planted.at().join("lockgate.toml");
    let text_of = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text_of + "\n[shadow]\nagreement = \"next\"\n").unwrap();
    copy_agreement(&planted);
    let from = "when = [\"housing_or_asb_case\"]\nfields = [\"release_date\", \"release_type\"]";
    edit(&planted, "next/entitlements/lcc.toml", from, "fields = [\"release_date\", \"release_type\"]");
    good_or_waiting(&planted, &["run", "--as-of", NIGHTS[0]]);
    good(&planted.python("breakage.py", &[]));
    good_or_waiting(&planted, &["run", "--as-of", NIGHTS[1], "--json"]);
    let shadow = planted.lockgate(&["agreement", "shadow"]);
    assert!(text(&shadow).contains("prison_release."), "{}", text(&shadow));
    planted.lockgate(&["agreement", "shadow", "--json"]);
    let past = planted.lockgate(&["agreement", "shadow", "--past", "2"]);
    assert!(text(&past).contains("2 nights together"), "{}", text(&past));
    planted.lockgate(&["agreement", "shadow", "--past", "2", "--json"]);

    edit(&planted, "mappings/hmps/releases.toml", "NFA", "NFQ");
    for feed in FEEDS {
        planted.lockgate(&["feed", "diff", feed]);
        planted.lockgate(&["feed", "diff", feed, "--json"]);
    }
    edit(&planted, "agreement/entitlements/lcc.toml", from, "fields = [\"release_date\", \"release_type\"]");
    for more in [&[][..], &["--json"], &["--plain"]] {
        let told = planted.lockgate(&[&["agreement", "diff", "--people"], more].concat());
        assert!(text(&told).contains("newly"), "{}", text(&told));
        planted.lockgate(&[&["agreement", "diff"], more].concat());
    }
    // A changed agreement is not approved: the refusal, too.
    assert_eq!(planted.lockgate(&["run", "--as-of", NIGHTS[1]]).status.code(), Some(8));
    edit(&planted, "agreement/entitlements/lcc.toml", "fields = [\"release_date\", \"release_type\"]", from);
    assert!(before == documents(&planted), "the annex is the same with people and without");
    for id in 1..25 {
        planted.lockgate(&["quarantine", "show", &id.to_string()]);
        planted.lockgate(&["quarantine", "show", &id.to_string(), "--json"]);
    }
    ask_amiss(&planted);
    ask_everything(&planted);
    ask_why(&planted);
    good(&planted.python("search.py", &[]));
}

fn good_or_waiting(planted: &Planted, words: &[&str]) {
    let output = planted.lockgate(words);
    assert!(matches!(output.status.code(), Some(0 | 4)), "{words:?}: {}", text(&output));
}

/// The agreement as a proposal beside it.
fn copy_agreement(planted: &Planted) {
    let mut copied = Command::new("cp");
    copied.arg("-r").arg(planted.at().join("agreement")).arg(planted.at().join("next"));
    good(&copied.output().unwrap());
}
