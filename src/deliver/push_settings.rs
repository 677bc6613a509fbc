//! What `lockgate.toml` says of a recipient that is told by HTTPS push, and whether it can be meant.

use crate::config::{SecretRef, Settings};
use lockgate_core::problem::Problem;
use serde::Deserialize;
use std::net::IpAddr;
use toml::Spanned;

/// HTTPS push to a recipient: `push` under `[recipient.X]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushSettings {
    /// Where to: `https://…`; plain `http://` to a loopback address that `allow` lists.
    pub url: Spanned<String>,
    /// The shared secrets (`whsec_…`), the one of today first; two while one replaces the other.
    pub secret: Vec<SecretRef>,
    /// What is sent.
    #[serde(default)]
    pub body: PushBody,
    /// Addresses and networks that may be connected to although they are not public.
    #[serde(default)]
    pub allow: Vec<Spanned<String>>,
    /// The certificates of whoever signs the receiver's, as PEM; a file relative to the deployment. The system's when absent.
    pub ca: Option<String>,
}

/// What a push carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PushBody {
    /// That a bundle is ready to be fetched.
    #[default]
    Event,
    /// The sealed bundle itself.
    Bundle,
}

/// Where a push goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) tls: bool,
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Name or address and port, as a request's `Host` says them.
    pub(super) authority: String,
    pub(super) path: String,
}

impl Target {
    /// Reads a URL; the fault in plain words.
    pub(super) fn read(url: &str, body: PushBody) -> Result<Self, &'static str> {
        let uri: axum::http::Uri = url.parse().map_err(|_| "is no URL")?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("begins with neither https:// nor http://"),
        };
        let authority = uri.authority().ok_or("names no host")?;
        if authority.as_str().contains('@') {
            return Err("holds a name or password: a receiver knows the gateway by the signature");
        }
        if body == PushBody::Bundle && uri.query().is_some() {
            return Err("has a query, and a bundle's name is put behind it");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err("names no host");
        }
        let path = uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host, port, authority: authority.to_string(), path })
    }
}

/// An address, or all that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network(IpAddr, u8);

impl Network {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self(address, bits))
    }

    pub(super) fn holds(self, address: IpAddr) -> bool {
        match (self.0, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same(u128::from(own.to_bits()) << 96, u128::from(other.to_bits()) << 96, self.1)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), self.1),
            _ => false,
        }
    }
}

fn same(one: u128, other: u128, bits: u8) -> bool {
    (one ^ other).leading_zeros() >= u32::from(bits)
}

/// What cannot be meant of all recipients' push settings.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let mut out = Vec::new();
    for (partner, recipient) in &settings.recipient {
        let Some(push) = &recipient.push else { continue };
        let span = push.url.span();
        let mut problem = |what: String, span| {
            out.push(Problem::new("LG2520", what).in_config("lockgate.toml", span));
        };
        if let Err(why) = Target::read(push.url.get_ref(), push.body) {
            problem(format!("the address of `{partner}` {why}", partner = partner.get_ref()), span.clone());
        }
        if push.secret.is_empty() || push.secret.len() > 2 {
            let what =
                format!("`{}` needs one secret, or two while one replaces the other", partner.get_ref());
            problem(what, span);
        }
        for network in &push.allow {
            if Network::read(network.get_ref()).is_none() {
                let what = format!("`{}` is no address and no network", network.get_ref());
                problem(what, network.span());
            }
        }
    }
    out
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_or_refused() {
        let read = |url: &str| Target::read(url, PushBody::Bundle);
        let good = read("https://partner.example/in").unwrap();
        assert_eq!(
            (good.tls, good.host.as_str(), good.port, good.path.as_str()),
            (true, "partner.example", 443, "/in")
        );
        let good = read("http://[::1]:8080").unwrap();
        assert_eq!((good.tls, good.host.as_str(), good.port, good.path.as_str()), (false, "::1", 8080, "/"));
        for bad in
            ["", "partner", "ftp://x/", "https://me:word@x/", "https:///in", "https://x/in?a=1", "http://"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(Target::read("https://x/in?a=1", PushBody::Event).is_ok());
    }

    #[test]
    fn networks_hold_what_begins_with_their_bits() {
        for (network, address, holds) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fd12::1", true),
            ("::1", "::2", false),
        ] {
            let holds_it = Network::read(network).unwrap().holds(address.parse().unwrap());
            assert_eq!(holds_it, holds, "{network} {address}");
        }
        for bad in ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0/8"] {
            assert_eq!(Network::read(bad), None, "{bad}");
        }
    }
}
