//! Keys: their days, their faults, their change.

use super::*;

#[test]
fn a_signers_key_counts_in_its_days_and_for_its_purposes_only() {
    let house = House::new();
    let file = house.delivered();
    let key = house.signer();
    let window = Window { from: Some(date(2008, 11, 1)), until: Some(date(2008, 11, 30)) };
    let line = signers_line("gateway@here", window, key.public()).unwrap();
    let refused = |line: &str, day: Date| {
        let signers = Signers::read(line).unwrap();
        let asked = Asked { signers: &signers, now: day.at(12, 0, 0, 0), ..house.asked() };
        let code = house.open(&file, "two", &asked).err().map_or("opened", |f| f.code);
        let _ = fs::remove_dir_all(house.at("received"));
        code
    };
    let days = [date(2008, 10, 31), date(2008, 11, 1), date(2008, 11, 30), date(2008, 12, 1)];
    assert_eq!(days.map(|d| refused(&line, d)), ["LG2305", "opened", "opened", "LG2305"]);
    let other = line.replace(DELIVERY_NAMESPACE, "git");
    assert_eq!(refused(&other, days[1]), "LG2304");
    let none = line.replace("namespaces=", "valid-after=\"20080101\",namespaces=").replace("lockgate-", "x-");
    assert_eq!(refused(&none, days[1]), "LG2304");
    // Two keys in turn: the one that counts decides, wherever it stands in the list.
    let old = line.replace("20081201", "20081110");
    let new = line.replace("valid-after=\"20081101\"", "valid-after=\"20081111\"");
    assert_eq!(refused(&format!("{old}\n{new}"), days[2]), "opened");
}

#[test]
fn during_a_rotation_both_keys_open_and_the_new_signer_takes_over() {
    let house = House::new();
    let [old, new, other] = [(); 3].map(|()| age::x25519::Identity::generate());
    let signer = new_signer("next").unwrap();
    fs::write(house.at("next"), &signer.secret).unwrap();
    let signing = "[[gateway.signing]]\nkey = { file = \"signing\" }\nuntil = \"2008-11-20\"\n\
                   [[gateway.signing]]\nkey = { file = \"next\" }\nfrom = \"2008-11-18\"";
    let keys = format!(
        "{{ age = \"{}\", until = \"2008-11-18\" }}, {{ age = \"{}\", from = \"2008-11-17\" }}",
        old.to_public(),
        new.to_public()
    );
    let more = format!("{{ age = \"{}\" }}", other.to_public());
    let keyring = Keyring::read(&settings(signing, &[("two", keys), ("three", more)]), &["two", "three"]);
    let house = House { keyring: keyring.ok().unwrap(), ..house };
    let opens = |day: Date| {
        let _ = fs::remove_dir_all(house.at("outbox"));
        let files = small();
        let outgoing = house.stage(&files, &manifest(&files, |_| {}));
        let sealer = Sealer::open(house.at.path(), &house.keyring, day, house.at("outbox")).unwrap();
        let file = sealer.seal(&outgoing, &house.at("staging")).unwrap();
        let facts = read_facts(&kept_folder(&house.at("outbox"), "two", NAME)).unwrap();
        assert_eq!(facts.sha256, file.digest().hex());
        let cipher = fs::read(file.ciphertext()).unwrap();
        let opens = |identity: &age::x25519::Identity| {
            let decryptor = age::Decryptor::new_buffered(cipher.as_slice()).unwrap();
            decryptor.decrypt([identity as &dyn age::Identity].into_iter()).is_ok()
        };
        (opens(&old), opens(&new), opens(&other), facts.signed_by == signer.fingerprint)
    };
    assert_eq!(opens(date(2008, 11, 16)), (true, false, false, false));
    assert_eq!(opens(date(2008, 11, 17)), (true, true, false, false));
    assert_eq!(opens(date(2008, 11, 18)), (true, true, false, true));
    assert_eq!(opens(date(2008, 11, 19)), (false, true, false, true));
}

