//! Taking a form: whose it is, what it answers, and who answered.

use super::form;
use crate::config::Deployment;
use crate::night::publish::record_decision;
use crate::store::{Answered, Asked, Body, BundleRow, Registered, Store};
use crate::vault::{Nonces, Vault};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::DecisionEntry;
use lockgate_core::problem::{Code, Problem};
use lockgate_core::receipt::{Answer, Line};
use std::collections::BTreeMap;

/// What became of a form.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Answers that were taken down.
    pub taken: u64,
    /// Answers that stood already.
    pub known: u64,
    /// Lines that are not answered yet.
    pub open: u64,
    /// Lines that were refused, and why; or the one reason for which the whole form was.
    pub refused: Vec<Problem>,
    /// The fingerprint of the key by which the form was signed.
    pub signed: Option<String>,
}

impl Outcome {
    /// Why the whole form was refused, if it was.
    pub fn whole(&self) -> Option<&Problem> {
        self.refused.iter().find(|p| WHOLE.contains(&p.code))
    }
}

/// A form as it came.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// The form itself.
    pub bytes: &'a [u8],
    /// What lay beside it as its signature; a form without one counts, and counts as unsigned.
    pub signature: Option<&'a [u8]>,
}

/// Codes with which a whole form is refused.
const WHOLE: [Code; 2] = ["LG2401", "LG2406"];

/// Takes the form that a partner gave back. Nominees are those of the run's `day`; nothing can have been done after `today`.
pub async fn take(
    deployment: &Deployment,
    with: (&Store, &Vault),
    partner: PartnerId,
    form: Form<'_>,
    days: (Date, Date),
) -> Result<Outcome> {
    form_of(deployment, with, partner, form, days, true).await
}

/// Says what [`take`] would, and writes nothing down. Which answers stand already it does not say: they count as taken.
pub async fn look_over(
    deployment: &Deployment,
    with: (&Store, &Vault),
    partner: PartnerId,
    form: Form<'_>,
    days: (Date, Date),
) -> Result<Outcome> {
    form_of(deployment, with, partner, form, days, false).await
}

async fn form_of(
    deployment: &Deployment,
    (store, vault): (&Store, &Vault),
    partner: PartnerId,
    form: Form<'_>,
    (day, today): (Date, Date),
    records: bool,
) -> Result<Outcome> {
    let Form { bytes, signature } = form;
    let mut desk = Desk {
        deployment,
        store,
        vault,
        key: deployment.agreement.get(partner).context("a partner is not in the agreement")?.key.clone(),
        partner,
        day,
        today,
        form: Digest::of(bytes),
        signed: None,
        records,
        registered: store.registered().await?,
        bundles: store.bundles(Some(partner), u32::MAX).await?,
        asked: BTreeMap::new(),
    };
    let read = form::read(bytes).and_then(|lines| Ok((lines, desk.signed(bytes, signature)?)));
    let lines = match read {
        Ok((lines, signed)) => {
            desk.signed = signed;
            lines
        }
        Err(problem) => {
            desk.refuse(problem.code).await?;
            return Ok(Outcome { refused: vec![problem], ..Outcome::default() });
        }
    };
    let mut outcome = Outcome { signed: desk.signed.clone(), ..Outcome::default() };
    for (number, line) in &lines {
        if line.open() {
            outcome.open += 1;
            continue;
        }
        match desk.line(line).await? {
            Ok(true) => outcome.taken += 1,
            Ok(false) => outcome.known += 1,
            Err((code, what)) => {
                outcome.refused.push(Problem::new(code, format!("line {number} of the form: {what}")));
            }
        }
    }
    let codes: std::collections::BTreeSet<Code> = outcome.refused.iter().map(|p| p.code).collect();
    for code in codes {
        desk.refuse(code).await?;
    }
    Ok(outcome)
}

/// One form, and everything it is compared with.
struct Desk<'a> {
    deployment: &'a Deployment,
    store: &'a Store,
    vault: &'a Vault,
    partner: PartnerId,
    key: String,
    day: Date,
    today: Date,
    form: Digest,
    /// The fingerprint of the key by which it was signed.
    signed: Option<String>,
    /// Whether anything is written down.
    records: bool,
    registered: Vec<Registered>,
    bundles: Vec<BundleRow>,
    /// What the bundles that were named ask, by their place in `bundles`.
    asked: BTreeMap<usize, Vec<Asked>>,
}

/// Why a line is refused.
type Refusal = (Code, String);

