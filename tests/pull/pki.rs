//! Throw-away certificates, made by OpenSSL for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// An authority and what it has signed.
pub(super) struct Pki {
    folder: TempDir,
}

/// Days between which a certificate is good.
const NOW: (&str, &str) = ("20200101000000Z", "20400101000000Z");
const PAST: (&str, &str) = ("20200101000000Z", "20210101000000Z");

impl Pki {
    /// An authority, a server's certificate for 127.0.0.1, and clients' certificates: `good`, `stranger`, `expired`, and
    /// `foreign` of another authority; for receivers one that has `ended`, one of `elsewhere` and a `selfmade` one.
    pub(super) fn new() -> Self {
        let pki = Self { folder: tempfile::tempdir().unwrap() };
        pki.authority("ca");
        pki.authority("other");
        fs::write(pki.at("named"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n").unwrap();
        fs::write(pki.at("nameless"), "basicConstraints=CA:FALSE\n").unwrap();
        for (name, authority, days) in [
            ("server", "ca", NOW),
            ("good", "ca", NOW),
            ("stranger", "ca", NOW),
            ("expired", "ca", PAST),
            ("foreign", "other", NOW),
            ("ended", "ca", PAST),
            ("elsewhere", "ca", NOW),
            ("selfmade", "other", NOW),
        ] {
            pki.sign(name, authority, days);
        }
        pki
    }

    /// A file of it.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The digest of a certificate, as the settings have it.
    pub(super) fn digest(&self, name: &str) -> String {
        let certificate = self.at(&format!("{name}.pem"));
        let der = self.openssl(&["x509", "-outform", "der", "-in", certificate.to_str().unwrap()]);
        lockgate_core::hash::Digest::of(&der).hex()
    }

    fn authority(&self, name: &str) {
        let (key, out) = (format!("{name}.key"), format!("{name}.pem"));
        let subject = format!("/CN=test {name}");
        let call =
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
        self.openssl(&[&call[..], &["-keyout", &key, "-out", &out, "-subj", &subject]].concat());
        fs::create_dir(self.at(&format!("{name}.d"))).unwrap();
        fs::write(self.at(&format!("{name}.index")), "").unwrap();
        let config = format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase={name}.index\nnew_certs_dir={name}.d\nrand_serial=yes\ndefault_md=sha256\n\
             policy=p\nunique_subject=no\n[p]\ncommonName=supplied\n"
        );
        fs::write(self.at(&format!("{name}.cnf")), config).unwrap();
    }

    fn sign(&self, name: &str, authority: &str, (from, until): (&str, &str)) {
        let (key, request, out) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let subject = format!("/CN={name}");
        let call = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        self.openssl(&[&call[..], &["-keyout", &key, "-out", &request, "-subj", &subject]].concat());
        let (config, above, secret) =
            (format!("{authority}.cnf"), format!("{authority}.pem"), format!("{authority}.key"));
        let mut call =
            vec!["ca", "-batch", "-notext", "-config", &config, "-cert", &above, "-keyfile", &secret];
        call.extend(["-in", &request, "-out", &out, "-startdate", from, "-enddate", until]);
        let named = ["server", "ended", "selfmade"].contains(&name);
        call.extend(["-extfile", if named { "named" } else { "nameless" }]);
        self.openssl(&call);
    }

    fn openssl(&self, words: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl").args(words).current_dir(self.folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

/// Whether a program of the system is there.
pub(super) fn tools(names: &[&str]) -> Option<()> {
    let path = std::env::var_os("PATH")?;
    for name in names {
        let found = std::env::split_paths(&path).map(|f| f.join(name)).find(|p: &PathBuf| Path::is_file(p));
        super::support::needed(found, name)?;
    }
    Some(())
}
