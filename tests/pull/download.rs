//! Downloads: whole, in part, cut and gone on with; and what is noted of them.

use super::pki::tools;
use super::server::Server;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

fn base64(bytes: &[u8]) -> String {
    <base64ct::Base64 as base64ct::Encoding>::encode_string(bytes)
}

fn note(server: &Server, name: &str) -> PathBuf {
    server.deployment.path("state/collected/wyp").join(format!("{name}.json"))
}

/// The note comes when the body ends, a moment after the client has it.
fn noted(server: &Server, name: &str) -> bool {
    for _ in 0..200 {
        if note(server, name).exists() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    false
}

#[test]
fn a_bundle_comes_with_its_digests_and_only_when_it_is_new() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(2);
    let name = server.names("wyp").remove(0);
    let path = format!("/v1/bundles/{name}");
    let kept = server.deployment.path("state/outbox/wyp").join(&name);
    let file = fs::read(kept.join(format!("{name}.zip.age"))).unwrap();
    let digest = lockgate_core::hash::Digest::of(&file);
    let field = format!("sha-256=:{}:", base64(&digest.0));
    let head = server.get("wyp", &path, &["-I"]);
    assert_eq!((head.status, head.header("content-length")), (200, file.len().to_string().as_str()));
    assert_eq!((head.header("repr-digest"), head.header("content-digest")), (field.as_str(), ""));
    assert!(!note(&server, &name).exists(), "nobody has fetched it");
    let part = server.get("wyp", &path, &["-H", "Range: bytes=5-9"]);
    assert_eq!((part.status, &part.body[..]), (206, &file[5..10]));
    assert_eq!(part.header("content-range"), format!("bytes 5-9/{}", file.len()));
    assert_eq!((part.header("repr-digest"), part.header("content-digest")), (field.as_str(), ""));
    let etag = format!("\"{}\"", digest.hex());
    for (condition, status) in
        [(etag.as_str(), 206), ("\"other\"", 200), ("Mon, 17 Nov 2008 00:00:00 GMT", 200)]
    {
        let condition = format!("If-Range: {condition}");
        let answer = server.get("wyp", &path, &["-H", "Range: bytes=-7", "-H", &condition]);
        assert_eq!(answer.status, status, "{condition}");
        assert_eq!(answer.body, if status == 206 { &file[file.len() - 7..] } else { &file[..] });
    }
    assert!(noted(&server, &name));
    let beyond = server.get("wyp", &path, &["-H", &format!("Range: bytes={}-", file.len())]);
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, format!("bytes */{}", file.len()).as_str())
    );
    assert_eq!(beyond.json()["type"], "/problems/range");
    let whole = server.get("wyp", &path, &[]);
    assert_eq!((whole.status, &whole.body), (200, &file));
    assert_eq!((whole.header("etag"), whole.header("accept-ranges")), (etag.as_str(), "bytes"));
    assert_eq!(
        (whole.header("repr-digest"), whole.header("content-digest")),
        (field.as_str(), field.as_str())
    );
    assert_eq!(whole.header("cache-control"), "private, no-store");
    let again = server.get("wyp", &path, &["-H", &format!("If-None-Match: {etag}")]);
    assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, etag.as_str()));
    let signature = server.get("wyp", &format!("{path}.sig"), &[]);
    assert_eq!(signature.body, fs::read(kept.join(format!("{name}.zip.age.sig"))).unwrap());
    // A file that is not what was recorded is not given.
    fs::write(kept.join(format!("{name}.zip.age")), &file[1..]).unwrap();
    let broken = server.get("wyp", &path, &[]);
    assert_eq!((broken.status, &broken.json()["type"]), (500, &"/problems/fault".into()));
    assert!(server.log().contains("LG2506"));
}

