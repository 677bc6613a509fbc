//! The registers through the commands: what a decision opens, closes, refuses, and leaves in the ledger.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests: a broken promise ends them"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use serde_json::Value;
use std::fs;
use support::{Bundle, Deployment, RECIPIENTS, Row, Said};

const NIGHT: &str = "2008-11-17";
const CLIENT: &str = "disc-clinical:D1000";

/// `register` with these words.
fn register(deployment: &Deployment, words: &[&str]) -> Said {
    deployment.run(&[&["register"], words, &["--json"]].concat())
}

/// Records a decision that is in order; gives the entry's number.
fn recorded(deployment: &Deployment, words: &[&str]) -> String {
    let said = register(deployment, &[&["add"], words].concat());
    assert_eq!(said.code, Some(0), "{words:?}: {} {}", said.err, said.out);
    assert_eq!(said.json()["done"], true);
    said.json()["entries"][0].to_string()
}

/// Asserts that a decision is refused with a code, by the agreement, and that the ledger grew by just that.
fn refused(deployment: &Deployment, words: &[&str], code: &str) {
    let before = ledger(deployment);
    let said = deployment.run(&[words, &["--json"]].concat());
    assert_eq!(said.code, Some(8), "{words:?}: {} {}", said.err, said.out);
    assert_eq!(
        (&said.json()["done"], said.json()["code"].as_str()),
        (&Value::Bool(false), Some(code)),
        "{words:?}"
    );
    assert_eq!(ledger(deployment), before + 1, "{words:?} is in the ledger");
    assert!(deployment.run(&["explain", code]).code == Some(0));
}

/// How many entries the ledger has; it must verify.
fn ledger(deployment: &Deployment) -> u64 {
    let said = deployment.run(&["ledger", "verify"]);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    deployment.run(&["status", "--json"]).json()["ledger_entries"].as_u64().unwrap()
}

/// The records of a person in a category, as `agreement why` names them.
fn records(deployment: &Deployment, person: &str, recipient: &str, field: &str) -> Vec<String> {
    let words =
        ["agreement", "why", "--person", person, "--recipient", recipient, "--field", field, "--json"];
    let said = deployment.run(&words);
    let records = said.json()["records"].as_array().unwrap_or_else(|| panic!("{}", said.err)).clone();
    records.iter().map(|r| r["record"].as_str().unwrap().to_owned()).collect()
}

/// The harm alert of one client.
fn alert(deployment: &Deployment) -> String {
    let found = records(deployment, CLIENT, "wyp", "treatment_harm_alert.risk_to");
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn names(deployment: &Deployment) -> Vec<String> {
    let all = RECIPIENTS.iter().flat_map(|r| deployment.bundles(r));
    all.map(|b| b.name).collect()
}

/// Runs the night again; gives the bundles that it made.
fn again(deployment: &Deployment, day: &str) -> Vec<(&'static str, Bundle)> {
    let before = names(deployment);
    deployment.night(day);
    let mut made = Vec::new();
    for recipient in RECIPIENTS {
        for bundle in deployment.bundles(recipient).into_iter().filter(|b| !before.contains(&b.name)) {
            made.push((recipient, bundle));
        }
    }
    made
}

fn of<'b>(bundle: &'b Bundle, table: &str) -> Vec<&'b Row> {
    bundle.rows.iter().filter(|r| r.table == table).collect()
}

const SIGNED: [&str; 6] = ["--for", "disc", "--by", "manager-1", "--reference", "case note 7"];

