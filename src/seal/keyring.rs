//! What `lockgate.toml` says of keys: whose public key each recipient has, with which keys the gateway signs, from
//! when until when. Public keys stand in the text, secret ones are only pointed to.

use super::answers::AnswerKeys;
use super::error::SealError;
use super::window::Window;
use crate::config::{SecretRef, Settings};
use jiff::civil::Date;
use lockgate_core::hash::Digest;
use lockgate_core::problem::Problem;
use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr as _;
use toml::Spanned;

/// The days before a key's end on which it is told.
const EXPIRES_SOON: i32 = 30;
/// Keys of one recipient that may be valid on one day: the old one and the new.
const TOGETHER: usize = 2;

const FILE: &str = "lockgate.toml";

/// A recipient's public key.
#[derive(Clone)]
pub struct RecipientKey {
    /// The key as text, `age1…`.
    pub text: String,
    /// When it may be used.
    pub window: Window,
    key: age::x25519::Recipient,
    at: Range<usize>,
}

/// A key of the gateway: where its secret part is, and when it may be used.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// Where the secret key is.
    pub secret: SecretRef,
    /// When it may be used.
    pub window: Window,
    /// Its place in the file.
    pub at: Range<usize>,
}

/// All keys of a deployment.
#[derive(Default, Clone)]
pub struct Keyring {
    /// The name under which recipients know the gateway.
    pub identity: String,
    /// The gateway's keys, in the order of the file.
    pub signing: Vec<SigningKey>,
    /// The recipients' keys, by the partner's key in the agreement.
    pub recipients: BTreeMap<String, Vec<RecipientKey>>,
    /// The keys by which partners sign their return forms.
    pub answers: AnswerKeys,
}

/// A short form of an age key that two people can read to each other: half of the SHA-256 of its text.
pub fn age_fingerprint(text: &str) -> String {
    let hex = Digest::of(text.as_bytes()).hex();
    let groups: Vec<&str> = hex.as_bytes().chunks(4).take(8).filter_map(|c| str::from_utf8(c).ok()).collect();
    groups.join(" ")
}

impl RecipientKey {
    /// The key itself.
    pub const fn key(&self) -> &age::x25519::Recipient {
        &self.key
    }
}

impl Keyring {
    /// Reads and checks what the settings say; `partners` are the keys of the agreement's partners.
    pub fn read(settings: &Settings, partners: &[&str]) -> Result<Self, Vec<Problem>> {
        let (answers, problems) = AnswerKeys::read(settings);
        let mut reading = Reading { keyring: Self { answers, ..Self::default() }, problems };
        reading.gateway(settings);
        for (partner, recipient) in &settings.recipient {
            let name = partner.get_ref();
            if !partners.contains(&name.as_str()) {
                let what = format!("`{name}` is not a partner of the agreement");
                reading
                    .problem("LG2205", what, &partner.span(), |p| p.suggest(name, partners.iter().copied()));
            }
            reading.recipient(name, &recipient.keys);
        }
        if reading.problems.is_empty() { Ok(reading.keyring) } else { Err(reading.problems) }
    }

    /// The keys that a recipient's bundle of a day is sealed to: one, or two while one replaces the other.
    pub fn seals_to(&self, recipient: &str, day: Date) -> Result<Vec<&RecipientKey>, SealError> {
        let keys = self.recipients.get(recipient).map(Vec::as_slice).unwrap_or_default();
        let keys: Vec<&RecipientKey> = keys.iter().filter(|k| k.window.holds(day)).collect();
        if keys.is_empty() {
            return Err(SealError::NoRecipientKey { recipient: recipient.into(), day });
        }
        Ok(keys)
    }

    /// The key that signs on a day: of those valid, the one that began last, so that a new key takes over on its
    /// first day and the old one is still good for checking until its last.
    pub fn signs(&self, day: Date) -> Result<&SigningKey, SealError> {
        let valid = self.signing.iter().filter(|k| k.window.holds(day));
        valid.max_by_key(|k| k.window.from).ok_or(SealError::NoSigningKey(day))
    }

    /// What somebody should see to: recipients without a key, and keys that end soon and have no successor.
    pub fn reminders(&self, partners: &[&str], day: Date) -> Vec<Problem> {
        let mut out = Vec::new();
        let signing: Vec<(Window, &Range<usize>)> = self.signing.iter().map(|k| (k.window, &k.at)).collect();
        out.extend(ending("the gateway's signing key", &signing, day));
        for partner in partners {
            let keys = self.recipients.get(*partner).map(Vec::as_slice).unwrap_or_default();
            if let Err(error) = self.seals_to(partner, day) {
                let at = keys.last().map_or(0..0, |k| k.at.clone());
                let help = "ask its nominee for a key, compare the fingerprint by telephone, and add it to `lockgate.toml`";
                out.push(Problem::new(error.code(), error.to_string()).in_config(FILE, at).help(help));
                continue;
            }
            let keys: Vec<(Window, &Range<usize>)> = keys.iter().map(|k| (k.window, &k.at)).collect();
            out.extend(ending(&format!("the age key of `{partner}`"), &keys, day));
        }
        out
    }
}

/// The reminder of keys of which none goes on for long; keys that follow one another are one.
fn ending(whose: &str, keys: &[(Window, &Range<usize>)], day: Date) -> Option<Problem> {
    let mut last: Option<(Date, &Range<usize>)> = None;
    for (window, at) in keys {
        let until = window.until?;
        if last.is_none_or(|(latest, _)| until > latest) {
            last = Some((until, at));
        }
    }
    let (until, at) = last?;
    let days = day.until(until).ok()?.get_days();
    if days > EXPIRES_SOON {
        return None;
    }
    let what = if days < 0 {
        format!("{whose} ended on {until}, and there is no other")
    } else {
        format!("{whose} ends on {until}, in {days} days, and there is no other")
    };
    let help = "make the next key now, so that both are known before the change";
    Some(Problem::new("LG2214", what).in_config(FILE, at.clone()).help(help))
}