/// A bundle that waited behind a closed door while its key was replaced goes to the new key; one that was sent stays as it was.
#[test]
fn what_waits_is_sealed_anew_when_its_key_has_ended() {
    let house = House::new();
    let [old, new] = [(); 2].map(|()| age::x25519::Identity::generate().to_public().to_string());
    let keys = format!(
        "{{ age = \"{old}\", until = \"2008-11-17\" }}, {{ age = \"{new}\", from = \"2008-11-18\" }}"
    );
    let signing = "[[gateway.signing]]\nkey = { file = \"signing\" }";
    let keyring = Keyring::read(&settings(signing, &[("two", keys)]), &["two", "three"]).ok().unwrap();
    let files = small();
    let good = manifest(&files, |_| {});
    let seal = |day: Date| {
        let sealer = Sealer::open(house.at.path(), &keyring, day, house.at("outbox")).unwrap();
        let done = sealer.seal(&committed(NAME, &good), &house.at("staging"));
        let facts = read_facts(&kept_folder(&house.at("outbox"), "two", NAME)).unwrap();
        (done.map(|s| s.digest()).map_err(|e| e.code()), facts.sealed_to)
    };
    house.stage(&files, &good);
    let (first, to) = seal(NIGHT);
    assert_eq!((seal(NIGHT).0, to), (first, vec![old]));
    let (second, to) = seal(date(2008, 11, 18));
    assert_eq!(to, [new]);
    assert!(second.is_ok() && second != first);
    fs::remove_dir_all(house.at("staging")).unwrap();
    assert_eq!(seal(date(2008, 11, 19)).0, second);
    assert_eq!(seal(NIGHT).0, Err("LG2216"));
}

#[test]
fn faults_of_keys_have_their_codes_and_repeat_no_key() {
    let [a, b, c] = [(); 3].map(|()| age::x25519::Identity::generate().to_public().to_string());
    let signing = "[[gateway.signing]]\nkey = { env = \"K\" }";
    let codes = |signing: &str, keys: &[(&str, String)]| -> Vec<&'static str> {
        let faults = Keyring::read(&settings(signing, keys), &["two", "three"]).err().unwrap_or_default();
        for fault in &faults {
            assert!(!fault.what.contains("age1") && fault.at.is_some(), "{fault:?}");
        }
        faults.into_iter().map(|f| f.code).collect()
    };
    let key = |text: &str, more: &str| format!("{{ age = \"{text}\"{more} }}");
    assert_eq!(codes(signing, &[("two", key(&a, "")), ("three", key(&b, ""))]), [""; 0]);
    assert_eq!(codes("", &[]), ["LG2201"]);
    assert_eq!(codes("[[gateway.signing]]\nkey = { env = \"K\", file = \"k\" }", &[]), ["LG2202"]);
    assert_eq!(codes(&format!("{signing}\n{signing}"), &[]), ["LG2202"]);
    assert_eq!(codes(signing, &[("two", key("age1nonsense", ""))]), ["LG2203"]);
    assert_eq!(codes(signing, &[("two", key(&a, ", from = \"17/11/2008\""))]), ["LG2204"]);
    assert_eq!(
        codes(signing, &[("two", key(&a, ", from = \"2008-11-17\", until = \"2008-11-16\""))]),
        ["LG2204"]
    );
    assert_eq!(codes(signing, &[("four", key(&a, ""))]), ["LG2205"]);
    assert_eq!(codes(signing, &[("two", key(&a, "")), ("three", key(&a, ""))]), ["LG2206"]);
    assert_eq!(codes(signing, &[("two", format!("{}, {}", key(&a, ""), key(&a, "")))]), ["LG2206"]);
    let three = [key(&a, ""), key(&b, ""), key(&c, "")].join(", ");
    assert_eq!(codes(signing, &[("two", three)]), ["LG2207"]);
}