/// An authority opens tonight's named fields to the named recipient, and its end withdraws them.
#[test]
fn clause_5_1_7_ii_an_authority_opens_the_named_fields_and_its_end_withdraws_them() {
    let deployment = Deployment::after(0);
    let record = alert(&deployment);
    let what =
        ["authority", "--kind", "harm", "--record", &record, "--recipient", "wyp", "--field", "risk_to"];
    let more = ["--field", "advised_action", "--ground", "others", "--until", "2009-01-31"];
    let before = ledger(&deployment);
    let id = recorded(&deployment, &[&what[..], &more, &SIGNED].concat());
    assert_eq!(ledger(&deployment), before + 1);

    let made = again(&deployment, NIGHT);
    assert_eq!(made.iter().map(|m| m.0).collect::<Vec<_>>(), ["wyp"], "nobody else is told anything");
    let rows = of(&made[0].1, "treatment_harm_alert");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get("change"), "new");
    assert_eq!(rows[0].get("advised_action"), "canary-disc-advice");
    assert!(!rows[0].get("risk_to").is_empty());
    assert_eq!((rows[0].get("immediacy"), rows[0].get("summary")), ("", ""), "what was not named stays");
    assert!(again(&deployment, NIGHT).is_empty(), "an entry that stands makes no bundle by itself");

    let words = [&["end", id.as_str()][..], &SIGNED].concat();
    assert_eq!(register(&deployment, &words).code, Some(0));
    let made = again(&deployment, NIGHT);
    assert_eq!(made.iter().map(|m| m.0).collect::<Vec<_>>(), ["wyp"]);
    let rows = of(&made[0].1, "treatment_harm_alert");
    assert_eq!((rows.len(), rows[0].get("change")), (1, "withdrawal"));
    assert!(deployment.replica("wyp").of("treatment_harm_alert").is_empty());
    refused(&deployment, &[&["register"], &words[..]].concat(), "LG2107");
    let listed = register(&deployment, &["list", "authority", "--all"]).json();
    assert_eq!(
        (&listed[0]["state"], &listed[0]["ended"]["by"]),
        (&Value::from("ended"), &Value::from("manager-1"))
    );
}

/// An authority runs out by its date: nobody touches it, and the night after its last day withdraws.
#[test]
fn an_authority_runs_out_on_its_day() {
    let deployment = Deployment::after(0);
    let record = alert(&deployment);
    let what =
        ["authority", "--kind", "harm", "--record", &record, "--recipient", "wyp", "--field", "risk_to"];
    let more = ["--ground", "others", "--since", "2008-11-18", "--until", "2008-11-18"];
    recorded(&deployment, &[&what[..], &more, &SIGNED].concat());
    assert!(again(&deployment, NIGHT).is_empty(), "it is still to come");
    deployment.night("2008-11-18");
    assert_eq!(deployment.replica("wyp").of("treatment_harm_alert").len(), 1);
    deployment.night("2008-11-19");
    assert!(deployment.replica("wyp").of("treatment_harm_alert").is_empty());
}

/// A silent restriction that comes later takes back what was given: a withdrawal row that names no reason.
#[test]
fn clause_5_1_1_iii_a_later_restriction_withdraws_in_silence() {
    let deployment = Deployment::after(0);
    let held = deployment.replica("probation");
    let row = held.of("adjudication")[0].clone();
    let reference = format!("probation:{}", row.get("record_id"));
    let signed = ["--for", "hmps", "--by", "officer-2", "--reference", "letter 4"];
    let id = recorded(&deployment, &[&["restriction", "--record", &reference][..], &signed].concat());
    for (recipient, bundle) in again(&deployment, NIGHT) {
        // Beside them the rows that say whom they are about are restated, as in every delta.
        let told = |r: &&Row| r.table != "people" && r.get("change") != "withdrawal";
        assert_eq!(bundle.rows.iter().find(told), None, "{recipient}");
        let rows = of(&bundle, "adjudication");
        assert_eq!(rows.len(), 1, "{recipient}");
        for column in ["heard_on", "charge", "finding", "punishment", "narrative"] {
            assert_eq!(rows[0].get(column), "", "{recipient}: keys only");
        }
        for (name, bytes) in support::files(&bundle.folder) {
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            assert!(!text.contains("letter 4") && !text.contains("officer-2"), "{recipient} {name}");
        }
    }
    let gone = |d: &Deployment| d.replica("probation").rows.keys().all(|k| k != row.get("record_id"));
    assert!(gone(&deployment));
    deployment.night("2008-11-18");
    assert!(gone(&deployment), "it holds until it is ended");
    assert_eq!(register(&deployment, &[&["end", id.as_str()][..], &signed].concat()).code, Some(0));
    again(&deployment, "2008-11-18");
    let back = deployment.replica("probation");
    assert_eq!(back.rows[row.get("record_id")].get("charge"), row.get("charge"));
}

