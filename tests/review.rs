//! People decide who is who: joining, parting, taking back; who is told, who is asked to destroy, and what the queue, the
//! ledger and the listings say of it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

pub mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use support::{Bundle, Deployment, NIGHTS, RECIPIENTS, Replica, Row, Said, assert_no_value, canaries};

const NIGHT: &str = NIGHTS[0];
/// His prison list has two digits of his PNC the wrong way round.
const MARCUS: [&str; 2] = ["wyp-cohort:LDS000023", "hmps-releases:A3390BD"];
/// The council knows him as a tenant.
const CONNOR: [&str; 2] = ["wyp-cohort:LDS000011", "lcc-orchard:0010877"];
/// The council knows her as a tenant and as nothing else.
const TENANT: [&str; 2] = ["wyp-cohort:LDS000033", "lcc-orchard:0062207"];
const WAYNE: &str = "wyp-cohort:LDS000015";

fn review(deployment: &Deployment, words: &[&str]) -> Said {
    deployment.run(&[&["review"], words, &["--json"]].concat())
}

/// Takes a decision down; gives what was said.
fn decided(deployment: &Deployment, pair: [&str; 2], words: &[&str], by: &str) -> Value {
    let said =
        review(deployment, &[&["decide"], &pair[..], words, &["--by", by, "--reason", "case 14"]].concat());
    assert_eq!(said.code, Some(0), "{words:?}: {} {}", said.err, said.out);
    said.json()
}

fn undone(deployment: &Deployment, pair: [&str; 2], by: &str) -> Value {
    let said = review(deployment, &[&["undo"], &pair[..], &["--by", by, "--reason", "case 15"]].concat());
    assert_eq!(said.code, Some(0), "{} {}", said.err, said.out);
    said.json()
}

/// Asserts that a decision is refused with a code, and that the refusal is in the ledger.
fn refused(deployment: &Deployment, words: &[&str], code: &str) {
    let entries = || deployment.run(&["status", "--json"]).json()["ledger_entries"].as_u64().unwrap();
    let before = entries();
    let said = review(deployment, words);
    assert_eq!((said.code, said.json()["code"].as_str()), (Some(8), Some(code)), "{}", said.err);
    assert_eq!(entries(), before + 1);
    assert_eq!(deployment.run(&["explain", code]).code, Some(0));
}

/// Runs the night again; gives the bundles that it made.
fn again(deployment: &Deployment, day: &str) -> BTreeMap<&'static str, Bundle> {
    let names = || -> BTreeSet<String> {
        RECIPIENTS.iter().flat_map(|r| deployment.bundles(r)).map(|b| b.name).collect()
    };
    let before = names();
    deployment.night(day);
    let mut made = BTreeMap::new();
    for recipient in RECIPIENTS {
        for bundle in deployment.bundles(recipient).into_iter().filter(|b| !before.contains(&b.name)) {
            assert!(made.insert(recipient, bundle).is_none(), "{recipient} got two");
        }
    }
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
    made
}

type Says = BTreeMap<String, BTreeMap<String, String>>;

/// What every recipient holds, without how it came.
fn held(deployment: &Deployment) -> BTreeMap<&'static str, Says> {
    let says = |replica: Replica| replica.rows.iter().map(|(id, row)| (id.clone(), row.says())).collect();
    RECIPIENTS.iter().map(|r| (*r, says(deployment.replica(r)))).collect()
}

fn ids<'r>(rows: impl IntoIterator<Item = &'r Row>) -> BTreeSet<String> {
    rows.into_iter().map(|row| row.get("record_id").to_owned()).collect()
}

/// The references of whoever has a surname and begins with a forename; some recipients get no more of a name.
fn refs(replica: &Replica, (surname, forename): (&str, &str)) -> BTreeSet<String> {
    let is = |row: &&Row| {
        let name = [row.get("surname"), row.get("forenames")].map(str::to_lowercase);
        name[0] == surname && name[1].starts_with(forename)
    };
    replica.of("people").into_iter().filter(is).map(|row| row.get("person_ref").to_owned()).collect()
}