#[test]
fn a_key_that_ends_soon_is_told_unless_another_follows() {
    let keys = |text: &str| {
        let signing = "[[gateway.signing]]\nkey = { env = \"K\" }\nuntil = \"2008-12-31\"";
        let [a, b] = [(); 2].map(|()| age::x25519::Identity::generate().to_public().to_string());
        let list = text.replace("A1", &format!("age = \"{a}\"")).replace("A2", &format!("age = \"{b}\""));
        let keyring = Keyring::read(&settings(signing, &[("two", list)]), &["two", "three"]).ok().unwrap();
        move |day: Date| -> Vec<&'static str> {
            keyring.reminders(&["two"], day).into_iter().map(|p| p.code).collect()
        }
    };
    let one = keys("{ A1, until = \"2008-11-30\" }");
    assert_eq!(one(date(2008, 10, 30)), [""; 0]);
    assert_eq!(one(date(2008, 10, 31)), ["LG2214"]);
    assert_eq!(one(date(2008, 12, 1)), ["LG2214", "LG2213"]);
    let followed = keys("{ A1, until = \"2008-11-30\" }, { A2, from = \"2008-11-29\" }");
    assert_eq!(followed(date(2008, 11, 29)), [""; 0]);
    assert_eq!(followed(date(2009, 1, 1)), ["LG2214"]);
    assert_eq!(keys("")(date(2008, 11, 29)), ["LG2213"]);
}

#[test]
fn a_signing_key_is_ed25519_and_has_no_passphrase() {
    let new = new_signer("a").unwrap();
    assert!(Signer::parse(&new.secret).is_ok_and(|s| s.fingerprint() == new.fingerprint));
    assert_eq!(Signer::parse("nothing").err(), Some("is no private key of OpenSSH"));
    let other = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAAB\n-----END OPENSSH PRIVATE KEY-----\n";
    assert!(Signer::parse(other).is_err());
    let house = House::new();
    let missing = SecretRef { file: Some("nowhere".into()), env: None };
    assert_eq!(Signer::read(house.at.path(), &missing).err().unwrap().code(), "LG2211");
    let unset = SecretRef { file: None, env: Some("LOCKGATE_TEST_NO_SUCH_KEY".into()) };
    assert_eq!(Signer::read(house.at.path(), &unset).err().unwrap().code(), "LG2211");
    // The same input gives the same signature.
    let signer = house.signer();
    assert_eq!(signer.sign(BUNDLE_NAMESPACE, b"x").unwrap(), signer.sign(BUNDLE_NAMESPACE, b"x").unwrap());
}

#[test]
fn a_new_key_is_for_its_owner_alone_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.age");
    let new = new_recipient("us");
    write_new(&path, &new.secret, 0o600).unwrap();
    assert_eq!(write_new(&path, "other", 0o600).unwrap_err().code(), "LG2217");
    let identities = read_identities(&path).unwrap();
    assert_eq!(identities[0].to_public().to_string(), new.public);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for bad in ["", "# nothing\n", "age1notsecret\n", "AGE-SECRET-KEY-1QQQ\n"] {
        fs::write(&path, bad).unwrap();
        let fault = read_identities(&path).err().unwrap();
        assert!(fault.code == "LG2318" && !fault.what.contains("QQQ"), "{bad}: {fault}");
    }
    assert_eq!(age_fingerprint("age1").len(), 39);
}

#[test]
fn every_code_of_sealing_is_documented() {
    let errors = [
        SealError::NoSigningKey(NIGHT),
        SealError::NoRecipientKey { recipient: "two".into(), day: NIGHT },
        SealError::SigningKey { place: String::new(), what: "" },
        SealError::Other { name: String::new(), what: "" },
        SealError::Exists(String::new()),
        SealError::Random,
    ];
    for error in errors {
        assert!(crate::codes::of(error.code()).is_some(), "{error}");
    }
}
