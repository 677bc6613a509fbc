//! The registers: decisions of people that the gate reads. Each entry has its author, time and written
//! reference; none is ever edited, only ended. An empty register is the strict answer, except that of
//! restrictions and suspensions, which only take away.

use super::error::StoreError;
use super::ids::{self, EntryId};
use super::{Counters, Store, sql};
use jiff::civil::Date;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row as _, Sqlite};

/// What every entry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
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
}

/// Silence, or less, about a person or a record; lifted only by its originator (5.1.1.iii).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Author, time, reference, days.
    pub made: Made,
    /// `person` or `record`.
    pub scope: String,
    /// The 128-bit key of that person or record.
    pub subject: u128,
    /// Partner keys, or `*` for all.
    pub recipients: Vec<String>,
    /// The partner whose restriction it is.
    pub originator: String,
    /// Nothing at all leaves, not even the fact.
    pub silent: bool,
    /// Otherwise the reduction that applies.
    pub reduce: Option<String>,
}

/// A recorded human decision that opens named fields of one record to named recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Author, time, reference, days.
    pub made: Made,
    /// `dv_risk`, `child_risk`, `covert_release`, `harm`, `subject_consent`, `nim`, `text_review`, `provider_consent`.
    pub kind: String,
    /// The record's 128-bit key.
    pub record: u128,
    /// Partner keys.
    pub recipients: Vec<String>,
    /// Field names.
    pub fields: Vec<String>,
    /// For `harm`: self, others or public interest (5.1.7.ii).
    pub ground: Option<String>,
    /// The nominee who granted it.
    pub granted_by: String,
}

/// A provider's written consent to a secondary use (5.2.3, 5.5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Author, time, reference, days.
    pub made: Made,
    /// The partner that consents.
    pub discloser: String,
    /// The partner that may use.
    pub recipient: String,
    /// What for.
    pub secondary_purpose: String,
    /// What it covers, as words of the schema.
    pub scope: String,
}

/// A person whom a partner has named for handling the data (7.3), by token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nominee {
    /// Author, time, reference, days.
    pub made: Made,
    /// The partner.
    pub partner: String,
    /// What stands for the person; no name.
    pub token: String,
}

/// A partner that receives nothing for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Author, time, reference, days.
    pub made: Made,
    /// The partner.
    pub partner: String,
    /// Why, as a stable word.
    pub reason: String,
}

/// Everything in force on a day, with each entry's number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registers {
    /// Restrictions.
    pub restrictions: Vec<(EntryId, Restriction)>,
    /// Authorities.
    pub authorities: Vec<(EntryId, Authority)>,
    /// Consents.
    pub consents: Vec<(EntryId, Consent)>,
    /// Nominees.
    pub nominees: Vec<(EntryId, Nominee)>,
    /// Suspensions.
    pub suspensions: Vec<(EntryId, Suspension)>,
}

/// A register, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// See [`Restriction`].
    Restriction,
    /// See [`Authority`].
    Authority,
    /// See [`Consent`].
    Consent,
    /// See [`Nominee`].
    Nominee,
    /// See [`Suspension`].
    Suspension,
}

impl Register {
    const fn end(self) -> &'static str {
        match self {
            Self::Restriction => sql::RESTRICTION_END,
            Self::Authority => sql::AUTHORITY_END,
            Self::Consent => sql::CONSENT_END,
            Self::Nominee => sql::NOMINEE_END,
            Self::Suspension => sql::SUSPENSION_END,
        }
    }
}

type Insert = sqlx::query::Query<'static, Sqlite, SqliteArguments>;

impl Store {
    /// The registers as they stand on a day. Restrictions and suspensions count whatever their first day, because
    /// they only take away; everything else counts from its first day.
    pub async fn registers(&self, as_of: Date) -> Result<Registers, StoreError> {
        Ok(Registers {
            restrictions: self.entries(sql::RESTRICTION_READ, as_of, restriction).await?,
            authorities: self.entries(sql::AUTHORITY_READ, as_of, authority).await?,
            consents: self.entries(sql::CONSENT_READ, as_of, consent).await?,
            nominees: self.entries(sql::NOMINEE_READ, as_of, nominee).await?,
            suspensions: self.entries(sql::SUSPENSION_READ, as_of, suspension).await?,
        })
    }

    async fn entries<T>(
        &self,
        text: &'static str,
        as_of: Date,
        read: fn(&SqliteRow, Made) -> Result<T, StoreError>,
    ) -> Result<Vec<(EntryId, T)>, StoreError> {
        let rows = sqlx::query(text).bind(as_of.to_string()).fetch_all(&self.read).await?;
        rows.iter().map(|row| Ok((EntryId(row.try_get(0)?), read(row, made(row)?)?))).collect()
    }

    /// Records a restriction.
    pub async fn add_restriction(&self, entry: &Restriction) -> Result<EntryId, StoreError> {
        let entry = entry.clone();
        self.add(sql::RESTRICTION_ADD, &entry.made.clone(), |query| {
            query
                .bind(entry.scope)
                .bind(entry.subject.to_be_bytes().to_vec())
                .bind(join(&entry.recipients))
                .bind(entry.originator)
                .bind(i64::from(entry.silent))
                .bind(entry.reduce)
        })
        .await
    }