/// The rows about a person, in whatever table.
fn rows_about<'r>(replica: &'r Replica, who: (&str, &str)) -> Vec<&'r Row> {
    let refs = refs(replica, who);
    replica.rows.values().filter(|row| refs.contains(row.get("person_ref"))).collect()
}

/// Lines of `if_same` or `if_different` as recipient, category and number of records.
fn foreseen(lines: &Value, shift: &str) -> BTreeMap<(String, String), u64> {
    let one = |line: &Value| {
        let word = |key: &str| line[key].as_str().unwrap().to_owned();
        // The bundle's table of identity rows has a name of its own.
        let table = if word("category") == "person" { "people".to_owned() } else { word("category") };
        ((word("recipient"), table), line["records"].as_u64().unwrap())
    };
    lines.as_array().unwrap().iter().filter(|l| l["shift"] == shift).map(one).collect()
}

/// Rows of the bundles with a change, in the same way.
fn happened(made: &BTreeMap<&'static str, Bundle>, change: &str) -> BTreeMap<(String, String), u64> {
    let mut out = BTreeMap::new();
    for (recipient, bundle) in made {
        for row in bundle.changes(change) {
            *out.entry(((*recipient).to_owned(), row.table.clone())).or_default() += 1;
        }
    }
    out
}

/// Two people join against a slip of the pen; what that lets out is what was foreseen; and when it is taken back, exactly
/// those who got anything are told to destroy it, and are chased.
#[test]
fn clause_6_1_a_join_lets_out_what_was_foreseen_and_its_undoing_calls_all_of_it_back() {
    let deployment = Deployment::after(0);
    let listed = review(&deployment, &["list"]);
    assert_eq!(listed.code, Some(4));
    let shown = review(&deployment, &[&["show"], &MARCUS[..]].concat()).json();
    assert_eq!((shown["code"].as_str(), &shown["one_person"]), (Some("LG1402"), &Value::Bool(false)));
    let pnc = shown["evidence"].as_array().unwrap().iter().find(|e| e["what"] == "pnc").unwrap();
    assert_eq!((pnc["how"].as_str(), &pnc["unique"]), (Some("differs"), &Value::Bool(true)));
    let before = held(&deployment);

    let signed = ["--by", "reviewer-1", "--reason", "case 14"];
    refused(&deployment, &[&["decide"], &MARCUS[..], &["same"], &signed].concat(), "LG1471");
    let despite = ["same", "--despite-identifiers"];
    assert_eq!(decided(&deployment, MARCUS, &despite, "reviewer-1")["second"], true);
    refused(&deployment, &[&["decide"], &MARCUS[..], &despite, &signed].concat(), "LG1472");
    assert!(again(&deployment, NIGHT).is_empty(), "one person alone joins nobody against identifiers");
    let asked = review(&deployment, &["list"]).json();
    let seconds: Vec<&Value> = asked.as_array().unwrap().iter().filter(|p| p["second"] == true).collect();
    assert_eq!(seconds.len(), 1, "the pair waits for a second person");
    assert_eq!(decided(&deployment, MARCUS, &despite, "reviewer-2")["counts"], "same");
    let made = again(&deployment, NIGHT);
    assert_eq!(happened(&made, "new"), foreseen(&shown["if_same"], "newly"));
    assert!(happened(&made, "withdrawal").is_empty() && foreseen(&shown["if_same"], "no longer").is_empty());
    assert!(!made.is_empty());

    // Whoever is asked again is told nothing of what was said, and sees what the first one saw.
    let again_words = ["next", "--again", "--by", "reviewer-5"];
    let second = review(&deployment, &again_words).json();
    assert_eq!((&second["one_person"], &second["decided"]), (&false.into(), &"open".into()));
    assert_eq!(second["if_same"], shown["if_same"]);
    undone(&deployment, MARCUS, "reviewer-3");
    let back = again(&deployment, NIGHT);
    assert_eq!(happened(&back, "withdrawal"), happened(&made, "new"), "exactly what came goes");
    assert!(held(&deployment) == before);
    for (recipient, bundle) in &back {
        let form = fs::read_to_string(bundle.folder.join("acknowledge.csv")).unwrap();
        let asked = form.lines().filter(|l| l.contains("destroy")).count();
        assert_eq!(asked, bundle.changes("withdrawal").len(), "{recipient} is asked to destroy each row");
    }
    let late = deployment.run(&["receipt", "list", "--overdue", "--as-of", "2008-12-10", "--json"]);
    let late: BTreeSet<String> =
        late.json().as_array().unwrap().iter().map(|b| b["bundle"].as_str().unwrap().to_owned()).collect();
    assert!(back.values().all(|bundle| late.contains(&bundle.name)), "it is chased until confirmed");
    assert!(again(&deployment, NIGHT).is_empty(), "and it is told once");
}

