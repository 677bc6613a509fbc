//! A place behind HTTPS from which feeds are collected, on a small server that answers as it is told to.

use super::pki::{Pki, tools};
use super::support::{Deployment, NIGHTS, assert_same_but_for_the_ledger};
use lockgate_connectors::{Limits, OptionValue, Options, TRANSPORTS, Transport, TransportError};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the server answers to a path, byte for byte; to HEAD the part before the empty line.
type Answers = BTreeMap<String, Vec<u8>>;

struct Site {
    port: u16,
    /// The heads of all requests.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn start(pki: &Pki, certificate: &str, answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let chain = CertificateDer::pem_file_iter(pki.at(&format!("{certificate}.pem"))).unwrap();
        let key = PrivateKeyDer::from_pem_file(pki.at(&format!("{certificate}.key"))).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let chain = chain.map(Result::unwrap).collect();
        let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = serve(&config, stream.unwrap(), &answers, &seen);
            }
        });
        Self { port, asked }
    }

    fn heads(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(
    config: &Arc<ServerConfig>,
    stream: TcpStream,
    answers: &Answers,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    seen.lock().unwrap().push(head);
    let none = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
    let answer = answers.get(&path).unwrap_or(&none);
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    stream.write_all(if method == "HEAD" { &answer[..end] } else { answer })?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn file(bytes: &[u8]) -> Vec<u8> {
    raw("200 OK", &format!("content-length: {}\r\netag: \"{}\"", bytes.len(), bytes.len()), bytes)
}

fn raw(status: &str, headers: &str, bytes: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\n{headers}\r\n\r\n").as_bytes(), bytes].concat()
}

fn text(text: impl Into<String>) -> OptionValue {
    OptionValue::Text(text.into())
}

/// The place, with options more or other than these.
fn place(pki: &Pki, port: u16, more: &[(&str, OptionValue)], limits: &Limits) -> Box<dyn Transport> {
    let mut all = BTreeMap::from([
        ("url".to_owned(), text(format!("https://127.0.0.1:{port}/out/"))),
        ("ca".to_owned(), text("ca.pem")),
        ("settle_ms".to_owned(), OptionValue::Whole(1)),
        ("timeout_s".to_owned(), OptionValue::Whole(20)),
    ]);
    all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let kind = TRANSPORTS.iter().find(|t| t.name == "https").unwrap();
    let base = pki.at("ca.pem");
    (kind.open)(&Options(all), base.parent().unwrap(), limits).map_err(|p| p.what).unwrap()
}

fn read(place: &dyn Transport, name: &str) -> Result<Vec<u8>, TransportError> {
    let mut bytes = Vec::new();
    match place.open(name)?.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(error.get_ref().and_then(|e| e.downcast_ref::<TransportError>()).unwrap().clone()),
    }
}

#[test]
fn a_night_that_collects_over_https_reads_the_same_as_from_the_folder() {
    let Some(()) = tools(&["openssl"]) else { return };
    let (over, plain, pki) = (Deployment::fresh(), Deployment::fresh(), Pki::new());
    let (mut answers, mut names) = (Answers::new(), Vec::new());
    for entry in fs::read_dir(over.path("fixtures/hmps")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        answers.insert(format!("/out/{name}"), file(&fs::read(entry.path()).unwrap()));
        names.push(name);
    }
    answers.insert("/out/index.txt".into(), file(names.join("\r\n").as_bytes()));
    let site = Site::start(&pki, "server", answers);
    fs::write(over.path("key"), "lgk_secret\n").unwrap();
    let https = format!(
        "https = {{ url = \"https://127.0.0.1:{}/out/\", ca = \"{}\", key = {{ file = \"key\" }} }}",
        site.port,
        pki.at("ca.pem").display()
    );
    over.edit("lockgate.toml", "folder = \"fixtures/hmps\"", &https);
    let checked = over.run(&["check"]);
    assert!(checked.code == Some(0) && site.heads().is_empty(), "{}", checked.err);
    for night in &NIGHTS[..2] {
        let (there, here) = (over.night(night), plain.night(night));
        assert_eq!(there.json()["feeds"], here.json()["feeds"]);
        assert!(!there.err.contains("lgk_secret"));
    }
    assert_same_but_for_the_ledger(
        &over.bundle_files(),
        &plain.bundle_files(),
        "over HTTPS and from the folder",
    );
    let bearer = |head: &String| head.to_lowercase().contains("authorization: bearer lgk_secret\r\n");
    assert!(!site.heads().is_empty() && site.heads().iter().all(bearer));
}

#[test]
fn hostile_names_answers_and_lengths_are_refused() {
    let Some(()) = tools(&["openssl"]) else { return };
    let pki = Pki::new();
    let list = "\u{feff}good.csv\r\n../up.csv\n/etc/passwd\n.hidden\nhttps://elsewhere.example/x\na\\b\nnew.part\n\
                gone.csv\ntwo words \u{e9}.csv\nlarge.csv\nmoved.csv.done\n\ngood.csv\nindex.txt\n";
    let chunked = "transfer-encoding: chunked";
    let answers = Answers::from([
        ("/out/index.txt".into(), file(list.as_bytes())),
        ("/out/good.csv".into(), file(b"a,b\n")),
        ("/out/two%20words%20%C3%A9.csv".into(), file(b"c\n")),
        ("/out/large.csv".into(), file(&[b'x'; 2_000])),
        ("/out/moved.csv".into(), raw("302 Found", "location: /out/good.csv\r\ncontent-length: 0", b"")),
        ("/out/cut.csv".into(), raw("200 OK", "content-length: 10", b"12345")),
        ("/out/endless.csv".into(), raw("200 OK", "x: y", b"12345")),
        ("/out/packed.csv".into(), raw("200 OK", "content-encoding: gzip\r\ncontent-length: 3", b"123")),
        (
            "/out/swollen.csv".into(),
            raw("200 OK", chunked, &[b"7d0\r\n", &[b'x'; 2_000][..], b"\r\n0\r\n\r\n"].concat()),
        ),
        ("/out/private.csv".into(), raw("403 Forbidden", "content-length: 0", b"")),
        ("/out/busy.csv".into(), raw("503 Busy", "content-length: 0", b"")),
        ("/out/odd.csv".into(), raw("206 Partial Content", "content-length: 1", b"x")),
    ]);
    let site = Site::start(&pki, "server", answers);
    let limits = Limits { file_bytes: 1_000, ..Limits::default() };
    let place = place(&pki, site.port, &[], &limits);
    let listed: Vec<(String, u64, bool)> =
        place.list().unwrap().into_iter().map(|l| (l.name, l.bytes, l.settled)).collect();
    let expected = [("good.csv", 4), ("large.csv", 2_000), ("two words \u{e9}.csv", 2)];
    assert_eq!(listed, expected.map(|(name, bytes)| (name.to_owned(), bytes, true)));
    assert!(site.heads().iter().all(|h| h.split(' ').nth(1).unwrap().starts_with("/out/")));
    assert_eq!(read(&*place, "good.csv").unwrap(), b"a,b\n");
    assert_eq!(read(&*place, "two words \u{e9}.csv").unwrap(), b"c\n");
    for (name, code, passing) in [
        ("large.csv", "LG1103", false),
        ("moved.csv", "LG1175", false),
        ("cut.csv", "LG1170", true),
        ("endless.csv", "LG1175", false),
        ("packed.csv", "LG1175", false),
        ("private.csv", "LG1173", false),
        ("busy.csv", "LG1170", true),
        ("odd.csv", "LG1175", false),
    ] {
        let error = read(&*place, name).unwrap_err();
        assert_eq!((error.code, error.passing), (code, passing), "{name}: {error}");
    }
    let mut bytes = Vec::new();
    assert!(place.open("swollen.csv").unwrap().read_to_end(&mut bytes).is_err() && bytes.len() <= 1_000);
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_and_nothing_is_asked() {
    let Some(()) = tools(&["openssl"]) else { return };
    let pki = Pki::new();
    for certificate in ["ended", "elsewhere", "selfmade"] {
        let site = Site::start(&pki, certificate, Answers::new());
        let error = place(&pki, site.port, &[], &Limits::default()).list().unwrap_err();
        assert_eq!((error.code, error.passing), ("LG1178", false), "{certificate}: {error}");
        assert!(site.heads().is_empty());
    }
    let unread = place(&pki, 1, &[("ca", text("none.pem"))], &Limits::default()).ready().unwrap_err();
    assert_eq!(unread.code, "LG1174");
    let away = place(&pki, 1, &[], &Limits::default()).list().unwrap_err();
    assert!(away.code == "LG1170" && away.passing, "{away}");
}
