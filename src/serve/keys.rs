//! By what the pull API knows a recipient: digests of keys and certificates, bound to the partner by the settings.

use crate::config::Settings;
use crate::vault::digest_from_hex;
use lockgate_core::hash::Digest;
use lockgate_core::problem::Problem;
use std::net::SocketAddr;
use std::ops::Range;
use subtle::ConstantTimeEq as _;
use toml::Spanned;

const FILE: &str = "lockgate.toml";
/// How a bearer key begins, so that a search for lost ones finds it.
const KEY_START: &str = "lgk_";
const KEY_BYTES: usize = 32;

/// Digests with the key of the partner that each stands for.
#[derive(Debug, Default, Clone)]
pub struct Keys {
    tokens: Vec<(Digest, String)>,
    certificates: Vec<(Digest, String)>,
}

/// What a request shows of whoever sent it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown<'a> {
    /// The bearer key.
    pub token: Option<&'a str>,
    /// SHA-256 of the client certificate that the handshake has verified.
    pub certificate: Option<Digest>,
}

impl Keys {
    /// Reads and checks what the settings say of the pull API.
    pub fn read(settings: &Settings) -> Result<Self, Vec<Problem>> {
        let (mut keys, mut problems) = (Self::default(), Vec::new());
        for (partner, recipient) in &settings.recipient {
            let Some(api) = &recipient.api else { continue };
            let partner = partner.get_ref();
            take(&mut keys.tokens, partner, &api.token_sha256, &mut problems);
            take(&mut keys.certificates, partner, &api.certificate_sha256, &mut problems);
        }
        problems.extend(listening(settings, !keys.certificates.is_empty()));
        if problems.is_empty() { Ok(keys) } else { Err(problems) }
    }

    /// Whoever shows a key, a certificate, or both of one partner. All are compared, in the same time whichever it is.
    pub fn partner(&self, shown: Shown<'_>) -> Option<&str> {
        let by_token = match shown.token {
            Some(token) => Some(find(&self.tokens, Digest::of(token.as_bytes()))?),
            None => None,
        };
        let by_certificate = shown.certificate.and_then(|digest| find(&self.certificates, digest));
        match (by_token, by_certificate) {
            (Some(one), Some(other)) => (one == other).then_some(one),
            (one, other) => one.or(other),
        }
    }
}

fn find(all: &[(Digest, String)], wanted: Digest) -> Option<&str> {
    let mut found = None;
    for (digest, partner) in all {
        if bool::from(digest.0.ct_eq(&wanted.0)) {
            found = Some(partner.as_str());
        }
    }
    found
}

fn take(
    into: &mut Vec<(Digest, String)>,
    partner: &str,
    from: &[Spanned<String>],
    problems: &mut Vec<Problem>,
) {
    for word in from {
        let Some(digest) = digest_from_hex(word.get_ref()) else {
            // What stands there may be a key that somebody put in the wrong place: it is not shown.
            let what = format!("a digest of `{partner}` is not 64 hexadecimal digits");
            problems.push(at("LG2502", what, word.span()).help("`lockgate key new bearer` prints it"));
            continue;
        };
        if let Some((_, other)) = into.iter().find(|(known, _)| *known == digest) {
            let what = if other == partner {
                format!("a digest of `{partner}` stands twice")
            } else {
                format!("a digest stands for both `{other}` and `{partner}`")
            };
            problems.push(at("LG2502", what, word.span()));
            continue;
        }
        into.push((digest, partner.into()));
    }
}

fn at(code: &'static str, what: impl Into<String>, span: Range<usize>) -> Problem {
    Problem::new(code, what).in_config(FILE, span)
}

/// Whether it may listen as it is told to.
fn listening(settings: &Settings, by_certificate: bool) -> Vec<Problem> {
    let Some(serve) = &settings.serve else { return Vec::new() };
    let span = serve.listen.span();
    let problem = |what: &str| at("LG2501", what, span.clone());
    let mut out = Vec::new();
    match serve.listen.get_ref().parse::<SocketAddr>() {
        Err(_) => out.push(problem("`listen` is no address with a port").help("write it as 127.0.0.1:8443")),
        Ok(address) if serve.plain_http && !address.ip().is_loopback() => {
            out.push(problem("HTTP without TLS is not spoken on an address that others reach"));
        }
        Ok(_) => {}
    }
    match (serve.plain_http, &serve.certificate, &serve.key) {
        (false, Some(_), Some(_)) | (true, None, None) => {}
        (false, ..) => {
            out.push(problem("`[serve]` needs `certificate` and `key`").help(
                "without TLS, on a loopback address alone and behind something that speaks it: `plain_http = true`",
            ));
        }
        (true, ..) => out.push(problem("`plain_http = true` and a certificate exclude each other")),
    }
    if by_certificate && serve.client_ca.is_none() {
        out.push(problem("recipients are known by certificates, and `client_ca` is not named"));
    }
    for (name, value) in [
        ("head_seconds", serve.head_seconds),
        ("request_seconds", serve.request_seconds),
        ("idle_seconds", serve.idle_seconds),
        ("connections", serve.connections),
        ("requests", serve.requests),
    ] {
        if value == 0 || value > 100_000 {
            out.push(problem(&format!("`{name}` is 0 or far too much")));
        }
    }
    out
}

