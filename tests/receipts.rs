//! Receipts end to end: forms that recipients send back in every shape, what is taken of them, what is refused, and what
//! is still open (clauses 5.5.1, 6.1, 7.3, 7.5).

#![expect(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests")]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use lockgate_core::hash::Digest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Deployment, NIGHTS, RECIPIENTS, files, needed};

/// Whose release was moved.
const CONNOR: &str = "hmps-releases:A7341CD";
const REMARK: &str = "telephoned Zo\u{eb} twice";

/// A bundle's return form: the recipient, the bundle's name, and the lines.
struct Form {
    recipient: &'static str,
    name: String,
    header: String,
    lines: Vec<String>,
}

/// The forms of a night.
fn forms(deployment: &Deployment, night: &str) -> Vec<Form> {
    RECIPIENTS.iter().map(|recipient| form(deployment, recipient, night)).collect()
}

fn form(deployment: &Deployment, recipient: &'static str, night: &str) -> Form {
    let name = deployment.bundle(recipient, night).name;
    let place = deployment.path("state/bundles").join(recipient).join(&name).join("acknowledge.csv");
    let text = fs::read_to_string(place).expect("a form");
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::to_owned);
    Form { recipient, name, header: lines.next().expect("a header"), lines: lines.collect() }
}

impl Form {
    /// The form with these lines (from 0) answered.
    fn answered(&self, which: &[usize], answer: &str) -> String {
        let mut out = format!("{}\r\n", self.header);
        for (at, line) in self.lines.iter().enumerate() {
            let empty = line.strip_suffix(",,,,").expect("nothing answered yet");
            out += &if which.contains(&at) { format!("{empty},{answer}") } else { line.clone() };
            out += "\r\n";
        }
        out
    }
}

/// Imports a form; gives the exit code and what was said.
fn import(deployment: &Deployment, from: &str, bytes: &[u8]) -> (Option<i32>, Value) {
    let file = deployment.path("form.csv");
    fs::write(&file, bytes).expect("writing");
    let said =
        deployment.run(&["receipt", "import", file.to_str().expect("a path"), "--from", from, "--json"]);
    (said.code, said.json())
}

/// How far a bundle is answered.
fn standing(deployment: &Deployment, name: &str) -> Value {
    let said = deployment.run(&["receipt", "list", "--json"]).json();
    let all = said.as_array().expect("a list");
    all.iter().find(|s| s["bundle"] == name).expect("a bundle").clone()
}

/// A night of which some bundle asks for more than a confirmation, and that bundle's form.
fn with_actions() -> (Deployment, Form) {
    let deployment = Deployment::after(1);
    let form = forms(&deployment, NIGHTS[1]).into_iter().max_by_key(|f| f.lines.len()).expect("forms");
    assert!(form.lines.len() > 2, "the second night corrects something");
    (deployment, form)
}