/// `different` takes a link apart that the evidence made: whoever was told of one of the two because of the other.
#[test]
fn clause_6_1_an_un_merge_reaches_exactly_the_recipients_it_must() {
    let deployment = Deployment::after(0);
    let who = ("quartey", "bernadette");
    let look = [&["show"], &TENANT[..], &["--by", "reviewer-1", "--reason", "case 13"]].concat();
    let shown = review(&deployment, &look).json();
    assert_eq!(shown["one_person"], true);
    let replicas: BTreeMap<&str, Replica> = RECIPIENTS.map(|r| (r, deployment.replica(r))).into();
    let told = |r: &str| {
        let rows = rows_about(&replicas[r], who);
        ids(rows.into_iter().filter(|row| row.get("originator") == "lcc"))
    };
    let note = decided(&deployment, TENANT, &["different"], "reviewer-1")["notes"].to_string();
    assert!(note.contains("one person now"), "{note}");
    let made = again(&deployment, NIGHT);
    assert_eq!(happened(&made, "withdrawal"), foreseen(&shown["if_different"], "no longer"));
    assert_eq!(happened(&made, "new"), foreseen(&shown["if_different"], "newly"));
    let mut contaminated = 0;
    for recipient in RECIPIENTS {
        let gone = made.get(recipient).map(|b| ids(b.changes("withdrawal"))).unwrap_or_default();
        let left = deployment.replica(recipient);
        if recipient == "lcc" {
            assert!(rows_about(&left, who).is_empty(), "the council works with her no more");
            continue;
        }
        contaminated += usize::from(!told(recipient).is_empty());
        assert_eq!(gone, told(recipient), "{recipient}: what the council told, and nothing else");
        assert!(left.rows.keys().all(|id| !told(recipient).contains(id)));
    }
    assert!(contaminated > 1, "somebody had been told");
    let why = ["agreement", "why", "--person", TENANT[1], "--recipient", "wyp", "--field", "person.surname"];
    let why = deployment.run(&[&why[..], &["--json"]].concat());
    assert_eq!(why.json()["in_store"], false, "nothing of the other one is kept");
    // It outlasts the nights, and the evidence that says otherwise.
    deployment.night(NIGHTS[1]);
    assert!(rows_about(&deployment.replica("lcc"), who).is_empty());
    let all = review(&deployment, &["list", "--all"]).json();
    assert!(all.as_array().unwrap().iter().any(|p| p["state"] == "different"));
    // Taken back, the evidence joins them again.
    undone(&deployment, TENANT, "reviewer-1");
    deployment.night(NIGHTS[1]);
    assert!(!rows_about(&deployment.replica("lcc"), who).is_empty());
}