/// A new bearer key, and the digest by which it is known.
pub fn new_bearer() -> Result<(String, Digest), getrandom::Error> {
    use base64ct::Encoding as _;
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes)?;
    let token = format!("{KEY_START}{}", base64ct::Base64UrlUnpadded::encode_string(&bytes));
    let digest = Digest::of(token.as_bytes());
    Ok((token, digest))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn settings(serve: &str, recipients: &str) -> Settings {
        let text = format!(
            "[store]\npath = \"s\"\nsecret = {{ file = \"x\" }}\n[contact]\nname = \"d\"\nreach = \"1\"\n{serve}\n{recipients}"
        );
        toml::from_str(&text).unwrap()
    }

    fn recipient(name: &str, api: &str) -> String {
        format!("[recipient.{name}]\nkeys = []\napi = {{ {api} }}\n")
    }

    #[test]
    fn a_key_is_known_for_its_own_partner_and_a_strange_one_for_nobody() {
        let (one, of_one) = new_bearer().unwrap();
        let (two, of_two) = new_bearer().unwrap();
        assert_ne!(one, two);
        assert!(one.len() == 47 && one.starts_with("lgk_"));
        let text = recipient("a", &format!("token_sha256 = [\"{}\"]", of_one.hex()))
            + &recipient("b", &format!("certificate_sha256 = [\"{}\"]", of_two.hex()));
        let listen = "[serve]\nlisten = \"127.0.0.1:1\"\ncertificate = \"c\"\nkey = { file = \"k\" }\nclient_ca = \"c\"";
        let keys = Keys::read(&settings(listen, &text)).unwrap();
        let partner = |token: Option<&str>, certificate| keys.partner(Shown { token, certificate });
        assert_eq!(partner(Some(&one), None), Some("a"));
        assert_eq!(partner(None, Some(of_two)), Some("b"));
        for (token, certificate) in [
            (None, None),
            (Some(""), None),
            (Some(two.as_str()), None),
            (Some(&one[..46]), None),
            (Some(&of_one.hex()), None),
            (None, Some(of_one)),
            // Two different partners in one request, and a strange key beside a good certificate.
            (Some(&one), Some(of_two)),
            (Some(&two), Some(of_two)),
        ] {
            assert_eq!(partner(token, certificate), None);
        }
    }

    #[test]
    fn what_does_not_serve_is_told_and_a_misplaced_key_is_not_shown() {
        let good = "0f".repeat(32);
        let tls = "certificate = \"c\"\nkey = { file = \"k\" }";
        for (serve, recipients, what) in [
            ("listen = \"nowhere\"", String::new(), "no address"),
            ("listen = \"0.0.0.0:80\"\nplain_http = true", String::new(), "others reach"),
            ("listen = \"127.0.0.1:80\"", String::new(), "needs `certificate`"),
            (&format!("listen = \"127.0.0.1:80\"\nplain_http = true\n{tls}"), String::new(), "exclude"),
            (&format!("listen = \"127.0.0.1:80\"\nrequests = 0\n{tls}"), String::new(), "`requests` is 0"),
            (
                &format!("listen = \"127.0.0.1:80\"\n{tls}"),
                recipient("a", &format!("certificate_sha256 = [\"{good}\"]")),
                "`client_ca`",
            ),
            (
                &format!("listen = \"127.0.0.1:80\"\n{tls}"),
                recipient("a", "token_sha256 = [\"lgk_secret\"]"),
                "64 hexadecimal",
            ),
            (
                &format!("listen = \"127.0.0.1:80\"\n{tls}"),
                recipient("a", &format!("token_sha256 = [\"{good}\"]"))
                    + &recipient("b", &format!("token_sha256 = [\"{good}\"]")),
                "both `a` and `b`",
            ),
        ] {
            let problems = Keys::read(&settings(&format!("[serve]\n{serve}"), &recipients)).unwrap_err();
            let said: String = problems.iter().map(|p| p.what.clone()).collect();
            assert!(said.contains(what) && !said.contains("lgk_secret"), "{what}: {said}");
        }
    }
}