/// A restriction that reduces gives what it names no finer, and leaves the rest.
#[test]
fn clause_5_2_2_a_reducing_restriction_is_a_reduction_and_no_silence() {
    let deployment = Deployment::after(0);
    let row = deployment.replica("probation").of("adjudication")[0].clone();
    let reference = format!("probation:{}", row.get("record_id"));
    let what = ["restriction", "--record", &reference, "--recipient", "probation"];
    let how = ["--reduce", "adjudication.heard_on=month"];
    let signed = ["--for", "hmps", "--by", "officer-2", "--reference", "letter 4"];
    recorded(&deployment, &[&what[..], &how, &signed].concat());
    let made = again(&deployment, NIGHT);
    assert_eq!(made.iter().map(|m| m.0).collect::<Vec<_>>(), ["probation"]);
    let told = of(&made[0].1, "adjudication");
    assert_eq!((told.len(), told[0].get("change")), (1, "correction"));
    assert_eq!(told[0].get("heard_on"), &row.get("heard_on")[..7]);
    assert_eq!(told[0].get("charge"), row.get("charge"));
    let bad = ["restriction", "--record", &reference, "--reduce", "adjudication.narrative=month"];
    assert_eq!(register(&deployment, &[&["add"], &bad[..], &signed].concat()).code, Some(2));
}

/// A reviewed text leaves in place of the original, to whom it was released; it lies encrypted in the store.
#[test]
fn clause_5_1_3_viii_a_reviewed_text_leaves_in_place_of_the_original() {
    let deployment = Deployment::after(0);
    let row = deployment.replica("probation").of("adjudication")[0].clone();
    let reference = format!("probation:{}", row.get("record_id"));
    let file = deployment.path("reviewed.txt");
    fs::write(&file, "Struck out at another man. reviewed-canary\n").unwrap();
    let path = file.to_str().unwrap();
    let what = ["text-review", "--record", &reference, "--field", "narrative", "--recipient", "probation"];
    let signed = ["--for", "hmps", "--by", "officer-2", "--reference", "review 9"];
    let whole =
        [&["register", "add"], &what[..], &["--value-file", path, "--until", "2009-02-01"], &signed].concat();
    let no_end = [&["register", "add"], &what[..], &["--value-file", path], &signed].concat();
    refused(&deployment, &no_end, "LG2104");
    let done = deployment.run(&whole);
    assert_eq!(done.code, Some(0), "{}", done.err);
    fs::remove_file(&file).unwrap();
    let made = again(&deployment, NIGHT);
    assert_eq!(made.iter().map(|m| m.0).collect::<Vec<_>>(), ["probation"]);
    let told = of(&made[0].1, "adjudication");
    assert_eq!((told.len(), told[0].get("change")), (1, "correction"));
    assert_eq!(told[0].get("narrative"), "Struck out at another man. reviewed-canary");
    for (name, bytes) in support::files(&deployment.path("state")) {
        if !name.starts_with("bundles/") {
            let found = bytes.windows(15).any(|w| w == b"reviewed-canary");
            assert!(!found, "{name} holds the reviewed text in clear");
        }
    }
    let typed =
        ["text-review", "--record", &reference, "--field", "charge", "--recipient", "probation", "--as-read"];
    let typed = [&["register", "add"], &typed[..], &["--until", "2009-02-01"], &signed].concat();
    refused(&deployment, &typed, "LG2103");
}

/// A suspended partner has no bundle, loses nothing it holds, and catches up when it is resumed.
#[test]
fn clause_7_3_a_suspension_stops_the_bundle_and_resuming_catches_up() {
    let (deployment, plain) = (Deployment::after(0), Deployment::after(2));
    let held = deployment.replica("lcc").rows;
    let signed = ["--for", "wyp", "--by", "officer-1", "--reference", "letter 2"];
    let suspend = ["partner", "suspend", "lcc", "--reason", "lost laptop"];
    assert_eq!(deployment.run(&[&suspend[..], &signed].concat()).code, Some(0));
    let own = ["partner", "resume", "lcc", "--for", "lcc", "--by", "x", "--reference", "y"];
    refused(&deployment, &own, "LG2102");
    let said = deployment.night("2008-11-18");
    assert_eq!(said.json()["warnings"]["LG2122"], 1);
    assert_eq!(deployment.bundles("lcc").len(), 1, "no bundle is made");
    assert!(deployment.replica("lcc").rows == held);
    assert_eq!(deployment.bundles("probation").len(), 2, "the others have theirs");
    let listed = deployment.run(&["partner", "list", "--json"]).json();
    let closed: Vec<&Value> = listed.as_array().unwrap().iter().filter(|p| p["receives"] == false).collect();
    assert_eq!((closed.len(), closed[0]["partner"].as_str()), (1, Some("lcc")));

    assert_eq!(deployment.run(&[&["partner", "resume", "lcc"][..], &signed].concat()).code, Some(0));
    deployment.night("2008-11-19");
    let says = |d: &Deployment| -> Vec<_> {
        d.replica("lcc").rows.values().map(|r| (r.table.clone(), r.says())).collect()
    };
    assert!(says(&deployment) == says(&plain), "as if it had never been suspended");
    refused(&deployment, &[&["partner", "resume", "lcc"][..], &signed].concat(), "LG2107");
}

