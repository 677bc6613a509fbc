//! The registers: decisions of people that the gate reads. Each entry has its author, time and written
//! reference; none is ever edited, only ended. An empty register is the strict answer, except that of
//! restrictions and suspensions, which only take away.
//!
//! An entry is recorded or ended in the transaction that holds its ledger entry, and the people about whom it
//! changes a decision are marked there too.

use super::bundle::BundleTx;
use super::either::{self, Row};
use super::error::StoreError;
use super::ids::{self, EntryId, PersonRef};
use super::{Store, sql};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What every entry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The partner whose entry it is: who alone can end it.
    pub partner: String,
    /// Who made it: a nominee's token.
    pub author: String,
    /// When, as an RFC 3339 text.
    pub made_at: String,
    /// The written reference.
    pub reference: String,
    /// First day; restrictions and suspensions hold from the moment they are recorded.
    pub since: Date,
    /// Last day; `None` = until ended.
    pub until: Option<Date>,
}

/// How an entry is ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The first day without it.
    pub on: Date,
    /// Who ended it.
    pub by: String,
    /// The written reference.
    pub reference: String,
    /// For a nominee: the day on which the change was notified (7.4).
    pub notified: Option<Date>,
    /// When, as an RFC 3339 text; `None` when it was ended before this was kept.
    pub at: Option<String>,
}

/// Silence, or less, about a person or a record; lifted only by the partner that made it (5.1.1.iii).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restriction {
    /// About what.
    pub about: Subject,
    /// The key of an identity of the person whom it concerns.
    pub identity: String,
    /// Partner keys; empty = all.
    pub recipients: Vec<String>,
    /// `category.field` and the word of a reduction; empty = silence.
    pub reduce: Vec<(String, String)>,
    /// For a person: the keys of all identities of which it consisted when this was recorded. Should they turn out to be
    /// several people, each of them stays restricted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<String>,
}

/// What an entry is about: the 128-bit key as 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One record, in whatever version.
    Record(String),
    /// Every record about a person, by the key of an identity of that person.
    Person(String),
}

/// A recorded human decision that opens named fields of one record to named recipients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// `dv_risk`, `child_risk`, `covert_release`, `harm`, `subject_consent`, `nim`, `text_review`, `provider_consent`.
    pub kind: String,
    /// The record's key.
    pub record: String,
    /// The key of the identity that the record is about.
    pub identity: String,
    /// Partner keys.
    pub recipients: Vec<String>,
    /// `category.field`, each.
    pub fields: Vec<String>,
    /// Why; for `harm`: self, others or public interest (5.1.7.ii).
    pub ground: String,
    /// What the recipient must observe; travels with the row (5.1.1.vii).
    #[serde(default)]
    pub conditions: Option<String>,
    /// For a review of text: the keyed mark of each text as it was read, in the order of `fields`.
    #[serde(default)]
    pub originals: Vec<String>,
}

/// A provider's written consent to a secondary use (5.2.3), or to handing its information on (5.5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The partner that may use.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// What it covers: categories and fields of the schema.
    pub scope: Vec<String>,
    /// To whom it may be handed on; absent = to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party: Option<String>,
}

/// A use beside the purpose for which a partner was given something, or its handing on, by the consents of all who
/// provided it (5.2.3, 5.5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondaryUse {
    /// What for.
    pub purpose: String,
    /// What is used: categories and fields of the schema.
    pub scope: Vec<String>,
    /// To whom it is handed on; absent = to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party: Option<String>,
    /// The entries of the consents on which it rests.
    pub consents: Vec<i64>,
}

/// A person whom a partner has named for handling the data (7.3), by token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nominee {
    /// What stands for the person; no name.
    pub token: String,
    /// The day on which the change was notified (7.4).
    #[serde(with = "day")]
    pub notified: Date,
}

/// A day as its ISO text.
mod day {
    use jiff::civil::Date;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    pub(super) fn serialize<S: Serializer>(day: &Date, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(day)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        String::deserialize(from)?.parse().map_err(|_| D::Error::custom("not a day"))
    }
}

/// The person responsible for data protection (7.1), by token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Designated {
    /// What stands for the person; no name.
    pub token: String,
    /// The data protection registration; the entry's last day is its expiry.
    pub registration: String,
}

/// A partner that receives nothing for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// Which partner.
    pub suspended: String,
    /// Why, as a word or two.
    pub reason: String,
}

/// A notice that a field of a record may be wrong (6.1): its originator's task. It ends when the source says otherwise, or
/// its originator says that it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The record's key.
    pub record: String,
    /// The key of the identity that the record is about.
    pub identity: String,
    /// `category.field`.
    pub field: String,
    /// Its originator.
    pub owner: String,
    /// The keyed mark of the field as it stood when the notice came; absent when it was empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}

/// What a person says about two identities: whether they are one person. A ground for `undo` is its ending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkDecision {
    /// The smaller key.
    pub a: String,
    /// The greater key.
    pub b: String,
    /// `same`, `different` or `cannot-tell`; `reopen` asks for a second person to take `different` back.
    pub verdict: String,
    /// For `same`: also against identifiers that conflict.
    #[serde(default)]
    pub despite: bool,
    /// The mark of the evidence on which it was said, as 16 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The code of what the pair waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// See [`Restriction`].
    Restriction(Restriction),
    /// See [`Authority`].
    Authority(Authority),
    /// See [`Consent`].
    Consent(Consent),
    /// See [`SecondaryUse`].
    Use(SecondaryUse),
    /// See [`Nominee`].
    Nominee(Nominee),
    /// See [`Designated`].
    Designated(Designated),
    /// See [`Suspension`].
    Suspension(Suspension),
    /// See [`Correction`].
    Correction(Correction),
    /// See [`LinkDecision`].
    Link(LinkDecision),
}