/// Two people of the cohort who were one for a night: each gets back its own reference and everything that was told of it.
#[test]
fn two_people_of_the_cohort_who_were_joined_are_given_back_what_was_theirs() {
    let deployment = Deployment::after(0);
    let (pair, before) = ([CONNOR[0], WAYNE], held(&deployment));
    let despite = ["same", "--despite-identifiers"];
    decided(&deployment, pair, &despite, "reviewer-1");
    decided(&deployment, pair, &despite, "reviewer-2");
    let made = again(&deployment, NIGHT);
    assert!(made.len() > 3 && held(&deployment) != before, "{:?}", made.keys());
    undone(&deployment, pair, "reviewer-1");
    let back = again(&deployment, NIGHT);
    assert!(held(&deployment) == before);
    assert_eq!(back.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    // The story names both the decisions and what the night did by them.
    let words = ["ledger", "show", "--person", WAYNE, "--by", "officer-1", "--reason", "letter 3", "--json"];
    let story = deployment.run(&words).json();
    let links = story["links"].as_array().unwrap();
    let what: Vec<&str> = links.iter().map(|l| l["what"].as_str().unwrap()).collect();
    assert_eq!(what.iter().filter(|w| **w == "same").count(), 2, "{what:?}");
    assert_eq!(what.iter().filter(|w| **w == "undone").count(), 2, "{what:?}");
    let told = story["told"].as_array().unwrap();
    assert!(told.iter().any(|t| t["change"] == "correction"));
}

/// A restriction of the one whom two were taken for holds for both when they are parted.
#[test]
fn clause_5_1_1_iii_a_restriction_outlasts_the_parting_of_those_it_was_made_about() {
    let deployment = Deployment::after(0);
    let pair = [CONNOR[0], WAYNE];
    let despite = ["same", "--despite-identifiers"];
    decided(&deployment, pair, &despite, "reviewer-1");
    decided(&deployment, pair, &despite, "reviewer-2");
    deployment.night(NIGHT);
    let words = ["register", "add", "restriction", "--person", CONNOR[0]];
    let signed = ["--for", "probation", "--by", "officer-2", "--reference", "letter 4", "--json"];
    let said = deployment.run(&[&words[..], &signed].concat());
    assert_eq!(said.code, Some(0), "{} {}", said.err, said.out);
    undone(&deployment, pair, "reviewer-1");
    deployment.night(NIGHT);
    for who in [("hargreaves", "connor"), ("tordoff", "wayne")] {
        for recipient in RECIPIENTS {
            let replica = deployment.replica(recipient);
            let open = rows_about(&replica, who).into_iter().any(|r| r.get("originator") == "probation");
            assert!(!open, "{recipient} is told by probation of {}", who.0);
        }
    }
}

/// A source corrects who its own person is: what shared nothing with it any more is parted all the same.
#[test]
fn an_un_merge_that_comes_from_the_data_alone_is_made_too() {
    let (deployment, control) = (Deployment::after(0), Deployment::after(0));
    let she = ("quartey", "bernadette");
    deployment.edit(
        "fixtures/probation/DELIUS_CASES_20081118.csv",
        "X201176||2005/0160340H|QUARTEY|Bernadette|13/10/1976|F|LS13 3ZN|",
        "X201176|||QUILTER|Rosa|02/02/1950|F||",
    );
    let before: BTreeMap<&str, Replica> = RECIPIENTS.map(|r| (r, deployment.replica(r))).into();
    deployment.night(NIGHTS[1]);
    control.night(NIGHTS[1]);
    let mut told = 0;
    for recipient in RECIPIENTS {
        let was = ids(rows_about(&before[recipient], she)
            .into_iter()
            .filter(|r| r.get("originator") == "probation"));
        let gone = ids(deployment.bundle(recipient, NIGHTS[1]).changes("withdrawal"));
        assert!(was.is_subset(&gone), "{recipient} keeps what is another's: {was:?}");
        told += was.len();
        let (left, other) = (deployment.replica(recipient), control.replica(recipient));
        let refs = refs(&before[recipient], she);
        let others = |replica: &Replica| -> Says {
            let of = replica.rows.iter().filter(|(_, r)| !refs.contains(r.get("person_ref")));
            of.map(|(id, row)| (id.clone(), row.says())).collect()
        };
        assert!(others(&left) == others(&other), "{recipient}: of others nothing changes");
    }
    assert!(told > 2, "somebody had been told by probation");
    // She herself stays, with everything that the others say of her.
    let words = ["agreement", "why", "--recipient", "wyp", "--field", "person.surname", "--json", "--person"];
    let kept = |who: &str| deployment.run(&[&words[..], &[who]].concat()).json()["in_store"] == true;
    assert!(kept(TENANT[0]) && kept(TENANT[1]) && !kept("probation-cases:X201176"));
}

/// `same` from one and `different` from another joins nobody, keeps them apart, and is told.
#[test]
fn decisions_that_contradict_each_other_are_told_and_join_nobody() {
    let deployment = Deployment::after(0);
    let before = held(&deployment);
    decided(&deployment, MARCUS, &["same", "--despite-identifiers"], "reviewer-1");
    let said = decided(&deployment, MARCUS, &["different"], "reviewer-2");
    assert_eq!(said["counts"], "open");
    assert!(again(&deployment, NIGHT).is_empty());
    assert!(held(&deployment) == before);
    let list = review(&deployment, &["list"]).json();
    assert_eq!(list[0]["code"], "LG1460", "the gravest comes first");
    let told = review(&deployment, &["list", "--agreement"]).json();
    assert_eq!((&told["pairs"], &told["agreed"]), (&1.into(), &0.into()));
}

/// `cannot-tell` takes a pair out of the queue; the last decision empties nothing else of it.
#[test]
fn cannot_tell_takes_a_pair_out_of_the_queue_until_its_evidence_changes() {
    let deployment = Deployment::after(0);
    let list = review(&deployment, &["list"]).json();
    let count = list.as_array().unwrap().len();
    let word = |side: &str| list[count - 1][side].as_str().unwrap()[..10].to_owned();
    let (a, b) = (word("a"), word("b"));
    decided(&deployment, [&a, &b], &["cannot-tell"], "reviewer-1");
    deployment.night(NIGHT);
    let now = review(&deployment, &["list"]).json();
    assert_eq!(now.as_array().unwrap().len(), count - 1);
    let told = deployment.night(NIGHTS[1]).json()["reviews"].as_u64();
    let after = review(&deployment, &["list"]).json().as_array().unwrap().len();
    assert_eq!(told, u64::try_from(after).ok(), "the night says how many wait");
    let other = ["hmps-releases:A0000AA", "wyp-cohort:LDS000011"];
    let signed = ["different", "--by", "reviewer-1", "--reason", "case 1"];
    refused(&deployment, &[&["decide"], &other[..], &signed].concat(), "LG1470");
    let joined = [&["decide"], &CONNOR[..], &["cannot-tell", "--by", "x", "--reason", "y"]].concat();
    refused(&deployment, &joined, "LG1475");
    let nothing = [&["undo"], &CONNOR[..], &["--by", "x", "--reason", "y"]].concat();
    refused(&deployment, &nothing, "LG1473");
}

/// Where two people are asked for, `different` counts at once and is taken back by two.
#[test]
fn two_people_join_and_two_people_take_a_parting_back() {
    let deployment = Deployment::after(0);
    deployment.edit("lockgate.toml", "[registers]", "[review]\ntwo_people = true\n\n[registers]");
    assert_eq!(decided(&deployment, CONNOR, &["different"], "reviewer-1")["counts"], "different");
    assert!(!again(&deployment, NIGHT).is_empty(), "what only takes away needs no second person");
    assert_eq!(undone(&deployment, CONNOR, "reviewer-2")["second"], true);
    assert!(again(&deployment, NIGHT).is_empty(), "one person does not open it again");
    assert_eq!(undone(&deployment, CONNOR, "reviewer-3")["second"], false);
    assert!(!again(&deployment, NIGHT).is_empty());
    let register = deployment.run(&["register", "list", "link", "--all", "--json"]).json();
    let first = register[0]["entry"].to_string();
    let end = ["register", "end", &first, "--for", "wyp", "--by", "reviewer-1", "--reference", "x", "--json"];
    assert_eq!(deployment.run(&end).code, Some(8));
}

/// What a former version joined by other rules is looked at again, though nobody in it changed.
#[test]
fn other_rules_of_linking_are_applied_to_everybody_the_next_night() {
    let deployment = Deployment::after(0);
    let before = held(&deployment);
    let one =
        "UPDATE identity SET person = (SELECT max(id) FROM person) WHERE id = (SELECT min(id) FROM identity)";
    deployment.change_store(one);
    let moved = || deployment.night(NIGHT).json()["moved"].as_u64();
    assert_eq!(moved(), Some(0), "nobody changed, and nobody is looked at");
    deployment.change_store("UPDATE meta SET value = '1' WHERE key = 'link rules'");
    assert_eq!(moved(), Some(1));
    assert!(held(&deployment) == before);
    assert_eq!(moved(), Some(0));
}

/// What is shown without being recorded holds no value; what holds values is recorded first, for the holder's nominee alone.
#[test]
fn a_look_at_values_is_recorded_first_and_nothing_else_shows_any() {
    let deployment = Deployment::after(0);
    let canaries = canaries();
    for words in [
        &["review", "list"][..],
        &["review", "next"],
        &["review", "next", "--json"],
        &["review", "show", MARCUS[0], MARCUS[1]],
        &["review", "show", CONNOR[0], CONNOR[1], "--by", "reviewer-1", "--reason", "case 13", "--json"],
    ] {
        let said = deployment.run(words);
        assert!(matches!(said.code, Some(0 | 4)), "{words:?}: {}", said.err);
        let text = format!("{}{}", said.out, said.err).replace(MARCUS[1], "");
        assert_no_value(&text, &canaries, &format!("{words:?}"));
    }
    let unasked = review(&deployment, &[&["show"], &CONNOR[..]].concat());
    assert_eq!(unasked.code, Some(2), "a pair that waits for nobody is looked at with a reason");
    let values = [&["show"], &MARCUS[..], &["--values"]].concat();
    assert_eq!(review(&deployment, &values).code, Some(2), "who and why are asked");
    let signed = [&values[..], &["--by", "reviewer-1", "--reason", "case 14"]].concat();
    let before = deployment.run(&["status", "--json"]).json()["ledger_entries"].as_u64().unwrap();
    let shown = review(&deployment, &signed);
    let after = deployment.run(&["status", "--json"]).json()["ledger_entries"].as_u64().unwrap();
    assert_eq!(after, before + 1, "{}", shown.err);
    let shown = shown.json();
    let kind = |what: &str| {
        let all = shown["values"].as_array().unwrap();
        all.iter().find(|v| v["what"] == what).unwrap_or_else(|| panic!("no {what}: {all:?}")).clone()
    };
    assert_eq!(kind("pnc")["mark"], "differs");
    assert_eq!(kind("birth_date")["mark"], "agrees");
    let name = kind("name");
    assert!(name.to_string().contains("OYELARAN"));
    assert_eq!(name["mark"], "agrees", "capitals are no difference");
    // A nominee who is registered takes the place of the posts: nobody else looks any more.
    let nominee = ["register", "add", "nominee", "--token", "reviewer-9", "--for", "wyp", "--by", "x"];
    let said = deployment.run(&[&nominee[..], &["--reference", "notice 1", "--json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    refused(&deployment, &signed, "LG2101");
}
