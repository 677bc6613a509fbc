//! Sealed bundles from the night to the recipient's folder: what lies where, what a missing key or a killed run does, and
//! the commands of `docs/recipients.md`, run word for word with the public tools alone.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;
use support::doors::{identity, name, open, open_all, sealed, signers};
use support::page::{Desk, commands, said, shell, tools};
use support::{Deployment, NIGHTS, RECIPIENTS, assert_same_but_for_the_ledger, assert_same_files, files};

/// A copy that is not whole yet.
fn is_part(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e == "part")
}

/// What recipients unpacked, without the signatures of the manifests.
fn received(deployment: &Deployment) -> BTreeMap<String, Vec<u8>> {
    let mut all = files(&deployment.path("received"));
    all.retain(|name, _| !name.ends_with("datapackage.json.sig"));
    all
}

fn line<'a>(said: &'a Value, recipient: &str) -> &'a Value {
    said["recipients"].as_array().unwrap().iter().find(|l| l["recipient"] == recipient).unwrap()
}

#[test]
fn a_night_leaves_sealed_bundles_that_hold_what_the_plain_ones_do() {
    let (deployment, plain) = (Deployment::sealed(), Deployment::fresh());
    for night in NIGHTS {
        deployment.night(night);
        plain.night(night);
    }
    let doors = deployment.bundle_files();
    assert_eq!(doors.len(), 48, "{:?}", doors.keys());
    assert!(doors.keys().all(|name| name.ends_with(".zip.age") || name.ends_with(".zip.age.sig")));
    assert!(files(&deployment.path("state/staging")).is_empty());
    // Manifests say nothing of a person, and nothing else is kept that is not sealed.
    for (name, bytes) in files(&deployment.path("state/outbox")) {
        let shown =
            ["datapackage.json", "datapackage.json.sig", "sealed.json"].iter().any(|e| name.ends_with(e));
        assert!(shown || name.ends_with(".zip.age") || name.ends_with(".zip.age.sig"), "{name}");
        let found = String::from_utf8_lossy(&bytes).to_uppercase().contains("HARGREAVES");
        assert!(!found, "{name} names somebody");
    }
    assert_eq!(open_all(&deployment), 24);
    assert_same_but_for_the_ledger(&plain.bundle_files(), &received(&deployment), "sealed and plain");
    let (verified, listed) =
        (deployment.run(&["ledger", "verify"]), deployment.run(&["bundle", "list", "--json"]));
    assert_eq!((verified.code, listed.json().as_array().unwrap().len()), (Some(0), 24), "{}", verified.err);
    let shown = deployment.run(&["bundle", "show", name(&sealed(&deployment, "g4s")[1]), "--json"]).json();
    let file = fs::read(deployment.path(shown["place"].as_str().unwrap())).unwrap();
    assert_eq!(shown["sealed"]["bytes"], file.len());
    assert_eq!(shown["sealed"]["sha256"], lockgate_core::hash::Digest::of(&file).hex());
    assert_eq!(
        (&shown["manifest"]["lockgate"]["sequence"], &shown["state"]),
        (&2.into(), &"published".into())
    );
    // The same night again seals nothing again.
    deployment.night(NIGHTS[2]);
    assert_same_files(&doors, &deployment.bundle_files(), "again");
}

