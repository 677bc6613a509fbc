//! Everything that can happen to a bundle on its way: the table of the specification, and more.

use super::*;

/// The table of the specification, and what else can go wrong on the way: each is refused with its own code, and nothing is
/// left behind.
#[test]
fn every_way_to_spoil_a_sealed_file_is_refused() {
    let house = House::new();
    let file = house.delivered();
    let (bytes, signature) = (fs::read(&file).unwrap(), fs::read_to_string(beside(&file)).unwrap());
    let put = |bytes: &[u8], signature: &str| {
        fs::write(&file, bytes).unwrap();
        fs::write(beside(&file), signature).unwrap();
        house.refused(&file)
    };
    for at in [0, 60, 200, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(put(&changed, &signature), "LG2306", "byte {at}");
        house.sign_outside(&file, &changed, DELIVERY_NAMESPACE);
        let code = house.refused(&file);
        // Within the head a changed key share looks like another's key.
        assert!(code == "LG2308" || at == 60 && code == "LG2307", "byte {at} under a good signature: {code}");
    }
    for length in [0, 100, 190, bytes.len() - 17, bytes.len() - 1] {
        assert_eq!(put(&bytes[..length], &signature), "LG2306", "{length} bytes");
        house.sign_outside(&file, &bytes[..length], DELIVERY_NAMESPACE);
        assert_eq!(house.refused(&file), "LG2308", "{length} bytes under a good signature");
    }
    house.sign_outside(&file, &bytes, BUNDLE_NAMESPACE);
    assert_eq!(house.refused(&file), "LG2304", "wrong namespace");
    let stranger = Signer::parse(&new_signer("gateway@here").unwrap().secret).unwrap();
    assert_eq!(put(&bytes, &stranger.sign(DELIVERY_NAMESPACE, &bytes).unwrap()), "LG2303", "forged");
    assert_eq!(put(&bytes, &signature[..40]), "LG2302", "half a signature");
    fs::remove_file(beside(&file)).unwrap();
    assert_eq!(house.refused(&file), "LG2301", "no signature");
    assert_eq!(put(&bytes, &signature), "opened");
}

/// Whoever packs anew cannot sign anew: the manifest's signature and digests hold although the outside is good.
#[test]
fn every_way_to_spoil_what_is_inside_is_refused() {
    let house = House::new();
    let files = small();
    let good = manifest(&files, |_| {});
    assert_eq!(house.code(house.zipped(&parts(&files), &good)), "opened");
    fs::remove_dir_all(house.at("received")).unwrap();
    let spoiled = |path: &'static str, bytes: Option<&str>| {
        let mut files = files.clone();
        match bytes {
            Some(bytes) => drop(files.insert(path, bytes.as_bytes().to_vec())),
            None => drop(files.remove(path)),
        }
        house.zipped(&parts(&files), &good)
    };
    let word = "record_id,surname\r\n0123456789abcdef0123,Inverted\r\n";
    for (what, zip, code) in [
        ("a word in a CSV file", spoiled("data/people.csv", Some(word)), "LG2312"),
        ("a longer CSV file", spoiled("data/people.csv", Some(&word.repeat(9))), "LG2312"),
        ("a word in the page", spoiled("summary.html", Some("<p>two row</p>")), "LG2312"),
        ("a missing file", spoiled("acknowledge.csv", None), "LG2311"),
        ("a file too much", spoiled("data/extra.csv", Some("x")), "LG2311"),
        ("a name that leads out", spoiled("../out.csv", Some("x")), "LG2309"),
        ("a hidden name", spoiled("data/.people.csv", Some("x")), "LG2309"),
        ("a program", spoiled("run.exe", Some("x")), "LG2309"),
        ("no zip", b"PK\x03\x04 nothing".to_vec(), "LG2309"),
        ("nothing", Vec::new(), "LG2309"),
    ] {
        assert_eq!(house.code(zip.clone()), code, "{what}");
        let file = house.reseal("two", &zip);
        assert_eq!(house.refused(&file), code, "{what}, sealed");
    }
    assert!(!house.at("out.csv").exists());
    // The signature of another manifest.
    let signed_other = house.zipped(&parts(&files), &manifest(&files, |m| m["title"] = json!("x")));
    let mut archive = ZipArchive::new(Cursor::new(&signed_other)).unwrap();
    let mut signature = Vec::new();
    archive.by_name(SIGNATURE).unwrap().read_to_end(&mut signature).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [(MANIFEST, good.clone()), (SIGNATURE, signature)].into_iter().chain(parts(&files)) {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    assert_eq!(house.code(zip.finish().unwrap().into_inner()), "LG2306");
}

#[test]
fn links_folders_bombs_and_files_that_stand_twice_are_refused() {
    let house = House::new();
    let files = small();
    let good = manifest(&files, |_| {});
    let with = |add: &dyn Fn(&mut zip::ZipWriter<Cursor<Vec<u8>>>)| {
        let base = house.zipped(&parts(&files), &good);
        let mut zip = zip::ZipWriter::new_append(Cursor::new(base)).unwrap();
        add(&mut zip);
        zip.finish().unwrap().into_inner()
    };
    let plain = SimpleFileOptions::default();
    assert_eq!(
        house.code(with(&|z| z.add_symlink("data/link.csv", "/etc/passwd", plain).unwrap())),
        "LG2309"
    );
    assert_eq!(house.code(with(&|z| z.add_directory("data", plain).unwrap())), "LG2309");
    let bomb = with(&|z| {
        z.start_file("data/bomb.csv", plain).unwrap();
        z.write_all(&vec![b'0'; 4 << 20]).unwrap();
    });
    assert_eq!(house.code(bomb), "LG2309");
    // A second file of one name: its bytes are renamed in the finished zip.
    let mut twice = with(&|z| {
        z.start_file("data/peoplf.csv", plain).unwrap();
        z.write_all(b"other").unwrap();
    });
    for at in 0..twice.len() - 15 {
        if &twice[at..at + 15] == b"data/peoplf.csv" {
            twice[at + 10] = b'e';
        }
    }
    assert_ne!(house.code(twice), "opened");
    // A manifest that grows without end.
    let endless = house.zipped(&[], &vec![b' '; 9 << 20]);
    assert_eq!(house.code(endless), "LG2309");
}

