//! Approval (9.2): no night without the signatures of all eight holders over a true text about this very agreement.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests"
)]
#![expect(clippy::indexing_slicing, reason = "tests")]

pub mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use support::{Deployment, NAMESPACE, NIGHTS, RECIPIENTS, Said, needed, signature};

const LCC: &str = "agreement/entitlements/lcc.toml";
const WIDER: (&str, &str) = ("arrested_at = \"month\"", "arrested_at = \"date\"");

/// Where the approval of the agreement as it lies there now stands.
fn statement(d: &Deployment) -> PathBuf {
    d.path(d.run(&["agreement", "status", "--json"]).json()["statement"].as_str().unwrap())
}

fn signature_of(d: &Deployment, partner: &str) -> PathBuf {
    statement(d).with_file_name(format!("{partner}.sig"))
}

fn ledger(d: &Deployment) -> u64 {
    let said = d.run(&["status", "--json"]);
    if said.code == Some(2) { 0 } else { said.json()["ledger_entries"].as_u64().unwrap() }
}

/// A night that must be refused: with this code, this word, a line in the ledger, and nothing sent.
fn refused(d: &Deployment, code: &str, names: &str) -> Said {
    let before = ledger(d);
    let said = d.run(&["run", "--as-of", NIGHTS[0]]);
    assert_eq!(said.code, Some(8), "{code}: {}{}", said.out, said.err);
    assert!(said.err.contains(code) && said.err.contains(names), "wanted {code} and {names}: {}", said.err);
    assert_eq!(ledger(d), before + 1, "{code}: the refusal is not in the ledger");
    assert_eq!(d.run(&["ledger", "verify"]).code, Some(0));
    assert!(d.bundle_files().is_empty(), "{code}: something was sent");
    said
}

#[test]
fn clause_9_2_the_shipped_agreement_is_approved_by_all_eight() {
    let d = Deployment::fresh();
    let said = d.run(&["agreement", "status", "--json"]);
    let hint = "scripts/sign_agreement signs a changed agreement with the throw-away keys";
    assert_eq!(said.code, Some(0), "{hint}: {}", said.out);
    let status = said.json();
    assert_eq!((status["approved"].as_bool(), status["in_use"].as_bool()), (Some(true), Some(false)));
    let signed = status["holders"].as_array().unwrap().iter().filter(|h| h["signed"] == true).count();
    assert_eq!(signed, RECIPIENTS.len());
    d.night(NIGHTS[0]);
    assert_eq!(d.run(&["agreement", "status", "--json"]).json()["in_use"], true);
}

#[test]
fn clause_9_2_without_any_one_signature_no_night_runs() {
    let d = Deployment::fresh();
    for partner in RECIPIENTS {
        let file = signature_of(&d, partner);
        let kept = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        refused(&d, "LG0401", &format!("`{partner}`"));
        let status = d.run(&["agreement", "status", "--json"]);
        assert_eq!((status.code, status.json()["missing"].clone()), (Some(4), serde_json::json!([partner])));
        fs::write(&file, kept).unwrap();
    }
    d.night(NIGHTS[0]);
}

#[test]
fn clause_9_2_a_new_deployment_begins_unsigned_and_says_how_to_sign() {
    let d = Deployment::fresh();
    fs::remove_dir_all(d.path("agreement/approvals")).unwrap();
    let said = refused(&d, "LG0401", "`lockgate agreement approve`");
    assert!(RECIPIENTS.iter().all(|p| said.err.contains(&format!("`{p}`"))), "{}", said.err);
    let said = d.run(&["agreement", "approve"]);
    assert!(said.code == Some(4) && said.out.contains("ssh-keygen -Y sign"), "{}", said.out);
    fs::remove_file(d.path("agreement/holders")).unwrap();
    refused(&d, "LG0401", "has no key");
}