    /// Records an authority.
    pub async fn add_authority(&self, entry: &Authority) -> Result<EntryId, StoreError> {
        let entry = entry.clone();
        self.add(sql::AUTHORITY_ADD, &entry.made.clone(), |query| {
            query
                .bind(entry.kind)
                .bind(entry.record.to_be_bytes().to_vec())
                .bind(join(&entry.recipients))
                .bind(join(&entry.fields))
                .bind(entry.ground)
                .bind(entry.granted_by)
        })
        .await
    }

    /// Records a consent.
    pub async fn add_consent(&self, entry: &Consent) -> Result<EntryId, StoreError> {
        let entry = entry.clone();
        self.add(sql::CONSENT_ADD, &entry.made.clone(), |query| {
            query.bind(entry.discloser).bind(entry.recipient).bind(entry.secondary_purpose).bind(entry.scope)
        })
        .await
    }

    /// Records a nominee.
    pub async fn add_nominee(&self, entry: &Nominee) -> Result<EntryId, StoreError> {
        let entry = entry.clone();
        self.add(sql::NOMINEE_ADD, &entry.made.clone(), |query| query.bind(entry.partner).bind(entry.token))
            .await
    }

    /// Records a suspension.
    pub async fn add_suspension(&self, entry: &Suspension) -> Result<EntryId, StoreError> {
        let entry = entry.clone();
        self.add(sql::SUSPENSION_ADD, &entry.made.clone(), |query| {
            query.bind(entry.partner).bind(entry.reason)
        })
        .await
    }

    /// Ends an entry that is not ended yet.
    pub async fn end_entry(
        &self,
        register: Register,
        entry: EntryId,
        ending: &Ending,
    ) -> Result<(), StoreError> {
        let done = sqlx::query(register.end())
            .bind(entry.0)
            .bind(ending.on.to_string())
            .bind(ending.by.clone())
            .bind(ending.reference.clone())
            .execute(&self.write)
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound("open register entry")) }
    }

    async fn add(
        &self,
        text: &'static str,
        made: &Made,
        bind: impl FnOnce(Insert) -> Insert,
    ) -> Result<EntryId, StoreError> {
        let mut tx = self.begin().await?;
        let mut counters = Counters::read(&mut tx).await?;
        let id = counters.take("register", 1);
        let query = sqlx::query(text)
            .bind(id)
            .bind(made.author.clone())
            .bind(made.made_at.clone())
            .bind(made.reference.clone())
            .bind(made.since.to_string())
            .bind(made.until.map(|day| day.to_string()));
        bind(query).execute(&mut *tx).await?;
        counters.keep(&mut tx).await?;
        tx.commit().await?;
        Ok(EntryId(id))
    }
}

fn made(row: &SqliteRow) -> Result<Made, StoreError> {
    let until: Option<String> = row.try_get("until")?;
    Ok(Made {
        author: row.try_get("author")?,
        made_at: row.try_get("made_at")?,
        reference: row.try_get("reference")?,
        since: ids::date(row.try_get("since")?, "register")?,
        until: ids::maybe_date(until.as_deref(), "register")?,
    })
}

fn restriction(row: &SqliteRow, made: Made) -> Result<Restriction, StoreError> {
    Ok(Restriction {
        made,
        scope: row.try_get("scope")?,
        subject: ids::key(row.try_get("subject")?, "restriction")?,
        recipients: split(row.try_get("recipients")?),
        originator: row.try_get("originator")?,
        silent: row.try_get::<i64, _>("silent")? != 0,
        reduce: row.try_get("reduce")?,
    })
}

fn authority(row: &SqliteRow, made: Made) -> Result<Authority, StoreError> {
    Ok(Authority {
        made,
        kind: row.try_get("kind")?,
        record: ids::key(row.try_get("record")?, "authority")?,
        recipients: split(row.try_get("recipients")?),
        fields: split(row.try_get("fields")?),
        ground: row.try_get("ground")?,
        granted_by: row.try_get("granted_by")?,
    })
}

fn consent(row: &SqliteRow, made: Made) -> Result<Consent, StoreError> {
    Ok(Consent {
        made,
        discloser: row.try_get("discloser")?,
        recipient: row.try_get("recipient")?,
        secondary_purpose: row.try_get("secondary_purpose")?,
        scope: row.try_get("scope")?,
    })
}

fn nominee(row: &SqliteRow, made: Made) -> Result<Nominee, StoreError> {
    Ok(Nominee { made, partner: row.try_get("partner")?, token: row.try_get("token")? })
}

fn suspension(row: &SqliteRow, made: Made) -> Result<Suspension, StoreError> {
    Ok(Suspension { made, partner: row.try_get("partner")?, reason: row.try_get("reason")? })
}

fn join(words: &[String]) -> String {
    words.join(" ")
}

fn split(words: &str) -> Vec<String> {
    words.split_whitespace().map(Into::into).collect()
}
