//! Receipts: what each bundle asks of its recipient, and what was answered.

use super::either::{self, Row};
use super::error::StoreError;
use super::ids::{self, BundleId, count, stored};
use super::{BundleTx, Store, sql};
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::hash::Digest;
use lockgate_core::receipt::Action;

/// One line of a bundle's return form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its number in the form, from 1.
    pub action: u64,
    /// What is asked.
    pub what: Action,
    /// The category's name; empty when it is about the bundle.
    pub category: String,
    /// The row, by the recipient's reference; empty when it is about the bundle.
    pub record_ref: String,
    /// The row's version; 0 when it is about the bundle.
    pub version: u64,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What it answers.
    pub action: u64,
    /// Whether it was done.
    pub done: bool,
    /// When, as the recipient says.
    pub on: Date,
    /// A nominee's token, or the partner's key where its posts stand for it.
    pub author: String,
    /// When it was taken down, as an RFC 3339 text.
    pub taken_at: String,
    /// Digest of the form that it came in.
    pub form: Digest,
    /// What the recipient wrote beside it, encrypted.
    pub words: Option<Vec<u8>>,
    /// The fingerprint of the key by which the form was signed; an answer without one is weaker.
    pub signed: Option<String>,
}

/// How far a bundle's lines are answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines asked.
    pub asked: u64,
    /// Lines of which the last answer is yes.
    pub done: u64,
    /// Lines of which the last answer is no.
    pub refused: u64,
    /// Whether the bundle as a whole is confirmed.
    pub confirmed: bool,
    /// Lines of which the last answer came in a signed form.
    pub signed: u64,
    /// Lines that wait and ask for the review of all that is held, which has a day of its own.
    pub reviews: u64,
}

/// A review of what a recipient holds that a bundle asked for (5.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reviewed {
    /// The day of the bundle that asked.
    pub as_of: Date,
    /// Whether the last answer was yes.
    pub done: bool,
}

impl Progress {
    /// Lines that wait: not answered, or answered with no.
    pub const fn open(&self) -> u64 {
        self.asked.saturating_sub(self.done)
    }
}

impl BundleTx {
    /// Records what a bundle asks.
    pub async fn put_asked(&mut self, bundle: BundleId, asked: &[Asked]) -> Result<(), StoreError> {
        let shared = [Some(bundle.0)];
        let bind = |values: &mut super::bulk::Values, one: &Asked| {
            values.int(stored(one.action));
            values.text(Some(one.what.word().into()));
            values.text(Some(one.category.clone()));
            values.text(Some(one.record_ref.clone()));
            values.int(stored(one.version));
        };
        sql::ASKED_ADD.write(self.connection(), &shared, asked, bind).await.map(drop)
    }

    /// Records an answer; `false` when just this one stands already, signed or not. What stood unsigned and comes again
    /// signed is recorded anew: it is stronger.
    pub async fn put_answer(&mut self, bundle: BundleId, answer: &Answered) -> Result<bool, StoreError> {
        let last: Option<(i64, String, String, Option<String>)> = either::query_as(sql::ANSWER_LAST)
            .bind(bundle.0)
            .bind(stored(answer.action))
            .fetch_optional(&mut **self.connection())
            .await?;
        let same = last.is_some_and(|(done, on, author, signed)| {
            let stronger = signed.is_none() && answer.signed.is_some();
            !stronger
                && (done == 1, on, author) == (answer.done, answer.on.to_string(), answer.author.clone())
        });
        if same {
            return Ok(false);
        }
        let id = self.take_number("answer");
        either::query(sql::ANSWER_ADD)
            .bind(id)
            .bind(bundle.0)
            .bind(stored(answer.action))
            .bind(answer.done)
            .bind(answer.on.to_string())
            .bind(answer.author.clone())
            .bind(answer.taken_at.clone())
            .bind(answer.form.0.to_vec())
            .bind(answer.words.clone())
            .bind(answer.signed.clone())
            .execute(&mut **self.connection())
            .await?;
        Ok(true)
    }
}

impl Store {
    /// What a bundle asks, by number.
    pub async fn asked(&self, bundle: BundleId) -> Result<Vec<Asked>, StoreError> {
        let rows = either::query(sql::ASKED_READ).bind(bundle.0).fetch_all(&self.read).await?;
        rows.iter().map(asked).collect()
    }

    /// The records that a partner was asked to check, each with the moment at which the run began that asked.
    pub async fn checks_asked(&self, recipient: PartnerId) -> Result<Vec<(String, String)>, StoreError> {
        let row = self.names.partner_row(recipient)?;
        either::query_as(sql::ASKED_CHECKS).bind(row).fetch_all(&self.read).await
    }

    /// The reviews that a partner was asked for.
    pub async fn reviews_asked(&self, recipient: PartnerId) -> Result<Vec<Reviewed>, StoreError> {
        let row = self.names.partner_row(recipient)?;
        let rows: Vec<(String, i64)> =
            either::query_as(sql::ASKED_REVIEWS).bind(row).fetch_all(&self.read).await?;
        let one = |(as_of, done): (String, i64)| {
            Ok(Reviewed { as_of: ids::date(&as_of, "bundle")?, done: done == 1 })
        };
        rows.into_iter().map(one).collect()
    }

    /// The last answer of each line of a bundle, by number.
    pub async fn answers(&self, bundle: BundleId) -> Result<Vec<Answered>, StoreError> {
        let rows = either::query(sql::ANSWERS_READ).bind(bundle.0).fetch_all(&self.read).await?;
        rows.iter().map(answered).collect()
    }

    /// How far each bundle is answered; one from before receipts were recorded asks nothing.
    pub async fn progress(&self) -> Result<Vec<(BundleId, Progress)>, StoreError> {
        let rows: Vec<(i64, i64, i64, i64, i64, i64, i64)> =
            either::query_as(sql::PROGRESS).fetch_all(&self.read).await?;
        let one = |(bundle, asked, done, refused, confirmed, signed, reviews)| {
            let (asked, done, refused) =
                (count(asked, "asked")?, count(done, "answer")?, count(refused, "answer")?);
            let (signed, confirmed) = (count(signed, "answer")?, confirmed > 0);
            let reviews = count(reviews, "asked")?;
            Ok((BundleId(bundle), Progress { asked, done, refused, confirmed, signed, reviews }))
        };
        rows.into_iter().map(one).collect()
    }
}

fn asked(row: &Row) -> Result<Asked, StoreError> {
    let what: String = row.try_get("what")?;
    Ok(Asked {
        action: count(row.try_get("action")?, "asked")?,
        what: Action::parse(&what).ok_or_else(|| StoreError::row("asked"))?,
        category: row.try_get("category")?,
        record_ref: row.try_get("record_ref")?,
        version: count(row.try_get("version")?, "asked")?,
    })
}

fn answered(row: &Row) -> Result<Answered, StoreError> {
    Ok(Answered {
        action: count(row.try_get("action")?, "answer")?,
        done: row.try_get::<i64>("done")? == 1,
        on: ids::date(row.try_get("done_on")?, "answer")?,
        author: row.try_get("author")?,
        taken_at: row.try_get("taken_at")?,
        form: ids::digest(row.try_get("form")?, "answer")?,
        words: row.try_get("words")?,
        signed: row.try_get("signed")?,
    })
}