#[test]
fn ledger_verify_notices_sealed_bytes_that_were_changed() {
    let deployment = Deployment::sealed();
    deployment.night(NIGHTS[0]);
    let file = &sealed(&deployment, "cri")[0];
    let kept = deployment.path("state/outbox/cri").join(name(file)).join(file.file_name().unwrap());
    for place in [file, &kept] {
        let bytes = fs::read(place).unwrap();
        let mut changed = bytes.clone();
        changed[1000] ^= 1;
        fs::write(place, changed).unwrap();
        let said = deployment.run(&["ledger", "verify"]);
        assert!(said.code == Some(7) && said.err.contains("sealed bytes"), "{}", said.err);
        fs::write(place, bytes).unwrap();
    }
    // What its recipient took from the door is no fault.
    fs::remove_file(file).unwrap();
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

fn key_of(deployment: &Deployment, recipient: &str) -> String {
    let text = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let key = &table["recipient"][recipient]["keys"][0]["age"];
    format!("{{ age = \"{}\" }}", key.as_str().unwrap())
}

/// A missing key and one that has ended: everybody else gets theirs, nothing is recorded as disclosed to the one without,
/// and with a key it catches up.
#[test]
fn a_recipient_without_a_valid_key_is_told_and_the_others_get_theirs() {
    for ended in ["", ", until = \"2008-11-16\""] {
        let deployment = Deployment::sealed();
        let key = key_of(&deployment, "yos");
        let spoiled =
            if ended.is_empty() { String::new() } else { key.replace(" }", &format!("{ended} }}")) };
        deployment.edit("lockgate.toml", &key, &spoiled);
        for night in &NIGHTS[..2] {
            let said = deployment.run(&["run", "--as-of", night, "--json"]);
            assert_eq!(said.code, Some(5), "{}", said.err);
            assert!(said.err.contains("error[LG2213]: `yos` has no age key"), "{}", said.err);
            let told = said.json();
            assert_eq!(
                (&line(&told, "yos")["failed"], &line(&told, "yos")["bundle"]),
                (&true.into(), &Value::Null)
            );
            assert_eq!(line(&told, "wyp")["failed"], false);
        }
        assert_eq!((sealed(&deployment, "yos").len(), sealed(&deployment, "wyp").len()), (0, 2));
        assert!(files(&deployment.path("state/staging")).is_empty());
        let checked = deployment.run(&["check", "--as-of", NIGHTS[1]]);
        assert!(checked.code == Some(0) && checked.err.contains("LG2213"), "{}", checked.err);
        assert_eq!(deployment.run(&["key", "list", "--as-of", NIGHTS[1]]).code, Some(4));
        let spoiled = if spoiled.is_empty() { "[recipient.yos]\nkeys = []".to_owned() } else { spoiled };
        let mended = if ended.is_empty() { format!("[recipient.yos]\nkeys = [{key}]") } else { key };
        deployment.edit("lockgate.toml", &spoiled, &mended);
        deployment.night(NIGHTS[2]);
        let caught_up = &sealed(&deployment, "yos");
        assert_eq!(caught_up.len(), 1);
        assert!(name(&caught_up[0]).ends_with("_000001_snapshot"), "{caught_up:?}");
        let whole = Deployment::fresh();
        NIGHTS.iter().for_each(|n| drop(whole.night(n)));
        assert_eq!(open(&deployment, "yos", &caught_up[0], &["--after", "0"]).code, Some(0));
        let folder = deployment.path("received/yos").join(name(&caught_up[0]));
        let rows = support::table(&folder.join("data/people.csv")).len();
        assert_eq!(rows, whole.replica("yos").of("people").len());
    }
}

/// Recorded, and then the way out is closed: first the outbox, then the door. Later runs send it, sealed once, and nothing
/// later before it.
#[test]
fn what_was_recorded_and_not_sent_is_sent_first_by_a_later_run() {
    let deployment = Deployment::sealed();
    let (outbox, door) = (deployment.path("state/outbox/disc"), deployment.path("state/bundles/disc"));
    for place in [&outbox, &door] {
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, "in the way").unwrap();
    }
    let said = deployment.run(&["run", "--as-of", NIGHTS[0], "--json"]);
    assert!(said.code == Some(5) && said.err.contains("error[LG2215]: the bundle of `disc`"), "{}", said.err);
    assert_eq!(sealed(&deployment, "hmps").len(), 1);
    // Sealed by the next night, both wait for the door.
    fs::remove_file(&outbox).unwrap();
    let said = deployment.run(&["run", "--as-of", NIGHTS[1], "--json"]);
    assert!(said.code == Some(5) && said.err.contains("LG2602"), "{}", said.err);
    assert!(said.err.contains("2 bundles wait"), "{}", said.err);
    let kept = files(&outbox);
    assert_eq!(kept.keys().filter(|name| name.ends_with(".zip.age")).count(), 2, "{:?}", kept.keys());
    assert_eq!(sealed(&deployment, "hmps").len(), 2);
    fs::remove_file(&door).unwrap();
    deployment.night(NIGHTS[1]);
    let at_door = sealed(&deployment, "disc");
    let names: Vec<&str> = at_door.iter().map(|f| name(f)).collect();
    assert!(
        names.len() == 2 && names[0].contains("_000001_snapshot") && names[1].contains("_000002_delta"),
        "{names:?}"
    );
    // What was sealed before the door opened is what stands there.
    for (file, name) in at_door.iter().zip(&names) {
        assert_eq!(kept.get(&format!("{name}/{name}.zip.age")), Some(&fs::read(file).unwrap()));
    }
    assert_eq!(open_all(&deployment), 8 * 2);
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
    assert!(files(&deployment.path("state/staging")).is_empty());
}