#[test]
fn clause_7_5_a_bundle_is_sent_then_opened_then_acted() {
    let (deployment, form) = with_actions();
    let state = |asked: &str| standing(&deployment, &form.name)[asked].clone();
    assert_eq!((state("state"), state("done")), (json!("sent"), json!(0)));
    let filled = form.answered(&[0], "yes,2008-11-19,duty officer,");
    let (code, said) = import(&deployment, form.recipient, filled.as_bytes());
    assert_eq!((code, &said["taken"], &said["open"]), (Some(0), &json!(1), &json!(form.lines.len() - 1)));
    assert_eq!(state("state"), json!("opened"));
    // The same form again says nothing new.
    let (code, said) = import(&deployment, form.recipient, filled.as_bytes());
    assert_eq!((code, &said["taken"], &said["known"]), (Some(0), &json!(0), &json!(1)));
    let all: Vec<usize> = (0..form.lines.len()).collect();
    let (_, said) =
        import(&deployment, form.recipient, form.answered(&all, "yes,20/11/2008,duty officer,").as_bytes());
    assert_eq!(said["refused"], json!([]));
    assert_eq!(
        (state("state"), state("done"), state("overdue")),
        (json!("acted"), json!(all.len()), json!(false))
    );
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

#[test]
fn clause_6_1_the_overdue_list_shrinks_as_recipients_confirm() {
    let (deployment, form) = with_actions();
    let overdue = || {
        let said = deployment.run(&["receipt", "list", "--overdue", "--as-of", "2008-12-10", "--json"]);
        (said.code, said.json().as_array().expect("a list").len())
    };
    let (code, before) = overdue();
    assert_eq!((code, before), (Some(4), 16), "eight recipients, two nights");
    assert_eq!(deployment.run(&["receipt", "list", "--overdue"]).code, Some(0), "nothing is due yet");
    // A correction that was not carried out stays open.
    let all: Vec<usize> = (0..form.lines.len()).collect();
    let mut filled = form.answered(&all, "yes,2008-11-19,duty officer,");
    filled = filled.replacen("yes", "no", 1);
    import(&deployment, form.recipient, filled.as_bytes());
    assert_eq!((overdue().1, standing(&deployment, &form.name)["refused"].clone()), (before, json!(1)));
    import(&deployment, form.recipient, form.answered(&all, "yes,2008-11-20,duty officer,").as_bytes());
    assert_eq!(overdue().1, before - 1);
    let late = deployment.run(&["run", "--as-of", "2008-12-10", "--json"]).json();
    assert_eq!(late["warnings"]["LG2405"], json!(8), "each recipient is reminded of: {}", late["warnings"]);
}

#[test]
fn clause_7_3_only_a_current_nominee_answers() {
    let (deployment, form) = with_actions();
    let sign = |by: &str, words: &[&str]| {
        let signed = ["--for", form.recipient, "--by", by, "--reference", "letter 1"];
        let said = deployment.run(&[&["register"], words, &signed].concat());
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    };
    sign("holder-1", &["add", "nominee", "--token", "officer-1"]);
    sign("officer-1", &["add", "nominee", "--token", "officer-2"]);
    sign("officer-2", &["end", "1"]);
    let refused =
        import(&deployment, form.recipient, form.answered(&[0, 1], "yes,2008-11-19,officer-1,").as_bytes());
    assert_eq!(refused.0, Some(3));
    assert_eq!(refused.1["refused"][0]["code"], json!("LG2403"));
    assert_eq!(refused.1["taken"], json!(0));
    let taken =
        import(&deployment, form.recipient, form.answered(&[0, 1], "yes,2008-11-19,officer-2,").as_bytes());
    assert_eq!((taken.0, &taken.1["taken"]), (Some(0), &json!(2)));
}

#[test]
fn what_answers_nothing_is_refused_line_by_line_and_the_rest_counts() {
    let (deployment, form) = with_actions();
    let others = forms(&deployment, NIGHTS[1]);
    let other = others.iter().find(|f| f.recipient != form.recipient).expect("another");
    let answer = "yes,2008-11-19,duty officer,";
    let mut filled = form.answered(&[0], answer);
    for line in [
        // Another's bundle, nobody's bundle, no such action, another row, a day to come, a day before, neither yes nor no.
        format!("{},1,,,,confirm receipt,7.5,,{answer}", other.name),
        format!("lockgate_none,1,,,,confirm receipt,7.5,,{answer}"),
        format!("{},9999,,,,confirm receipt,7.5,,{answer}", form.name),
        format!("{},2,prison_release,00000000000000000000,1,replace your copy,6.1,,{answer}", form.name),
        format!("{},2,,,,replace your copy,6.1,,yes,2999-01-01,duty officer,", form.name),
        format!("{},2,,,,replace your copy,6.1,,yes,2008-11-01,duty officer,", form.name),
        format!("{},2,,,,replace your copy,6.1,,perhaps,2008-11-19,duty officer,", form.name),
    ] {
        filled += &format!("{line}\r\n");
    }
    let (code, said) = import(&deployment, form.recipient, filled.as_bytes());
    let codes: Vec<&str> =
        said["refused"].as_array().expect("a list").iter().filter_map(|r| r["code"].as_str()).collect();
    assert_eq!((code, said["taken"].clone()), (Some(3), json!(1)));
    assert_eq!(codes, ["LG2402", "LG2402", "LG2402", "LG2402", "LG2404", "LG2404", "LG2404"]);
    // A bundle of another and one that never was are told alike.
    let what = |at: usize| {
        said["refused"][at]["what"].as_str().expect("a text").split(": ").last().expect("words").to_owned()
    };
    assert_eq!(what(0), what(1));
    assert_eq!(standing(&deployment, &other.name)["done"], json!(0));
}

#[test]
fn a_form_counts_however_it_was_saved_and_an_archive_does_not() {
    let (deployment, form) = with_actions();
    let line = |at: usize| form.answered(&[at], &format!("Yes,19/11/2008,duty officer,{REMARK}"));
    let western: Vec<u8> = line(0).chars().map(|c| u8::try_from(u32::from(c)).expect("Latin")).collect();
    let items = json!([{ "bundle": form.name, "action": 3, "done": true, "done_on": "2008-11-19", "done_by": "duty officer" }]);
    for (bytes, what) in [
        (western, "Windows-1252"),
        (format!("\u{feff}{}", line(1)).replace(',', ";").into_bytes(), "semicolons"),
        (items.to_string().into_bytes(), "JSON"),
    ] {
        let (code, said) = import(&deployment, form.recipient, &bytes);
        assert_eq!((code, &said["taken"]), (Some(0), &json!(1)), "{what}: {said}");
    }
    let entries =
        || deployment.run(&["status", "--json"]).json()["ledger_entries"].as_u64().expect("a count");
    let before = entries();
    let (code, said) = import(&deployment, form.recipient, b"PK\x03\x04 a workbook");
    assert_eq!((code, &said["refused"][0]["code"]), (Some(3), &json!("LG2401")));
    assert_eq!(entries(), before + 1, "the refusal is in the ledger");
    // What a recipient wrote beside an answer lies in the store as ciphertext, and nowhere else.
    let state = files(&deployment.path("state"));
    for needle in [REMARK.as_bytes(), b"duty officer"] {
        let found = state.iter().filter(|(name, _)| name.contains("store.sqlite"));
        assert!(found.into_iter().all(|(_, bytes)| !bytes.windows(needle.len()).any(|w| w == needle)));
    }
}

#[test]
fn forms_at_the_door_are_taken_by_the_next_night_once() {
    let (deployment, form) = with_actions();
    let door: PathBuf = deployment.path("state/bundles").join(form.recipient).join("in/ack");
    fs::create_dir_all(&door).expect("a folder");
    let filled = form.answered(&[0], "yes,2008-11-19,duty officer,");
    fs::write(door.join("acknowledge.csv"), &filled).expect("writing");
    fs::write(door.join("broken.csv"), b"\x1f\x8b\x08").expect("writing");
    fs::write(door.join("next.csv.part"), &filled[..40]).expect("writing");
    std::os::unix::fs::symlink("/etc/hostname", door.join("link.csv")).expect("a link");
    let told = deployment.run(&["run", "--as-of", NIGHTS[2], "--dry-run", "--json"]);
    assert!(
        matches!(told.code, Some(0 | 4)) && door.join("acknowledge.csv").exists(),
        "a trial takes nothing"
    );
    let told = deployment.night(NIGHTS[2]).json();
    assert_eq!(told["warnings"]["LG2401"], json!(1));
    assert_eq!(standing(&deployment, &form.name)["state"], json!("opened"));
    let names: Vec<String> = files(&door).into_keys().collect();
    assert_eq!(names.iter().filter(|n| n.starts_with("taken/")).count(), 1, "{names:?}");
    assert_eq!(names.iter().filter(|n| n.starts_with("refused/")).count(), 1, "{names:?}");
    assert!(names.iter().any(|n| n == "next.csv.part"), "{names:?}");
}

#[test]
fn clause_6_1_the_ledger_tells_the_whole_story_of_a_person() {
    let deployment = Deployment::after(1);
    // The prison moved a release from one night to the next.
    let story =
        |words: &[&str]| deployment.run(&[&["ledger", "show", "--reason", "letter 6"], words].concat());
    let releases = |change: &str| {
        let told = story(&["--person", CONNOR, "--json"]).json();
        let all = told["told"].as_array().expect("a list").iter();
        all.filter(|t| t["category"] == "prison_release" && t["change"] == change)
            .cloned()
            .collect::<Vec<_>>()
    };
    let recipients = |rows: &[Value]| {
        rows.iter().map(|t| t["recipient"].as_str().expect("a key").to_owned()).collect::<BTreeSet<_>>()
    };
    let (first, second) = (releases("current"), releases("correction"));
    assert!(second.len() > 1 && second.iter().all(|t| t["answer"] == json!({ "asked": "replace" })));
    assert_eq!(recipients(&first), recipients(&second), "exactly those who had it are told");
    let recipient = RECIPIENTS.iter().find(|r| second[0]["recipient"] == **r).expect("a recipient");
    let form = form(&deployment, recipient, NIGHTS[1]);
    let record = second[0]["record_id"].as_str().expect("a reference");
    let at = form.lines.iter().position(|l| l.contains(record)).expect("it is asked about");
    import(&deployment, recipient, form.answered(&[at], "yes,2008-11-19,duty officer,").as_bytes());
    let second = releases("correction");
    let answered: Vec<&Value> = second.iter().filter(|t| t["answer"]["done"] == json!(true)).collect();
    assert!(answered.len() == 1 && answered[0]["recipient"] == **recipient, "{answered:?}");
    let text = story(&["--person", CONNOR]).out;
    assert!(
        text.contains("replace: done, 2008-11-19") && text.contains("asked to replace, not answered"),
        "{text}"
    );
    assert!(story(&["--person", "hmps-releases:A9999AA"]).out.contains("Nothing was ever told"));
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

#[test]
fn one_recipients_door_stops_no_night_and_a_link_in_it_is_not_followed() {
    let (deployment, form) = with_actions();
    let at = |recipient: &str| deployment.path("state/bundles").join(recipient).join("in");
    let filled = form.answered(&[0], "yes,2008-11-19,duty officer,");
    // A form of the name under which forms are put away; and a link where the folder of forms should be.
    fs::create_dir_all(at(form.recipient).join("ack")).expect("a folder");
    fs::write(at(form.recipient).join("ack/taken"), &filled).expect("writing");
    let other = RECIPIENTS.iter().find(|r| **r != form.recipient).expect("another");
    let elsewhere = deployment.path("elsewhere");
    fs::create_dir_all(&elsewhere).expect("a folder");
    fs::write(elsewhere.join("form.csv"), &filled).expect("writing");
    fs::create_dir_all(at(other)).expect("a folder");
    std::os::unix::fs::symlink(&elsewhere, at(other).join("ack")).expect("a link");
    let told = deployment.night(NIGHTS[2]).json();
    assert_eq!(told["warnings"]["LG2401"], json!(2), "{}", told["warnings"]);
    assert_eq!(told["recipients"].as_array().expect("a list").len(), RECIPIENTS.len());
    assert_eq!(files(&elsewhere).keys().collect::<Vec<_>>(), ["form.csv"]);
    assert_eq!(
        standing(&deployment, &form.name)["state"],
        json!("opened"),
        "what it says counts all the same"
    );
}

/// Lets a partner sign its forms with its throw-away key; gives the key's fingerprint, as the program lists it.
fn signs(deployment: &Deployment, partner: &str) -> String {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/keys/holder_{partner}.pub"));
    let key = fs::read_to_string(place).expect("a key");
    let table = format!("[recipient.{partner}]\n");
    deployment.edit("lockgate.toml", &table, &format!("{table}answers = [\"{}\"]\n", key.trim()));
    let listed = deployment.run(&["key", "list", "--as-of", NIGHTS[1], "--json"]).json();
    let all = listed["keys"].as_array().expect("keys").iter();
    let mine: Vec<_> = all.filter(|k| k["kind"] == "answers" && k["name"] == partner).cloned().collect();
    assert_eq!(mine.len(), 1, "{listed}");
    mine[0]["fingerprint"].as_str().expect("a fingerprint").to_owned()
}

const ACK: &str = "lockgate-ack";

#[test]
fn clause_7_5_a_signed_form_is_stronger_and_says_so() {
    let (deployment, form) = with_actions();
    let key = signs(&deployment, form.recipient);
    let signed = |name: &str| standing(&deployment, name)["signed"].clone();
    let filled = form.answered(&[0, 1], "yes,2008-11-19,duty officer,");
    let (_, said) = import(&deployment, form.recipient, filled.as_bytes());
    assert_eq!((&said["taken"], &said["signed"], signed(&form.name)), (&json!(2), &Value::Null, json!(0)));
    // The same answers signed are recorded anew; then neither form says anything new.
    let beside = deployment.path("form.csv.sig");
    fs::write(&beside, support::signature(form.recipient, ACK, filled.as_bytes())).expect("writing");
    let (code, said) = import(&deployment, form.recipient, filled.as_bytes());
    assert_eq!((code, &said["taken"], &said["signed"]), (Some(0), &json!(2), &json!(key)));
    assert_eq!(signed(&form.name), json!(2));
    assert_eq!(import(&deployment, form.recipient, filled.as_bytes()).1["known"], json!(2));
    fs::remove_file(&beside).expect("removing");
    assert_eq!(import(&deployment, form.recipient, filled.as_bytes()).1["known"], json!(2));
    assert_eq!(signed(&form.name), json!(2), "what was signed stays so");
    let out = deployment.path("evidence");
    deployment.run(&["ledger", "export", "--out", out.to_str().expect("a path")]);
    let entries = fs::read_to_string(out.join("entries.jsonl")).expect("entries");
    for (kind, times) in [("\"receipt-confirm\"", 1), ("\"receipt-confirm-signed\"", 1)] {
        assert_eq!(entries.matches(kind).count(), times, "{kind}");
    }
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

#[test]
fn a_signature_that_does_not_count_refuses_the_whole_form() {
    let (deployment, form) = with_actions();
    signs(&deployment, form.recipient);
    let other = RECIPIENTS.iter().find(|r| **r != form.recipient).expect("another");
    let filled = form.answered(&[0], "yes,2008-11-19,duty officer,");
    let sign = |by: &str, purpose: &str, text: &str| support::signature(by, purpose, text.as_bytes());
    let beside = deployment.path("elsewhere.sig");
    let file = deployment.path("form.csv");
    for (signature, says) in [
        (sign(form.recipient, ACK, &filled.replace("yes", "no")), "was changed"),
        (sign(form.recipient, "lockgate-agreement", &filled), "another purpose"),
        (sign(other, ACK, &filled), "none of"),
        ("nothing".into(), "no whole signature"),
    ] {
        fs::write(&file, &filled).expect("writing");
        fs::write(&beside, signature).expect("writing");
        let place = |path: &Path| path.to_str().expect("a path").to_owned();
        let words = ["receipt", "import", &place(&file), "--from", form.recipient, "--json"];
        let said = deployment.run(&[&words[..], &["--signature", &place(&beside)]].concat());
        let refused = &said.json()["refused"];
        assert!(said.code == Some(3) && refused.as_array().expect("a list").len() == 1, "{refused}");
        let what = refused[0]["what"].as_str().expect("words");
        assert!(refused[0]["code"] == "LG2406" && what.contains(says), "{says}: {what}");
        assert_eq!(standing(&deployment, &form.name)["state"], json!("sent"));
    }
    let out = deployment.path("evidence");
    deployment.run(&["ledger", "export", "--out", out.to_str().expect("a path")]);
    let entries = fs::read_to_string(out.join("entries.jsonl")).expect("entries");
    assert_eq!(entries.matches("receipt-refused-LG2406").count(), 4);
}

#[test]
fn a_signature_beside_a_form_at_the_door_is_used_and_put_away_with_it() {
    let (deployment, form) = with_actions();
    signs(&deployment, form.recipient);
    let door = deployment.path("state/bundles").join(form.recipient).join("in/ack");
    fs::create_dir_all(&door).expect("a folder");
    let filled = form.answered(&[0], "yes,2008-11-19,duty officer,");
    let denied = form.answered(&[0], "no,2008-11-19,duty officer,");
    let signature = support::signature(form.recipient, ACK, filled.as_bytes());
    for (name, text) in [("good.csv", &filled), ("forged.csv", &denied), ("gone.csv", &String::new())] {
        if !text.is_empty() {
            fs::write(door.join(name), text).expect("writing");
        }
        fs::write(door.join(format!("{name}.sig")), &signature).expect("writing");
    }
    let told = deployment.night(NIGHTS[2]).json();
    assert_eq!((&told["warnings"]["LG2406"], &told["warnings"]["LG2401"]), (&json!(1), &Value::Null));
    let standing = standing(&deployment, &form.name);
    assert_eq!((&standing["state"], &standing["signed"]), (&json!("opened"), &json!(1)));
    let names: Vec<String> = files(&door).into_keys().collect();
    for (text, folder) in [(&filled, "taken"), (&denied, "refused")] {
        let digest = Digest::of(text.as_bytes()).hex();
        for ending in ["", ".sig"] {
            let place = format!("{folder}/{}{ending}", &digest[..16]);
            assert!(names.contains(&place), "{place}: {names:?}");
        }
    }
    assert!(names.contains(&"gone.csv.sig".into()), "a signature waits for its form: {names:?}");
}

/// The command of the page, with OpenSSH itself.
#[test]
fn openssh_signs_a_form_with_a_key_of_either_kind() {
    let found = Command::new("sh").args(["-c", "command -v ssh-keygen"]).output().expect("a shell").stdout;
    let found = String::from_utf8(found).expect("a path");
    let keygen = (!found.trim().is_empty()).then(|| PathBuf::from(found.trim()));
    let Some(keygen) = needed(keygen, "ssh-keygen (openssh-client)") else { return };
    let (deployment, form) = with_actions();
    let table = format!("[recipient.{}]\n", form.recipient);
    let (mut lines, mut keys) = (Vec::new(), Vec::new());
    for kind in ["ed25519", "ecdsa"] {
        let key = deployment.path(kind);
        let made = Command::new(&keygen).args(["-q", "-N", "", "-t", kind, "-f"]).arg(&key).status();
        assert!(made.expect("running").success());
        let public = fs::read_to_string(deployment.path(&format!("{kind}.pub"))).expect("a key");
        lines.push(format!("\"{}\"", public.trim()));
        keys.push(key);
    }
    deployment.edit("lockgate.toml", &table, &format!("{table}answers = [{}]\n", lines.join(", ")));
    for (at, key) in keys.iter().enumerate() {
        let filled = form.answered(&[at], "yes,2008-11-19,duty officer,");
        let file = deployment.path("form.csv");
        fs::write(&file, &filled).expect("writing");
        let _ = fs::remove_file(deployment.path("form.csv.sig"));
        let mut sign = Command::new(&keygen);
        sign.args(["-q", "-Y", "sign", "-n", ACK, "-f"]).arg(key).arg(&file);
        assert!(sign.status().expect("running").success());
        let (code, said) = import(&deployment, form.recipient, filled.as_bytes());
        assert!(code == Some(0) && said["taken"] == json!(1) && said["signed"].is_string(), "{said}");
    }
}