impl Desk<'_> {
    /// By which key of the partner's the form was signed; nothing without a signature.
    fn signed(&self, bytes: &[u8], signature: Option<&[u8]>) -> Result<Option<String>, Problem> {
        let Some(signature) = signature else { return Ok(None) };
        let refused = |what| {
            Problem::new("LG2406", format!("its signature does not count: {what}"))
                .help("ask the partner's nominee; its keys stand under `answers` in `lockgate.toml`")
        };
        self.deployment.keyring.answers.verify(&self.key, bytes, signature).map(Some).map_err(refused)
    }

    /// Takes one line; whether it says something new.
    async fn line(&mut self, line: &Line) -> Result<Result<bool, Refusal>> {
        // Whether the bundle is another partner's or nobody's is not told.
        let Some(at) = self.bundles.iter().position(|b| b.bundle.name == line.bundle.trim()) else {
            return Ok(Err(("LG2402", format!("no bundle of that name was sent to `{}`", self.key))));
        };
        if !self.asked.contains_key(&at) {
            let id = self.bundles.get(at).map(|b| b.id).context("a bundle")?;
            self.asked.insert(at, self.store.asked(id).await?);
        }
        let (Some(bundle), Some(asked)) = (self.bundles.get(at), self.asked.get(&at)) else {
            return Ok(Err(("LG2402", "no such bundle".into())));
        };
        let found = self.judge(bundle, asked, line);
        match found {
            Err(refusal) => Ok(Err(refusal)),
            Ok(_) if !self.records => Ok(Ok(true)),
            Ok((asked, answer, author)) => self.record(bundle, asked, &answer, author).await.map(Ok),
        }
    }

    fn judge<'l>(
        &self,
        bundle: &BundleRow,
        asked: &'l [Asked],
        line: &'l Line,
    ) -> Result<(&'l Asked, Answer<'l>, String), Refusal> {
        let answer = line
            .answer(bundle.bundle.as_of, self.today)
            .map_err(|unread| ("LG2404", unread.words().to_owned()))?;
        let asked = asked
            .iter()
            .find(|a| a.action == answer.action && same_row(a, line))
            .ok_or(("LG2402", "the bundle asks nothing of that number about that row".to_owned()))?;
        let author = self.author(answer.by).ok_or_else(|| {
            ("LG2403", format!("whoever answered is not a current nominee of `{}` (7.3)", self.key))
        })?;
        Ok((asked, answer, author))
    }

    /// By whom the ledger says that it was answered: the nominee's token; the partner, where its posts stand for it.
    fn author(&self, by: &str) -> Option<String> {
        let of = |entry: &&Registered| entry.made.partner == self.key;
        let mut nominees = self
            .registered
            .iter()
            .filter(of)
            .filter_map(|e| if let Body::Nominee(n) = &e.body { Some((e, n)) } else { None })
            .peekable();
        if nominees.peek().is_none() {
            let nominated = self.deployment.agreement.nominated(self.partner, self.day).0;
            return nominated.then(|| self.key.clone());
        }
        nominees.find(|(e, n)| n.token == by && e.holds(self.day)).map(|(_, n)| n.token.clone())
    }

    async fn record(
        &self,
        bundle: &BundleRow,
        asked: &Asked,
        answer: &Answer<'_>,
        author: String,
    ) -> Result<bool> {
        let beside = [answer.by, answer.remark].join("\n");
        let place = [&b"receipt\0"[..], bundle.bundle.name.as_bytes(), &answer.action.to_be_bytes()].concat();
        let words = Some(self.vault.rest().seal(Nonces::new().next_nonce()?, &place, beside.as_bytes()));
        let one = Answered {
            action: answer.action,
            done: answer.done,
            on: answer.on,
            author,
            taken_at: Timestamp::now().to_string(),
            form: self.form,
            words,
            signed: self.signed.clone(),
        };
        let mut tx = self.store.begin_decisions(self.day).await?;
        if !tx.put_answer(bundle.id, &one).await? {
            return Ok(false);
        }
        let not = if answer.done { "" } else { "-not" };
        let signed = if self.signed.is_some() { "-signed" } else { "" };
        let kind = format!("receipt-{}{not}{signed}", asked.what.word());
        let reference = format!("{}#{}", bundle.bundle.name, answer.action);
        let entry = DecisionEntry {
            as_of: self.day,
            kind: &kind,
            by: &one.author,
            reference: &reference,
            subject: self.form,
        };
        record_decision(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Writes down that a form, or lines of it, were refused.
    async fn refuse(&self, code: Code) -> Result<()> {
        if !self.records {
            return Ok(());
        }
        let kind = format!("receipt-refused-{code}");
        let entry = DecisionEntry {
            as_of: self.day,
            kind: &kind,
            by: &self.key,
            reference: "a return form",
            subject: self.form,
        };
        let mut tx = self.store.begin_decisions(self.day).await?;
        record_decision(&mut tx, &entry).await?;
        Ok(tx.commit().await?)
    }
}

/// Whether a line is about the row that was asked about; what a program left out is not compared.
fn same_row(asked: &Asked, line: &Line) -> bool {
    let version = if asked.version == 0 { String::new() } else { asked.version.to_string() };
    let pairs = [
        (&line.table, &asked.category),
        (&line.record_id, &asked.record_ref),
        (&line.record_version, &version),
    ];
    pairs.iter().all(|(stated, known)| stated.trim().is_empty() || stated.trim() == known.as_str())
}