impl Body {
    /// The names of the registers.
    pub const REGISTERS: [&str; 9] = [
        "restriction",
        "authority",
        "consent",
        "use",
        "nominee",
        "designated",
        "suspension",
        "correction",
        "link",
    ];

    /// The register's name.
    pub const fn register(&self) -> &'static str {
        match self {
            Self::Restriction(_) => "restriction",
            Self::Authority(_) => "authority",
            Self::Consent(_) => "consent",
            Self::Use(_) => "use",
            Self::Nominee(_) => "nominee",
            Self::Designated(_) => "designated",
            Self::Suspension(_) => "suspension",
            Self::Correction(_) => "correction",
            Self::Link(_) => "link",
        }
    }

    /// The canonical text: what the store keeps and the ledger's digest covers.
    pub fn text(&self) -> String {
        // Words, dates and lists of them: nothing that JSON could refuse.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// An entry as it stands in its register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its number, in all registers together.
    pub id: EntryId,
    /// Author, time, reference, days.
    pub made: Made,
    /// How it was ended, when it was.
    pub ended: Option<Ending>,
    /// What it says.
    pub body: Body,
    /// A reviewed text, encrypted.
    pub sealed: Option<Vec<u8>>,
}

impl Registered {
    /// The last day on which it holds; `None` = open.
    pub fn last_day(&self) -> Option<Date> {
        let ended = self.ended.as_ref().map(|e| e.on.yesterday().unwrap_or(Date::MIN));
        match (self.made.until, ended) {
            (Some(until), Some(ended)) => Some(until.min(ended)),
            (until, ended) => until.or(ended),
        }
    }

    /// The first day: what only takes away holds at once, whatever its first day says.
    pub const fn first_day(&self) -> Date {
        match self.body {
            Body::Restriction(_) | Body::Suspension(_) => Date::MIN,
            _ => self.made.since,
        }
    }

    /// Whether it holds on a day.
    pub fn holds(&self, day: Date) -> bool {
        self.first_day() <= day && !self.over(day)
    }

    /// Whether it holds no more on a day and any later one.
    pub fn over(&self, day: Date) -> bool {
        self.last_day().is_some_and(|last| last < day)
    }
}

impl Store {
    /// Every entry ever recorded, by number.
    pub async fn registered(&self) -> Result<Vec<Registered>, StoreError> {
        let rows = either::query(sql::REGISTER_READ).fetch_all(&self.read).await?;
        rows.iter().map(registered).collect()
    }
}

impl BundleTx {
    /// Records an entry.
    pub async fn add_entry(
        &mut self,
        made: &Made,
        body: &Body,
        sealed: Option<&[u8]>,
    ) -> Result<EntryId, StoreError> {
        let id = self.take_number("register");
        either::query(sql::REGISTER_ADD)
            .bind(id)
            .bind(body.register())
            .bind(made.partner.clone())
            .bind(made.author.clone())
            .bind(made.made_at.clone())
            .bind(made.reference.clone())
            .bind(made.since.to_string())
            .bind(made.until.map(|day| day.to_string()))
            .bind(body.text())
            .bind(sealed.map(<[u8]>::to_vec))
            .execute(&mut **self.connection())
            .await?;
        Ok(EntryId(id))
    }

    /// Ends an entry that is not ended yet.
    pub async fn end_entry(&mut self, entry: EntryId, ending: &Ending) -> Result<(), StoreError> {
        let done = either::query(sql::REGISTER_END)
            .bind(entry.0)
            .bind(ending.on.to_string())
            .bind(ending.by.clone())
            .bind(ending.reference.clone())
            .bind(ending.notified.map(|day| day.to_string()))
            .bind(ending.at.clone())
            .execute(&mut **self.connection())
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("open register entry")) }
    }

    /// This person is to be looked at again: an entry about it was recorded or ended.
    pub async fn look_again(&mut self, person: PersonRef) -> Result<(), StoreError> {
        either::query(sql::PERSON_MARK).bind(person.0).execute(&mut **self.connection()).await?;
        Ok(())
    }
}

fn registered(row: &Row) -> Result<Registered, StoreError> {
    let day = |column: &str| -> Result<Option<Date>, StoreError> {
        let text: Option<String> = row.try_get(column)?;
        ids::maybe_date(text.as_deref(), "register")
    };
    let body: String = row.try_get("body")?;
    let body: Body = serde_json::from_str(&body).map_err(|_| StoreError::row("register"))?;
    if row.try_get::<String>("register")? != body.register() {
        return Err(StoreError::row("register"));
    }
    let ended = match day("ended_on")? {
        Some(on) => Some(Ending {
            on,
            by: row.try_get("ended_by")?,
            reference: row.try_get("ended_reference")?,
            notified: day("ended_notified")?,
            at: row.try_get("ended_at")?,
        }),
        None => None,
    };
    Ok(Registered {
        id: EntryId(row.try_get("id")?),
        made: Made {
            partner: row.try_get("partner")?,
            author: row.try_get("author")?,
            made_at: row.try_get("made_at")?,
            reference: row.try_get("reference")?,
            since: ids::date(row.try_get("since")?, "register")?,
            until: day("until")?,
        },
        ended,
        body,
        sealed: row.try_get("sealed")?,
    })
}