#[test]
fn a_run_that_is_killed_seals_each_bundle_once() {
    let reference = Deployment::fresh();
    NIGHTS.iter().for_each(|n| drop(reference.night(n)));
    let timed = Deployment::sealed();
    let started = Instant::now();
    timed.night(NIGHTS[0]);
    let whole = started.elapsed();
    let deployment = Deployment::sealed();
    // Moments in the second half, where bundles are recorded, sealed and put at their doors.
    let (mut seed, mut found) = (2026_u32, BTreeMap::<String, Vec<u8>>::new());
    for (night, kills) in NIGHTS.iter().zip([5, 3, 2]) {
        for kill in 0..=kills {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wait = whole.mul_f64(0.4 + 0.6 * f64::from(seed >> 16) / 65_536.0);
            if kill < kills {
                let mut child = deployment.start(&["run", "--as-of", night, "--json"]);
                std::thread::sleep(wait);
                child.kill().unwrap();
                child.wait().unwrap();
            } else {
                deployment.night(night);
            }
            for (name, bytes) in deployment.bundle_files() {
                let whole = !is_part(&name);
                let before = whole.then(|| found.insert(name.clone(), bytes.clone())).flatten();
                assert!(before.is_none_or(|before| before == bytes), "{name} was sealed again");
            }
        }
    }
    assert_eq!(open_all(&deployment), 24);
    assert_same_but_for_the_ledger(&reference.bundle_files(), &received(&deployment), "killed and sealed");
    assert!(files(&deployment.path("state/staging")).is_empty());
    assert!(deployment.bundle_files().keys().all(|name| !is_part(name)));
    assert_eq!(deployment.run(&["ledger", "verify"]).code, Some(0));
}

#[test]
fn a_dry_run_seals_nothing() {
    let deployment = Deployment::sealed();
    let said = deployment.run(&["run", "--as-of", NIGHTS[0], "--dry-run", "--json"]);
    assert_eq!(said.code, Some(4), "{}", said.err);
    assert!(!deployment.path("state/bundles").exists() && !deployment.path("state/outbox").exists());
}

#[test]
fn keys_that_end_soon_are_told_by_run_and_status() {
    let deployment = Deployment::sealed();
    let key = key_of(&deployment, "lcc");
    deployment.edit("lockgate.toml", &key, &key.replace(" }", ", until = \"2008-12-01\" }"));
    let signing = "key = { file = \"fixtures/keys/gateway_signing\" }";
    deployment.edit("lockgate.toml", signing, &format!("{signing}\nuntil = \"2008-12-17\""));
    let run = deployment.night(NIGHTS[0]);
    let status = deployment.run(&["status"]);
    for said in [&run, &status] {
        assert!(said.err.contains("the age key of `lcc` ends on 2008-12-01, in 14 days"), "{}", said.err);
        assert!(
            said.err.contains("the gateway's signing key ends on 2008-12-17, in 30 days"),
            "{}",
            said.err
        );
    }
    let listed = deployment.run(&["key", "list", "--as-of", NIGHTS[0], "--json"]);
    let keys = listed.json();
    let one =
        |name: &str| keys["keys"].as_array().unwrap().iter().find(|k| k["name"] == name).unwrap().clone();
    assert_eq!(listed.code, Some(4));
    assert_eq!((&one("lcc")["until"], &one("lcc")["state"]), (&"2008-12-01".into(), &"valid".into()));
    assert_eq!(one("lockgate@leeds-iom")["state"], "signs");
    assert_eq!(keys["reminders"].as_array().unwrap().len(), 2);
    // From the day after, its bundle is not made, and then nothing leaves at all.
    assert_eq!(deployment.run(&["run", "--as-of", "2008-12-02"]).code, Some(5));
    let said = deployment.run(&["run", "--as-of", "2008-12-18"]);
    assert!(said.code == Some(78) && said.err.contains("LG2212"), "{}", said.err);
}

#[test]
fn without_the_signing_key_no_night_begins() {
    let deployment = Deployment::sealed();
    fs::remove_file(deployment.path("fixtures/keys/gateway_signing")).unwrap();
    let (run, check) = (deployment.run(&["run", "--as-of", NIGHTS[0]]), deployment.run(&["check"]));
    assert!(run.code == Some(78) && run.err.contains("LG2211"), "{}", run.err);
    assert!(!deployment.path("state").exists());
    assert!(check.code == Some(3) && check.err.contains("LG2211"), "{}", check.err);
    let deployment = Deployment::sealed();
    let settings = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
    let (start, end) = (settings.find("[gateway]").unwrap(), settings.find("[calendar]").unwrap());
    fs::write(deployment.path("lockgate.toml"), [&settings[..start], &settings[end..]].concat()).unwrap();
    let check = deployment.run(&["check"]);
    assert!(check.code == Some(3) && check.err.contains("LG2201"), "{}", check.err);
}