#[test]
fn clause_9_2_a_changed_word_voids_the_approval_and_a_comment_does_not() {
    let d = Deployment::fresh();
    let text = fs::read_to_string(d.path(LCC)).unwrap();
    fs::write(
        d.path(LCC),
        format!("# explained better\n{}", text.replace(WIDER.0, "arrested_at  =  'month'")),
    )
    .unwrap();
    assert_eq!(d.run(&["agreement", "status"]).code, Some(0));
    fs::write(d.path(LCC), text.replace(WIDER.0, WIDER.1)).unwrap();
    refused(&d, "LG0401", "there is no text to sign yet");
    // The old approval under the new digest: its text is about another agreement.
    let approvals = d.path("agreement/approvals");
    let old = fs::read_dir(&approvals).unwrap().next().unwrap().unwrap().path();
    support::copy(&old, statement(&d).parent().unwrap());
    refused(&d, "LG0406", "about another agreement");
}

/// What may be wrong with one holder's file, the code that says so, and the holder that is named.
type Wrong = (&'static str, fn(&Deployment, &str) -> Vec<u8>, &'static str);

const WRONG: &[Wrong] = &[
    ("truncated", |_, good| good.as_bytes()[..good.len() / 2].to_vec(), "LG0402"),
    ("empty", |_, _| Vec::new(), "LG0402"),
    ("no signature", |_, _| b"I agree.\n".to_vec(), "LG0402"),
    ("too large", |_, good| good.repeat(100).into_bytes(), "LG0402"),
    ("another holder's", |d, _| fs::read(signature_of(d, "wyp")).unwrap(), "LG0403"),
    (
        "another purpose",
        |d, _| signature("g4s", "file", &fs::read(statement(d)).unwrap()).into_bytes(),
        "LG0404",
    ),
    (
        "another text",
        |_, _| signature("g4s", NAMESPACE, b"Approval of something else\n").into_bytes(),
        "LG0405",
    ),
    ("one bit", |_, good| good.replacen("AAAA", "AAAB", 1).into_bytes(), "LG04"),
];

#[test]
fn clause_9_2_a_signature_that_is_cut_or_of_another_key_purpose_or_text_is_refused() {
    let d = Deployment::fresh();
    let file = signature_of(&d, "g4s");
    let good = fs::read_to_string(&file).unwrap();
    for (name, make, code) in WRONG {
        fs::write(&file, make(&d, &good)).unwrap();
        let said = refused(&d, code, "`g4s`");
        assert!(said.err.matches("\n  LG").count() == 1, "{name}: {}", said.err);
    }
    // The same when they are handed in: refused, nothing kept, in the ledger.
    fs::remove_file(&file).unwrap();
    for (name, make, code) in WRONG.iter().filter(|(name, ..)| *name != "another holder's") {
        let handed = d.path("handed.sig");
        fs::write(&handed, make(&d, &good)).unwrap();
        let before = ledger(&d);
        let said =
            d.run(&["agreement", "approve", "--signature", handed.to_str().unwrap(), "--holder", "g4s"]);
        assert!(
            said.code == Some(8) && said.err.contains(&code[..4]),
            "{name}: {:?} {}",
            said.code,
            said.err
        );
        assert!(!file.exists(), "{name} was kept");
        assert_eq!(ledger(&d), before + 1, "{name}");
    }
    let words = ["agreement", "approve", "--holder", "g4s", "--signature"];
    let wyp = signature_of(&d, "wyp");
    let said = d.run(&[&words[..], &[wyp.to_str().unwrap()]].concat());
    assert!(said.code == Some(8) && said.err.contains("LG0403"), "{}", said.err);
    let handed = d.path("handed.sig");
    fs::write(&handed, &good).unwrap();
    assert_eq!(d.run(&[&words[..], &[handed.to_str().unwrap()]].concat()).code, Some(0));
    d.night(NIGHTS[0]);
}