/// Nominees: once one is registered only current ones decide; a partner without any receives nothing.
#[test]
fn clause_7_3_former_nominee_refused() {
    let deployment = Deployment::after(0);
    let lcc = |by: &'static str| ["--for", "lcc", "--by", by, "--reference", "letter 1"];
    let nominee = |token: &'static str| ["nominee", "--token", token];
    let first = recorded(&deployment, &[&nominee("n-1")[..], &lcc("anybody")].concat());
    let words = |token, by| [&["register", "add"], &nominee(token)[..], &lcc(by)].concat();
    refused(&deployment, &words("n-2", "anybody"), "LG2101");
    recorded(&deployment, &[&nominee("n-2")[..], &lcc("n-1")].concat());
    assert_eq!(register(&deployment, &[&["end", first.as_str()][..], &lcc("n-2")].concat()).code, Some(0));
    refused(&deployment, &words("n-3", "n-1"), "LG2101");
    assert!(again(&deployment, NIGHT).is_empty(), "a change of nominees tells nobody anything");

    let second = register(&deployment, &["list", "nominee"]).json()[0]["entry"].to_string();
    assert_eq!(register(&deployment, &[&["end", second.as_str()][..], &lcc("n-2")].concat()).code, Some(0));
    let said = deployment.night("2008-11-18");
    assert_eq!(said.json()["warnings"]["LG2121"], 1);
    assert_eq!(deployment.bundles("lcc").len(), 1, "nobody may receive for it");
    refused(&deployment, &words("n-4", "n-2"), "LG2101");
    let holder = ["--partner", "lcc", "--for", "wyp", "--by", "officer-1", "--reference", "letter 3"];
    recorded(&deployment, &[&nominee("n-4")[..], &holder].concat());
    assert_eq!(again(&deployment, "2008-11-18").len(), 1, "it receives again");
    let other = ["--partner", "lcc", "--for", "hmps", "--by", "x", "--reference", "y"];
    refused(&deployment, &[&["register", "add"], &nominee("n-5")[..], &other].concat(), "LG2102");
}

/// A change that was notified on the sixth working day is told; bank holidays do not count.
#[test]
fn clause_7_4_sixth_working_day_is_late() {
    let deployment = Deployment::after(0);
    let add = |token: &str, notified: &str| {
        let words = ["add", "nominee", "--token", token, "--since", "2008-12-22", "--notified", notified];
        register(&deployment, &[&words[..], &["--for", "hmps", "--by", "x-1", "--reference", "l"]].concat())
    };
    // Four days of Christmas and the new year are no working days.
    let fifth = add("x-1", "2008-12-31");
    assert_eq!((fifth.code, fifth.json()["notes"].as_array()), (Some(0), None), "{}", fifth.out);
    // Of a partner that has not begun, its nominee decides nothing: the holder does.
    let words = ["add", "nominee", "--token", "x-2", "--since", "2008-12-22", "--notified", "2009-01-02"];
    let holder = ["--partner", "hmps", "--for", "wyp", "--by", "officer-1", "--reference", "l"];
    let sixth = register(&deployment, &[&words[..], &holder].concat());
    assert!(sixth.json()["notes"][0].as_str().unwrap().contains("6 working days"), "{}", sixth.out);
    let listed = register(&deployment, &["list", "nominee"]).json();
    assert_eq!(
        (&listed[0]["notified_late"], &listed[1]["notified_late"]),
        (&Value::from(false), &Value::from(true))
    );
}