#[test]
fn a_secret_key_in_the_settings_is_refused_and_not_shown() {
    let secrets = [
        fs::read_to_string(identity("cri")).unwrap().lines().last().unwrap().to_owned(),
        fs::read_to_string(identity("cri").with_file_name("gateway_signing")).unwrap(),
    ];
    for secret in secrets {
        let deployment = Deployment::sealed();
        let key = key_of(&deployment, "cri");
        deployment.edit("lockgate.toml", &key, &format!("{{ age = '''{secret}''' }}"));
        for words in [&["check"][..], &["check", "--json"], &["check", "--plain"], &["run"]] {
            let said = deployment.run(words);
            let all = format!("{}{}", said.out, said.err);
            assert!(said.code == Some(if words[0] == "run" { 78 } else { 3 }), "{all}");
            assert!(all.contains("LG0104"), "{all}");
            for line in secret.lines().filter(|l| !l.starts_with("---")) {
                assert!(!all.contains(line), "a secret is shown: {all}");
            }
        }
    }
}

#[test]
fn keys_are_made_for_their_owner_and_never_over_another() {
    let deployment = Deployment::sealed();
    let at = |name: &str| deployment.path(name).to_str().unwrap().to_owned();
    let made = deployment.run(&["key", "new", "signer", "gateway@here", "--out", &at("next"), "--json"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let line = format!("ssh-ed25519 {}", made.json()["public"].as_str().unwrap().split(' ').nth(1).unwrap());
    assert!(fs::read_to_string(deployment.path("next.pub")).unwrap().starts_with(&line));
    let again = deployment.run(&["key", "new", "signer", "gateway@here", "--out", &at("next")]);
    assert!(again.code == Some(2) && again.err.contains("LG2217"), "{}", again.err);
    let mine = deployment.run(&["key", "new", "recipient", "us", "--out", &at("mine.age"), "--json"]);
    let public = mine.json()["public"].as_str().unwrap().to_owned();
    let secret = fs::read_to_string(deployment.path("mine.age")).unwrap();
    assert!(secret.contains(&format!("# public key: {public}")) && !mine.out.contains("AGE-SECRET"));
    #[cfg(unix)]
    for name in ["next", "mine.age"] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(deployment.path(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // What was made serves: the next signer signs, and the new key opens.
    let old = "key = { file = \"fixtures/keys/gateway_signing\" }";
    deployment.edit(
        "lockgate.toml",
        old,
        &format!("{old}\n\n[[gateway.signing]]\nkey = {{ file = \"next\" }}\nfrom = \"2008-11-17\""),
    );
    let key = key_of(&deployment, "wyp");
    deployment.edit("lockgate.toml", &key, &format!("{{ age = \"{public}\" }}"));
    deployment.night(NIGHTS[0]);
    let (file, signers) = (sealed(&deployment, "wyp")[0].clone(), signers(&deployment));
    let words = |identity: &str| {
        let call = [
            "bundle",
            "verify",
            file.to_str().unwrap(),
            "--signers",
            signers.to_str().unwrap(),
            "--identity",
            identity,
            "--json",
        ];
        deployment.run(&call)
    };
    let said = words(&at("mine.age"));
    assert_eq!((said.code, &said.json()["made_by"]["key"]), (Some(0), &made.json()["fingerprint"]));
    assert_eq!(words(identity("wyp").to_str().unwrap()).code, Some(7));
    let text = fs::read_to_string(signers).unwrap();
    let (notes, lines): (Vec<&str>, Vec<&str>) = text.lines().partition(|l| l.starts_with("# ledger "));
    assert_eq!((lines.len(), notes.len()), (2, 2), "each key by both its names: {text}");
}

#[test]
fn a_verdict_is_one_line_with_its_code_and_exit() {
    let deployment = Deployment::sealed();
    deployment.night(NIGHTS[0]);
    let file = sealed(&deployment, "hmps")[0].clone();
    let signers = signers(&deployment);
    let verify = |more: &[&str]| {
        let mut words =
            vec!["bundle", "verify", file.to_str().unwrap(), "--signers", signers.to_str().unwrap()];
        words.extend_from_slice(more);
        deployment.run(&words)
    };
    let said = verify(&[]);
    assert!(
        said.code == Some(0) && said.out.starts_with("GOOD SEAL: sealed by lockgate@leeds-iom"),
        "{}",
        said.out
    );
    let key = identity("hmps");
    let inside = ["--identity", key.to_str().unwrap()];
    let said = verify(&inside);
    assert!(
        said.code == Some(0) && said.out.starts_with("GOOD: number 1 for `hmps`, a snapshot of 2008-11-17"),
        "{}",
        said.out
    );
    let said = verify(&[&inside[..], &["--recipient", "g4s"]].concat());
    assert!(
        said.code == Some(7) && said.err.starts_with("error[LG2313]: DO NOT USE: the bundle is for `hmps`"),
        "{}",
        said.err
    );
    let said = verify(&[&inside[..], &["--after", "1", "--json"]].concat());
    assert_eq!(
        (said.code, &said.json()["code"], &said.json()["ok"]),
        (Some(7), &"LG2314".into(), &false.into())
    );
    let said = verify(&["--signers-of-nobody"]);
    assert_eq!(said.code, Some(2));
    fs::write(&signers, "# none\n").unwrap();
    let said = verify(&[]);
    assert!(said.code == Some(2) && said.err.starts_with("error[LG2317]: NOT CHECKED"), "{}", said.err);
}

#[test]
fn the_recipients_page_opens_every_bundle_with_public_tools_alone() {
    let Some(()) = tools() else { return };
    let deployment = Deployment::sealed();
    NIGHTS[..2].iter().for_each(|n| drop(deployment.night(n)));
    let plain = Deployment::fresh();
    NIGHTS[..2].iter().for_each(|n| drop(plain.night(n)));
    for recipient in RECIPIENTS {
        for (at, file) in sealed(&deployment, recipient).iter().enumerate() {
            let desk = Desk::of(&deployment, recipient, file);
            let output = desk.morning();
            let text = said(&output);
            assert!(output.status.success(), "{recipient}: {text}");
            for namespace in ["lockgate-delivery", "lockgate-bundle"] {
                assert!(
                    text.contains(&format!("Good \"{namespace}\" signature for lockgate@leeds-iom")),
                    "{text}"
                );
            }
            assert!(text.contains(&format!("\"recipient\": \"{recipient}\"")), "{text}");
            assert!(text.contains(&format!("\"sequence\": {}", at + 1)), "{text}");
            let mut unpacked = files(&desk.at(""));
            unpacked.remove("datapackage.json.sig").unwrap();
            let whole = files(&plain.path("state/bundles").join(recipient).join(&desk.name));
            assert_same_but_for_the_ledger(&whole, &unpacked, recipient);
        }
    }
}

/// The negative table with the same public commands: each stops before anybody loads anything.
#[test]
fn the_recipients_page_refuses_what_was_spoiled() {
    let Some(()) = tools() else { return };
    let deployment = Deployment::sealed();
    deployment.night(NIGHTS[0]);
    let file = &sealed(&deployment, "wyp")[0];
    let refused = |what: &str, spoil: &dyn Fn(&Desk), stops_before: &str| {
        let desk = Desk::of(&deployment, "wyp", file);
        spoil(&desk);
        let output = desk.morning();
        assert!(!output.status.success(), "{what}: {}", said(&output));
        assert!(!desk.at(stops_before).exists(), "{what} went on: {}", said(&output));
    };
    let sign = |desk: &Desk, namespace: &str| {
        let bytes = fs::read(desk.at(".zip.age")).unwrap();
        let key = fs::read(identity("wyp").with_file_name("gateway_signing")).unwrap();
        let key = ssh_key::PrivateKey::from_openssh(key).unwrap();
        let signature = key.sign(namespace, ssh_key::HashAlg::Sha512, &bytes).unwrap();
        fs::write(desk.at(".zip.age.sig"), signature.to_pem(ssh_key::LineEnding::LF).unwrap()).unwrap();
    };
    let change = |desk: &Desk, at: usize| {
        let mut bytes = fs::read(desk.at(".zip.age")).unwrap();
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 1;
        fs::write(desk.at(".zip.age"), bytes).unwrap();
    };
    let cut = |desk: &Desk| {
        let bytes = fs::read(desk.at(".zip.age")).unwrap();
        fs::write(desk.at(".zip.age"), &bytes[..bytes.len() - 20]).unwrap();
    };
    refused("a changed byte", &|d| change(d, 5000), ".zip");
    refused("a truncated file", &cut, ".zip");
    refused("a wrong namespace", &|d| sign(d, "lockgate-bundle"), ".zip");
    refused("no signature", &|d| fs::remove_file(d.at(".zip.age.sig")).unwrap(), ".zip");
    refused(
        "a signer whose key has ended",
        &|d| {
            let list = d.folder.path().join("signers.txt");
            let text = fs::read_to_string(&list).unwrap();
            fs::write(list, text.replace(" namespaces=", " valid-before=\"20081201\",namespaces=")).unwrap();
        },
        ".zip",
    );
    // Under a good outer signature age itself notices, and nothing is unpacked.
    refused(
        "a changed byte, signed",
        &|d| {
            change(d, 5000);
            sign(d, "lockgate-delivery");
        },
        "",
    );
    refused(
        "a truncated file, signed",
        &|d| {
            cut(d);
            sign(d, "lockgate-delivery");
        },
        "",
    );
    // Packed anew inside, sealed anew and signed anew outside: the manifest's digests hold.
    let repacked = |edit: &str| {
        let desk = Desk::of(&deployment, "wyp", file);
        assert!(desk.morning().status.success());
        let script = format!(
            "N={}; cd \"$N\"; {edit}; rm ../$N.zip; zip -q -r -X ../$N.zip . ; cd ..; rm -r \"$N\"; \
             age -r \"$(age-keygen -y mine.age)\" -o $N.zip.age $N.zip; rm $N.zip",
            desk.name
        );
        fs::remove_file(desk.at(".zip.age")).unwrap();
        let output = shell(desk.folder.path(), &script.replace("zip -q -r -X", PACK));
        assert!(output.status.success(), "{}", said(&output));
        sign(&desk, "lockgate-delivery");
        let output = desk.morning();
        (output.status.success(), said(&output))
    };
    assert!(repacked("true").0);
    for (edit, names) in [
        ("sed -i 's/ecl/hdc/' data/prison_release.csv", "data/prison_release.csv: FAILED"),
        ("sed -i 's/the/The/' summary.html", "summary.html: FAILED"),
        ("rm data/people.csv", "data/people.csv: FAILED open or read"),
    ] {
        let (good, text) = repacked(edit);
        assert!(!good && text.contains(names), "{edit}: {text}");
    }
    let (good, text) = repacked("sed -i 's/snapshot/notice/' datapackage.json");
    assert!(!good && text.contains("Signature verification failed"), "{text}");
}

/// Packs a folder with Python, which every Debian has, where `zip` need not be there.
const PACK: &str = "python3 -m zipfile -c";

#[test]
fn the_recipients_page_leads_to_a_key_and_compares_fingerprints() {
    let Some(()) = tools() else { return };
    let deployment = Deployment::sealed();
    let folder = tempfile::tempdir().unwrap();
    fs::copy(signers(&deployment), folder.path().join("signers.txt")).unwrap();
    let output = shell(folder.path(), &commands("## Once: your key, and the gateway's").concat());
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    let listed = deployment.run(&["key", "list", "--json"]).json();
    let signer = listed["keys"].as_array().unwrap().iter().find(|k| k["kind"] == "signer").unwrap();
    assert!(text.contains(signer["fingerprint"].as_str().unwrap()), "{text}");
    let public = shell(folder.path(), "age-keygen -y mine.age");
    let public = String::from_utf8(public.stdout).unwrap();
    let fingerprint = lockgate::seal::age_fingerprint(public.trim()).replace(' ', "");
    assert!(text.contains(&fingerprint), "{fingerprint} is not in {text}");
}

#[test]
fn the_recipients_page_does_the_same_with_lockgate() {
    let deployment = Deployment::sealed();
    deployment.night(NIGHTS[0]);
    let desk = Desk::of(&deployment, "g4s", &sealed(&deployment, "g4s")[0]);
    let program = Path::new(env!("CARGO_BIN_EXE_lockgate")).parent().unwrap();
    let script = commands("## The same with Lockgate").concat();
    let script = script.replace("YOU", "g4s").replace("--after 141", "--after 0");
    let script = format!("PATH={}:$PATH; N={}\n{script}", program.display(), desk.name);
    let output = shell(desk.folder.path(), &script);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output).matches("GOOD").count(), 3, "{}", said(&output));
}