#[test]
fn clause_9_2_a_text_that_says_another_effect_is_refused_though_all_signed_it() {
    let d = Deployment::fresh();
    let place = statement(&d);
    let text = fs::read_to_string(&place).unwrap();
    for (from, to) in [
        ("  lcc may receive ", "  lcc may not receive "),
        ("version 1", "version 2"),
        ("Replaces: nothing, this is the first", "Replaces: nothing"),
    ] {
        assert!(text.contains(from), "{from}");
        let text = text.replace(from, to);
        fs::write(&place, &text).unwrap();
        for partner in RECIPIENTS {
            fs::write(signature_of(&d, partner), signature(partner, NAMESPACE, text.as_bytes())).unwrap();
        }
        refused(&d, "LG0406", "text that was signed");
    }
    d.sign();
    d.night(NIGHTS[0]);
}

#[test]
fn clause_9_2_a_change_is_a_change_of_what_is_in_force_and_old_approvals_do_not_come_back() {
    let d = Deployment::after(0);
    d.edit(LCC, WIDER.0, WIDER.1);
    assert_eq!(d.run(&["run", "--as-of", NIGHTS[1]]).code, Some(8));
    d.sign();
    let text = fs::read_to_string(statement(&d)).unwrap();
    assert!(
        text.contains("Replaces: sha256 ") && text.contains("widened: lcc, arrest.arrested_at"),
        "{text}"
    );
    d.night(NIGHTS[1]);
    // The first agreement again, with its eight good signatures: they agreed to begin with it, not to come back to it.
    d.edit(LCC, WIDER.1, WIDER.0);
    let said = d.run(&["run", "--as-of", NIGHTS[2]]);
    assert!(said.code == Some(8) && said.err.contains("LG0407"), "{:?} {}", said.code, said.err);
    d.sign();
    let text = fs::read_to_string(statement(&d)).unwrap();
    assert!(text.contains("narrowed: lcc, arrest.arrested_at"), "{text}");
    d.night(NIGHTS[2]);
}

#[test]
fn clause_9_2_a_new_key_counts_when_the_key_before_agreed_to_it() {
    let d = Deployment::after(0);
    // The contractor's new key is one that nobody held before: another seed, from a fixed text.
    let seed = [7; 32];
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&seed);
    let key = ssh_key::PrivateKey::from(pair);
    let holders = fs::read_to_string(d.path("agreement/holders")).unwrap();
    let line = holders.lines().find(|l| l.starts_with("g4s ")).unwrap();
    let new = key.public_key().to_openssh().unwrap();
    fs::write(
        d.path("agreement/holders"),
        holders.replace(line, &format!("g4s namespaces=\"{NAMESPACE}\" {new}")),
    )
    .unwrap();
    d.run(&["agreement", "approve"]);
    let text = fs::read(statement(&d)).unwrap();
    for partner in RECIPIENTS {
        fs::write(signature_of(&d, partner), signature(partner, NAMESPACE, &text)).unwrap();
    }
    let run = || d.run(&["run", "--as-of", NIGHTS[1]]);
    assert!(run().err.contains("LG0403"), "the old key alone");
    let by_new = key
        .sign(NAMESPACE, ssh_key::HashAlg::Sha512, &text)
        .unwrap()
        .to_pem(ssh_key::LineEnding::LF)
        .unwrap();
    fs::write(signature_of(&d, "g4s"), by_new).unwrap();
    let said = run();
    assert!(
        said.code == Some(8) && said.err.contains("LG0410") && said.err.contains("`g4s`"),
        "{}",
        said.err
    );
    let handed = d.path("handed.sig");
    fs::write(&handed, signature("g4s", NAMESPACE, &text)).unwrap();
    assert_eq!(d.run(&["agreement", "approve", "--signature", handed.to_str().unwrap()]).code, Some(0));
    d.night(NIGHTS[1]);
}