#[test]
fn a_cut_download_goes_on_where_it_broke_off_and_counts_when_it_is_whole() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::tls(2);
    let names = server.names("wyp");
    let folder = tempfile::tempdir().unwrap();
    let curl = |name: &str, more: &[&str]| {
        let key = format!("Authorization: Bearer {}", server.tokens["wyp"]);
        let mut call = Command::new("curl");
        call.args(["-sSf", "-H", &key, "--cacert"]).arg(server.pki.at("ca.pem")).args(more);
        call.args(["-o", name]).arg(format!("{}/v1/bundles/{name}", server.url)).current_dir(folder.path());
        assert!(call.status().unwrap().success(), "{more:?}");
    };
    let kept = |name: &str| {
        let place = server.deployment.path("state/outbox/wyp").join(name).join(format!("{name}.zip.age"));
        fs::read(place).unwrap()
    };
    let name = &names[0];
    curl(name, &["-r", "0-4999"]);
    assert_eq!(fs::read(folder.path().join(name)).unwrap(), &kept(name)[..5000]);
    curl(name, &["-C", "-"]);
    assert_eq!(fs::read(folder.path().join(name)).unwrap(), kept(name));
    assert!(noted(&server, name), "both parts together are the whole");
    // The end alone is not the bundle. What comes after it shows that its note would have been there by now.
    let other = &names[1];
    curl(other, &["-r", "100-"]);
    curl(other, &["-r", "0-9"]);
    assert!(!note(&server, other).exists());
    curl(other, &[]);
    assert!(noted(&server, other));
    let notes = lockgate::serve::notes(&server.deployment.path("state")).unwrap();
    let told: Vec<(&str, &str)> =
        notes.iter().map(|(_, n)| (n.recipient.as_str(), n.bundle.as_str())).collect();
    assert_eq!(told, [("wyp", name.as_str()), ("wyp", other.as_str())]);
}

/// Puts a long file under the name of the first bundle, with facts that say so, and gives its name and what it holds.
fn lengthened(server: &Server, bytes: u32) -> (String, Vec<u8>) {
    let name = server.names("wyp").remove(0);
    let kept = server.deployment.path("state/outbox/wyp").join(&name);
    let long: Vec<u8> = (0..bytes).map(|n| (n % 251) as u8).collect();
    let facts = fs::read_to_string(kept.join("sealed.json")).unwrap();
    let mut facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    facts["bytes"] = long.len().into();
    facts["sha256"] = lockgate_core::hash::Digest::of(&long).hex().into();
    let other = kept.with_file_name("other");
    fs::rename(&kept, &other).unwrap();
    fs::write(other.join(format!("{name}.zip.age")), &long).unwrap();
    fs::write(other.join("sealed.json"), facts.to_string()).unwrap();
    fs::write(other.join("touched"), "").unwrap();
    fs::rename(&other, &kept).unwrap();
    // The next night shows the server that something was written.
    server.deployment.night(super::support::NIGHTS[1]);
    (name, long)
}

#[test]
fn a_long_download_over_a_slow_line_is_no_idle_connection() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let server = Server::plain(1, "idle_seconds = 4\nhead_seconds = 1\nrequest_seconds = 2");
    let (name, long) = lengthened(&server, 40_000_000);
    // Longer than any of the three, and than what lies between server and client can hold.
    let slow = server.get("wyp", &format!("/v1/bundles/{name}"), &["--limit-rate", "4M"]);
    assert!(slow.status == 200 && slow.body == long, "{} bytes came", slow.body.len());
}

#[test]
fn a_bundle_longer_than_a_piece_comes_whole_and_the_server_ends_when_it_is_told() {
    let Some(()) = tools(&["curl", "openssl"]) else { return };
    let mut server = Server::tls(1);
    let (name, long) = lengthened(&server, 3_000_001);
    let path = format!("/v1/bundles/{name}");
    assert!(server.get("wyp", &path, &[]).body == long);
    let part = server.get("wyp", &path, &["-H", "Range: bytes=1-2999999"]);
    assert!(part.status == 206 && part.body == long[1..3_000_000]);
    assert_eq!(server.end(), Some(0));
    assert!(server.curl("/healthz", &[]).is_err());
    // Of whom, what and how it ended; of no key and no value.
    let told = server.log();
    assert!(
        told.contains("partner=\"wyp\"") && told.contains("status=206") && told.contains(&name),
        "{told}"
    );
    assert!(server.tokens.values().all(|t| !told.contains(t.as_str())) && !told.contains("lgk_"));
}