#[test]
fn a_manifest_that_says_something_odd_is_refused() {
    let house = House::new();
    let files = small();
    let code = |change: fn(&mut serde_json::Value)| {
        let manifest = manifest(&files, change);
        house.code(house.zipped(&parts(&files), &manifest))
    };
    assert_eq!(code(|m| m["lockgate"]["spec"] = json!("2")), "LG2310");
    assert_eq!(code(|m| m["lockgate"]["sequence"] = json!(8)), "LG2310");
    assert_eq!(code(|m| m["lockgate"]["recipient"] = json!("three")), "LG2310");
    assert_eq!(code(|m| m["lockgate"]["as_of"] = json!("2008-11-18")), "LG2310");
    assert_eq!(code(|m| m["lockgate"]["kind"] = json!("whole")), "LG2310");
    assert_eq!(code(|m| m["name"] = json!("../x")), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["path"] = json!("../../README.txt")), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["path"] = json!(["README.txt"])), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["hash"] = json!("md5:00")), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["bytes"] = json!(-1)), "LG2310");
    assert_eq!(code(|m| m["resources"][1]["path"] = json!("README.txt")), "LG2310");
    assert_eq!(code(|m| m["resources"][0]["bytes"] = json!(u64::MAX)), "LG2309");
    assert_eq!(code(|m| *m = json!([])), "LG2310");
}

#[test]
fn a_table_in_parts_is_checked_as_a_whole_too() {
    let house = House::new();
    let mut files = small();
    let [first, second] = ["h\r\n1\r\n", "h\r\n2\r\n"].map(|t| t.as_bytes().to_vec());
    let hash = |bytes: &[u8]| format!("sha256:{}", Digest::of(bytes).hex());
    let whole = b"h\r\n1\r\n2\r\n";
    let of = |whole: &[u8]| {
        manifest(&small(), |m| {
            let paths = ["data/long-0001.csv", "data/long-0002.csv"];
            let table = json!({"path": paths, "bytes": whole.len(), "hash": hash(whole)});
            m["resources"].as_array_mut().unwrap().push(table);
            let part =
                |path: &str, bytes: &[u8]| json!({"path": path, "bytes": bytes.len(), "hash": hash(bytes)});
            m["lockgate"]["parts"] = json!([part(paths[0], &first), part(paths[1], &second)]);
        })
    };
    files.insert("data/long-0001.csv", first.clone());
    files.insert("data/long-0002.csv", second.clone());
    assert_eq!(house.code(house.zipped(&parts(&files), &of(whole))), "opened");
    fs::remove_dir_all(house.at("received")).unwrap();
    assert_eq!(house.code(house.zipped(&parts(&files), &of(b"h\r\n2\r\n1\r\n"))), "LG2312");
}

#[test]
fn an_unpacked_bundle_is_checked_again_and_links_are_not_followed() {
    let house = House::new();
    let folder = house.open(&house.delivered(), "two", &house.asked()).unwrap().folder.unwrap();
    let code = || open_folder(&folder, &house.asked()).err().map_or("opened", |f| f.code);
    assert_eq!(code(), "opened");
    let people = folder.join("data/people.csv");
    let bytes = fs::read(&people).unwrap();
    fs::write(&people, "changed").unwrap();
    assert_eq!(code(), "LG2312");
    fs::remove_file(&people).unwrap();
    assert_eq!(code(), "LG2311");
    #[cfg(unix)]
    {
        fs::write(house.at("elsewhere.csv"), &bytes).unwrap();
        std::os::unix::fs::symlink(house.at("elsewhere.csv"), &people).unwrap();
        assert_eq!(code(), "LG2311");
        fs::remove_file(&people).unwrap();
    }
    fs::write(&people, bytes).unwrap();
    assert_eq!(code(), "opened");
    fs::write(folder.join("note.txt"), "mine").unwrap();
    assert_eq!(code(), "LG2311");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// However a zip is spoiled, it is refused or holds what was signed; nothing panics and nothing is left.
    #[test]
    fn a_spoiled_zip_is_refused_or_says_the_same(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        use std::sync::OnceLock;
        static ONE: OnceLock<(House, Vec<u8>)> = OnceLock::new();
        let (house, zip) = ONE.get_or_init(|| { let house = House::new(); let zip = house.packed(); (house, zip) });
        let mut zip = zip.clone();
        let at = at.index(zip.len());
        zip[at] = byte;
        if let Some(cut) = cut {
            zip.truncate(cut.index(zip.len()));
        }
        match open_plain(Cursor::new(zip), &house.asked(), None) {
            Ok(opened) => prop_assert_eq!(opened.contents.files.len(), small().len()),
            Err(fault) => prop_assert!(crate::codes::of(fault.code).is_some()),
        }
    }
}
