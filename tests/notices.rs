//! Bundles that ask and tell nothing new: a notice beside a day's bundle, and the review of what is held (5.5.2).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use std::collections::BTreeMap;
use std::fs;
use support::doors::{open_all, sealed};
use support::page::{Desk, said, tools};
use support::{Bundle, Deployment, NIGHTS, RECIPIENTS, Said};

/// What a bundle's return form asks, as `what_to_do` and `due_by`.
fn asks(bundle: &Bundle) -> Vec<(String, String)> {
    let lines = support::table(&bundle.folder.join("acknowledge.csv"));
    lines.iter().map(|line| (line["what_to_do"].clone(), line["due_by"].clone())).collect()
}

fn kinds(deployment: &Deployment, recipient: &str) -> Vec<(String, u64)> {
    let kind = |b: &Bundle| {
        let own = &b.manifest()["lockgate"];
        (own["kind"].as_str().unwrap().to_owned(), own["sequence"].as_u64().unwrap())
    };
    let mut kinds: Vec<_> = deployment.bundles(recipient).iter().map(kind).collect();
    kinds.sort_by_key(|(_, sequence)| *sequence);
    kinds
}

fn is_review(asked: &(String, String)) -> bool {
    asked.0.starts_with("review what you hold")
}

/// The wrong record of a recipient's release table, told to its originator.
fn opened(deployment: &Deployment, record: &str) {
    let said = deployment.run(&[
        "correction",
        "open",
        "--record",
        record,
        "--field",
        "release_date",
        "--for",
        "lcc",
        "--by",
        "duty-1",
        "--reference",
        "note 12",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.err);
}

/// The reference that the council has of a release.
fn release() -> String {
    let council = Deployment::after(0).replica("lcc");
    let row = council.of("prison_release").first().map(|row| row.get("record_id").to_owned());
    format!("lcc:{}", row.expect("the council is told of releases"))
}

/// What is asked once a day's bundle is made comes in a notice, to whom it is asked alone, once, and changes nothing that is
/// held; the next night goes on with a delta.
#[test]
fn clause_6_1_what_is_asked_after_the_bundle_of_a_day_comes_in_a_notice() {
    let deployment = Deployment::after(0);
    let held = deployment.replica("hmps").rows.len();
    opened(&deployment, &release());
    deployment.night(NIGHTS[0]);
    assert_eq!(kinds(&deployment, "hmps"), [("snapshot".to_owned(), 1), ("notice".to_owned(), 2)]);
    for other in RECIPIENTS.iter().filter(|r| **r != "hmps") {
        assert_eq!(kinds(&deployment, other), [("snapshot".to_owned(), 1)], "{other} is asked nothing");
    }
    let bundles = deployment.bundles("hmps");
    let notice = bundles.iter().find(|b| b.name.ends_with("_notice")).unwrap();
    let asked: Vec<String> = asks(notice).into_iter().map(|(what, _)| what).collect();
    let check = "check your record, and correct it at the source if it is wrong";
    assert_eq!(asked, ["confirm receipt", check]);
    assert!(notice.rows.is_empty() && !notice.folder.join("staff.xlsx").exists());
    let text = fs::read_to_string(notice.folder.join("README.txt")).unwrap();
    assert!(text.contains("This is a notice") && !text.contains("Nothing changed for you"), "{text}");
    assert_eq!(deployment.replica("hmps").rows.len(), held);

    deployment.night(NIGHTS[0]);
    assert_eq!(kinds(&deployment, "hmps").len(), 2, "asked once");
    deployment.night(NIGHTS[1]);
    let kinds = kinds(&deployment, "hmps");
    assert_eq!(kinds.last(), Some(&("delta".to_owned(), 3)), "{kinds:?}");
    let next = deployment.bundle("hmps", NIGHTS[1]);
    assert!(asks(&next).iter().all(|(what, _)| *what != check), "not asked again");
    let manifest = fs::read(notice.folder.join("datapackage.json")).unwrap();
    let digest = lockgate_core::hash::Digest::of(&manifest).hex();
    assert_eq!(next.manifest()["lockgate"]["previous"].as_str(), Some(format!("sha256:{digest}").as_str()));
}

/// A sealed notice opens as every bundle does: with `bundle open` in its place between the others, and with the public
/// tools of docs/recipients.md.
#[test]
fn a_notice_opens_as_every_bundle_does() {
    let deployment = Deployment::sealed();
    deployment.night(NIGHTS[0]);
    opened(&deployment, &release());
    deployment.night(NIGHTS[0]);
    deployment.night(NIGHTS[1]);
    assert_eq!(open_all(&deployment), 2 * RECIPIENTS.len() + 1);
    if tools().is_none() {
        return;
    }
    let files = sealed(&deployment, "hmps");
    let notice = files.iter().find(|f| f.to_string_lossy().contains("_notice")).unwrap();
    let output = Desk::of(&deployment, "hmps", notice).morning();
    assert!(output.status.success(), "{}", self::said(&output));
}

/// Hands a bundle's form in, with the lines answered that are the review's, or those that are not.
fn answer(deployment: &Deployment, recipient: &str, bundle: &Bundle, review: bool) -> Said {
    let text = fs::read_to_string(bundle.folder.join("acknowledge.csv")).unwrap();
    let line = |line: &str| match line.strip_suffix(",,,,") {
        Some(asked) if asked.contains("review what you hold") == review => {
            format!("{asked},yes,2009-04-21,duty officer,\r\n")
        }
        _ => format!("{line}\r\n"),
    };
    let form: String = text.trim_start_matches('\u{feff}').lines().map(line).collect();
    let file = deployment.path("form.csv");
    fs::write(&file, form).unwrap();
    deployment.run(&["receipt", "import", file.to_str().unwrap(), "--from", recipient, "--json"])
}

fn reminded(deployment: &Deployment) -> usize {
    deployment.run(&["status", "--plain"]).err.matches("LG0314").count()
}

/// Who is late with the review, by recipient: lines that are late, on a day.
fn late(deployment: &Deployment, day: &str) -> BTreeMap<String, u64> {
    let said = deployment.run(&["receipt", "list", "--overdue", "--json", "--as-of", day]);
    let mut out = BTreeMap::new();
    for bundle in said.json().as_array().unwrap() {
        if bundle["as_of"].as_str() == Some("2009-04-20") {
            *out.entry(bundle["recipient"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    out
}

/// Thirty days before a recipient has held for six months, its form asks for the review, once, by the day on which it is due;
/// `status` reminds until the recipient says that it is done, and it is late from the day after.
#[test]
fn clause_5_5_2_the_return_form_asks_for_the_review_once_and_it_is_late_until_done() {
    let deployment = Deployment::after(0);
    assert!(asks(&deployment.bundle("yos", NIGHTS[0])).iter().all(|a| !is_review(a)), "not on the first day");
    deployment.night("2009-04-20");
    for recipient in RECIPIENTS {
        let reviews: Vec<_> =
            asks(&deployment.bundle(recipient, "2009-04-20")).into_iter().filter(is_review).collect();
        let due: Vec<&str> = reviews.iter().map(|(_, due)| due.as_str()).collect();
        assert_eq!(due, ["2009-05-17"], "{recipient}");
    }
    assert_eq!(reminded(&deployment), RECIPIENTS.len());
    deployment.night("2009-04-21");
    let again = deployment.bundle("yos", "2009-04-21");
    assert!(asks(&again).iter().all(|a| !is_review(a)), "asked once");

    let asked = deployment.bundle("yos", "2009-04-20");
    let said = answer(&deployment, "yos", &asked, true);
    assert_eq!((said.code, said.json()["taken"].clone()), (Some(0), 1.into()), "{}{}", said.out, said.err);
    assert_eq!(
        reminded(&deployment),
        RECIPIENTS.len() - 1,
        "whoever says that it is done is reminded no more"
    );

    // The line is late by its own day, not by that of the bundle's confirmation.
    for recipient in RECIPIENTS {
        let said = answer(&deployment, recipient, &deployment.bundle(recipient, "2009-04-20"), false);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    }
    assert_eq!(late(&deployment, "2009-05-17"), BTreeMap::new());
    let expected: BTreeMap<String, u64> =
        RECIPIENTS.iter().filter(|r| **r != "yos").map(|r| ((*r).to_owned(), 1)).collect();
    assert_eq!(late(&deployment, "2009-05-18"), expected);
}