#[test]
fn clause_5_6_1_outside_its_dates_no_night_runs() {
    let d = Deployment::fresh();
    d.edit(
        "agreement/agreement.toml",
        "in_force = \"2008-11-01\"",
        "in_force = \"2008-11-01\"\nuntil = \"2008-11-17\"",
    );
    d.sign();
    for (day, code) in [("2008-10-31", 8), (NIGHTS[0], 0), (NIGHTS[1], 8)] {
        let said = d.run(&["run", "--as-of", day]);
        if code == 8 {
            assert!(
                said.code == Some(8) && said.err.contains("LG0409"),
                "{day}: {:?} {}",
                said.code,
                said.err
            );
        } else {
            assert!(matches!(said.code, Some(0 | 4)), "{day}: {}", said.err);
        }
    }
}

#[test]
fn clause_9_2_what_sends_nothing_runs_unapproved_and_says_so() {
    let first = Deployment::fresh();
    assert!(matches!(first.run(&["run", "--as-of", NIGHTS[0], "--dry-run"]).code, Some(0 | 4)));
    assert!(!first.path("state").exists(), "a dry run of a first night writes nothing");
    let d = Deployment::after(0);
    d.edit(LCC, WIDER.0, WIDER.1);
    for words in [
        &["run", "--as-of", NIGHTS[1], "--dry-run"][..],
        &["check"],
        &["feed", "preview", "hmps-releases"],
        &["feed", "diff", "hmps-releases"],
    ] {
        let said = d.run(words);
        assert!(matches!(said.code, Some(0 | 4)), "{words:?}: {:?} {}", said.code, said.err);
        assert!(said.err.contains("LG0401"), "{words:?} does not say that it is unapproved: {}", said.err);
    }
    assert_eq!(d.run(&["check", "--json"]).json()["approved"], false);
    assert_eq!(d.bundles("lcc").len(), 1);
    let said = d.run(&["feed", "preview", "hmps-releases"]);
    assert!(said.err.contains("lcc, ") || said.err.contains("missing: "), "{}", said.err);
}

/// The program and OpenSSH agree about each other's files.
#[test]
fn clause_9_2_openssh_signs_and_checks_the_same() {
    let found = Command::new("sh").args(["-c", "command -v ssh-keygen"]).output().unwrap().stdout;
    let found = String::from_utf8(found).unwrap();
    let keygen = (!found.trim().is_empty()).then(|| PathBuf::from(found.trim()));
    let Some(keygen) = needed(keygen, "ssh-keygen (openssh-client)") else { return };
    let d = Deployment::fresh();
    d.edit(LCC, WIDER.0, WIDER.1);
    d.run(&["agreement", "approve"]);
    let text = statement(&d);
    for (n, partner) in RECIPIENTS.iter().enumerate() {
        let key = d.path("key");
        let _ = fs::remove_file(&key);
        fs::copy(d.path(&format!("fixtures/keys/holder_{partner}")), &key).unwrap();
        fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let made = text.with_extension("txt.sig");
        let _ = fs::remove_file(&made);
        let sign = Command::new(&keygen)
            .args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"])
            .arg(&key)
            .arg(&text)
            .output();
        assert!(sign.unwrap().status.success(), "{partner}");
        let said = d.run(&["agreement", "approve", "--signature", made.to_str().unwrap()]);
        assert_eq!(said.code, Some(if n == 7 { 0 } else { 4 }), "{partner}: {}", said.err);
        fs::remove_file(&made).unwrap();
        for (who, good) in [(*partner, true), (RECIPIENTS[(n + 1) % 8], false)] {
            let check = Command::new(&keygen)
                .args(["-Y", "verify", "-n", NAMESPACE, "-I", who, "-f"])
                .arg(d.path("agreement/holders"))
                .arg("-s")
                .arg(signature_of(&d, partner))
                .stdin(fs::File::open(&text).unwrap())
                .output()
                .unwrap();
            assert_eq!(
                check.status.success(),
                good,
                "{partner} as {who}: {}",
                String::from_utf8_lossy(&check.stderr)
            );
        }
    }
    d.night(NIGHTS[0]);
}