/// What may not be decided is refused by name, and is in the ledger.
#[test]
fn clause_5_2_3_what_is_not_the_originators_to_decide_is_refused() {
    let deployment = Deployment::after(0);
    let record = alert(&deployment);
    let add = |fields: &[&'static str], end: &'static str, to: &'static str, signed: [&'static str; 6]| {
        let mut words = vec!["register", "add", "authority", "--kind", "harm", "--ground", "others"];
        fields.iter().for_each(|f| words.extend(["--field", f]));
        words.extend(["--recipient", to]);
        if !end.is_empty() {
            words.extend(["--until", end]);
        }
        words.extend(signed);
        words
    };
    let at = |words: Vec<&'static str>| -> Vec<String> {
        let mut words: Vec<String> = words.into_iter().map(Into::into).collect();
        words.extend(["--record".into(), record.clone()]);
        words
    };
    let (good, end) = (SIGNED, "2009-01-31");
    let other = ["--for", "wyp", "--by", "officer-1", "--reference", "letter 5"];
    for (words, code) in [
        (at(add(&["risk_to"], end, "wyp", other)), "LG2102"),
        (at(add(&["risk_to"], "", "wyp", good)), "LG2104"),
        (at(add(&["risk_to"], "2008-11-16", "wyp", good)), "LG2104"),
        (at(add(&["risk_to"], end, "disc", good)), "LG2103"),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        refused(&deployment, &words, code);
    }
    let mut kind: Vec<String> = at(add(&["risk_to"], end, "wyp", good));
    kind[4] = "subject_consent".into();
    refused(&deployment, &kind.iter().map(String::as_str).collect::<Vec<_>>(), "LG2103");
    let nobody = ["register", "add", "restriction", "--record", "00000000000000000000000000000001"];
    refused(&deployment, &[&nobody[..], &good].concat(), "LG2105");
    let entries = register(&deployment, &["list", "--all"]).json();
    assert_eq!(entries.as_array().unwrap().len(), 0, "nothing was recorded");
    let plain = deployment.run(&[&nobody[..], &good].concat());
    assert_eq!(plain.code, Some(8));
    assert!(plain.err.contains("LG2105"), "{}", plain.err);
}

/// A run of a day that has not come yet: a decision would bear a time before it.
#[test]
fn a_clock_that_cannot_be_right_is_refused() {
    let deployment = Deployment::after(0);
    deployment.night("2090-01-02");
    let nominee =
        ["register", "add", "nominee", "--token", "n-1", "--for", "lcc", "--by", "x", "--reference", "y"];
    refused(&deployment, &nominee, "LG2106");
}

/// A registration that has expired is told each night, until a later one is registered.
#[test]
fn clause_7_1_expired_registration_warned() {
    let deployment = Deployment::after(0);
    let signed = ["--for", "cri", "--by", "m-1", "--reference", "register of 2008"];
    let add = |until| {
        let words = ["designated", "--token", "d-1", "--registration", "Z1234567", "--until", until];
        recorded(&deployment, &[&words[..], &signed].concat())
    };
    let warned = |night: &str| deployment.night(night).json()["warnings"]["LG2124"].as_u64();
    add("2008-12-17");
    assert_eq!(warned(NIGHT), Some(1), "thirty days before");
    add("2009-12-31");
    assert_eq!(warned("2008-11-18"), None);
}

/// A consent to a secondary use is the provider's, names what it covers, and ends.
#[test]
fn clause_5_5_3_a_consent_is_the_providers_and_ends() {
    let deployment = Deployment::after(0);
    let what = ["consent", "--recipient", "lcc", "--purpose", "housing need", "--scope"];
    let until = ["--until", "2009-01-31"];
    recorded(&deployment, &[&what[..], &["treatment_plan.status"], &until, &SIGNED].concat());
    let add = |scope| [&["register", "add"], &what[..], &[scope]].concat();
    refused(&deployment, &[&add("tenancy")[..], &until, &SIGNED].concat(), "LG2102");
    refused(&deployment, &[&add("treatment_plan")[..], &SIGNED].concat(), "LG2104");
    let listed = register(&deployment, &["list", "consent"]).json();
    assert_eq!(listed[0]["says"]["consent"]["recipient"], "lcc");
    assert!(again(&deployment, NIGHT).is_empty(), "it discloses nothing by itself");
}

/// Who uses it, and by what paper.
const USER: [&str; 6] = ["--for", "lcc", "--by", "asb-1", "--reference", "request 3"];