/// A reading and what is wrong with it.
struct Reading {
    keyring: Keyring,
    problems: Vec<Problem>,
}

impl Reading {
    fn problem(
        &mut self,
        code: &'static str,
        what: String,
        at: &Range<usize>,
        more: impl FnOnce(Problem) -> Problem,
    ) {
        self.problems.push(more(Problem::new(code, what).in_config(FILE, at.clone())));
    }

    fn gateway(&mut self, settings: &Settings) {
        let plain = settings.bundles.plain;
        let Some(gateway) = &settings.gateway else {
            if !plain {
                let help = "add `[gateway]` with `identity` and a `[[gateway.signing]]` key (`lockgate key new signer`), or \
                            `plain = true` under `[bundles]` to leave plain folders";
                let what = "bundles are to be sealed, and the gateway has no signing key".to_owned();
                self.problem("LG2201", what, &(0..0), |p| p.help(help));
            }
            return;
        };
        let identity = gateway.identity.get_ref();
        let sign = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'.' | b'-' | b'_');
        if identity.is_empty() || identity.len() > 80 || !identity.bytes().all(sign) {
            let what = "the gateway's identity is letters, digits, `@`, `.`, `-` and `_`".to_owned();
            self.problem("LG2202", what, &gateway.identity.span(), |p| {
                p.help("such as `gateway@partnership`")
            });
        }
        self.keyring.identity.clone_from(identity);
        if gateway.signing.is_empty() && !plain {
            let what = "the gateway has no signing key".to_owned();
            let help = "add a `[[gateway.signing]]` key: `lockgate key new signer` makes one";
            self.problem("LG2201", what, &gateway.identity.span(), |p| p.help(help));
        }
        for signing in &gateway.signing {
            let Some(window) = self.window(signing.from.as_ref(), signing.until.as_ref()) else { continue };
            let (secret, at) = (signing.key.get_ref().clone(), signing.key.span());
            if secret.file.is_none() == secret.env.is_none() {
                let what = "a signing key is named by `file` or by `env`, by one of the two".to_owned();
                self.problem("LG2202", what, &at, |p| p);
                continue;
            }
            if self.keyring.signing.iter().any(|k| k.window.from == window.from) {
                let what = "two signing keys begin on the same day: which of them signs?".to_owned();
                self.problem("LG2202", what, &at, |p| {
                    p.help("the one that begins later signs; give it a `from`")
                });
            }
            self.keyring.signing.push(SigningKey { secret, window, at });
        }
    }

    fn recipient(&mut self, partner: &str, keys: &[crate::config::RecipientKeySettings]) {
        let mut read: Vec<RecipientKey> = Vec::new();
        for one in keys {
            let at = one.age.span();
            let Some(window) = self.window(one.from.as_ref(), one.until.as_ref()) else { continue };
            let text = one.age.get_ref().trim().to_owned();
            let Ok(key) = age::x25519::Recipient::from_str(&text) else {
                // What stands there is not repeated: it might be another kind of key.
                let what = format!("a key of `{partner}` is no public age key");
                let help = "it is the line `age1…` that `age-keygen` prints; the secret key stays with the recipient";
                self.problem("LG2203", what, &at, |p| p.help(help));
                continue;
            };
            let mut others = self.keyring.recipients.iter().map(|(p, keys)| (p.as_str(), keys.as_slice()));
            let twice =
                others.find(|(_, keys)| keys.iter().any(|k| k.text == text)).map(|(p, _)| p.to_owned());
            let twice = twice.or_else(|| read.iter().any(|k| k.text == text).then(|| partner.to_owned()));
            if let Some(other) = twice {
                let what = format!("the key of `{partner}` is one of `{other}` already");
                self.problem("LG2206", what, &at, |p| {
                    p.help("each recipient has a key that nobody else has")
                });
                continue;
            }
            read.push(RecipientKey { text, window, key, at });
        }
        for one in &read {
            let first = one.window.from;
            let on = read.iter().filter(|k| first.map_or(k.window.from.is_none(), |d| k.window.holds(d)));
            if on.count() > TOGETHER {
                let what = format!("`{partner}` has more than {TOGETHER} keys that are valid at once");
                self.problem("LG2207", what, &one.at, |p| p.help("end the old keys with `until`"));
                break;
            }
        }
        self.keyring.recipients.insert(partner.into(), read);
    }

    fn window(&mut self, from: Option<&Spanned<String>>, until: Option<&Spanned<String>>) -> Option<Window> {
        let mut date = |word: Option<&Spanned<String>>| match word {
            None => Some(None),
            Some(word) => match word.get_ref().parse::<Date>() {
                Ok(date) => Some(Some(date)),
                Err(_) => {
                    let what = format!("`{}` is no date", word.get_ref());
                    self.problem("LG2204", what, &word.span(), |p| p.help("write it as 2026-11-29"));
                    None
                }
            },
        };
        let (first, last) = (date(from)?, date(until)?);
        if let (Some(first), Some(last), Some(word)) = (first, last, until)
            && last < first
        {
            let what = format!("a key ends on {last}, before it begins");
            self.problem("LG2204", what, &word.span(), |p| p);
            return None;
        }
        Some(Window { from: first, until: last })
    }
}