/// A secondary use is refused without the consent in force of everybody who provided what is used, and in the ledger.
#[test]
fn clause_5_2_3_a_secondary_use_without_every_providers_consent_is_refused() {
    let deployment = Deployment::after(0);
    let consent = |by: &'static str, purpose: &'static str, scope: &'static str, until: &'static str| {
        let what = ["consent", "--recipient", "lcc", "--purpose", purpose, "--scope", scope];
        let signed = ["--for", by, "--by", "manager-1", "--reference", "letter 8"];
        recorded(&deployment, &[&what[..], &["--until", until], &signed].concat())
    };
    let asked = |more: &[&'static str]| {
        let what = ["register", "add", "use", "--purpose", "housing need"];
        [&what[..], more, &USER].concat()
    };
    let field = ["--scope", "treatment_plan.status", "--until", "2009-01-31"];
    refused(&deployment, &asked(&field), "LG2109");
    // Each of these is no consent to it: another purpose, another field, an earlier end, another provider's.
    consent("disc", "debt advice", "treatment_plan", "2009-01-31");
    consent("disc", "housing need", "treatment_plan.objective", "2009-01-31");
    consent("disc", "housing need", "treatment_plan.status", "2009-01-30");
    consent("cri", "housing need", "treatment_plan.status", "2009-01-31");
    refused(&deployment, &asked(&field), "LG2109");
    let given = consent("disc", "Housing need", "treatment_plan", "2009-01-31");
    let before = ledger(&deployment);
    recorded(&deployment, &asked(&field)[2..]);
    assert_eq!(ledger(&deployment), before + 1, "what is allowed is in the ledger too");
    let listed = register(&deployment, &["list", "use"]).json();
    let on: Vec<String> =
        listed[0]["says"]["use"]["consents"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert!(on.len() == 2 && on.contains(&given), "{listed}");
    // One consent is enough for what that provider gave; and it is enough for nobody else.
    let alone = ["--scope", "treatment_plan", "--until", "2009-01-31", "--from"];
    recorded(&deployment, &asked(&[&alone[..], &["disc"]].concat())[2..]);
    refused(&deployment, &asked(&[&alone[..], &["cri"]].concat()), "LG2109");
    let other = ["--for", "hmps", "--by", "officer-1", "--reference", "request 4"];
    let what = ["register", "add", "use", "--purpose", "housing need"];
    refused(&deployment, &[&what[..], &alone, &["disc"], &other].concat(), "LG2109");
    refused(&deployment, &asked(&["--scope", "treatment_plan", "--from", "disc"]), "LG2104");
    // A consent that ends ends what rests on it: the night tells.
    let signed = ["--for", "disc", "--by", "manager-1", "--reference", "letter 9"];
    assert_eq!(register(&deployment, &[&["end", given.as_str()][..], &signed].concat()).code, Some(0));
    refused(&deployment, &asked(&field), "LG2109");
    let night = deployment.night(NIGHT);
    assert_eq!(night.json()["warnings"]["LG2126"], 2, "both uses rested on it");
    assert!(RECIPIENTS.iter().all(|r| deployment.bundles(r).len() == 1), "it discloses nothing by itself");
}

/// Handing on to a third party needs a consent that names it; a consent to a use is none to handing on.
#[test]
fn clause_5_5_3_handing_on_needs_a_consent_that_names_the_third_party() {
    let deployment = Deployment::after(0);
    let consent = |more: &[&'static str]| {
        let what = [
            "consent",
            "--recipient",
            "lcc",
            "--purpose",
            "housing need",
            "--scope",
            "treatment_plan.status",
        ];
        recorded(&deployment, &[&what[..], more, &["--until", "2009-01-31"], &SIGNED].concat());
    };
    let what = ["register", "add", "use", "--purpose", "housing need", "--scope", "treatment_plan.status"];
    let until = ["--from", "disc", "--until", "2009-01-31"];
    let to = |third: &'static str| [&what[..], &until, &["--third-party", third], &USER].concat();
    consent(&[]);
    refused(&deployment, &to("a housing association"), "LG2109");
    consent(&["--third-party", "a housing association"]);
    refused(&deployment, &to("another association"), "LG2109");
    recorded(&deployment, &to("a housing association")[2..]);
    let shown = deployment.run(&["register", "list", "use", "--plain"]).out;
    assert!(shown.contains("handed on to a housing association; by the consents 2"), "{shown}");
}
