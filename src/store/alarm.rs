//! Alarms: which feed is late since when, and what was said of it.

use super::either;
use super::error::StoreError;
use super::ids;
use super::{Counters, Store, sql};
use jiff::Timestamp;
use jiff::civil::Date;

/// An alarm about a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRow {
    /// Its row.
    pub id: i64,
    /// The feed's name.
    pub feed: String,
    /// When the file was due that did not come.
    pub due_at: Timestamp,
    /// When it was said that it is late.
    pub late_at: Timestamp,
    /// When it was said that it is missing.
    pub missing_at: Option<Timestamp>,
    /// When it was said that it has come.
    pub ended_at: Option<Timestamp>,
}

type Row = (i64, String, String, String, Option<String>, Option<String>);

impl Store {
    /// Alarms that go on, by feed.
    pub async fn open_alarms(&self) -> Result<Vec<AlarmRow>, StoreError> {
        let rows: Vec<Row> = either::query_as(sql::ALARM_OPEN).fetch_all(&self.read).await?;
        rows.into_iter().map(row).collect()
    }

    /// The newest alarms first.
    pub async fn alarms(&self, limit: u32) -> Result<Vec<AlarmRow>, StoreError> {
        let rows: Vec<Row> =
            either::query_as(sql::ALARM_LIST).bind(i64::from(limit)).fetch_all(&self.read).await?;
        rows.into_iter().map(row).collect()
    }

    /// Records that a feed is late.
    pub async fn raise_alarm(&self, feed: &str, due_at: Timestamp, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let mut counters = Counters::read(&mut tx).await?;
        either::query(sql::ALARM_ADD)
            .bind(counters.take("alarm", 1))
            .bind(feed)
            .bind(due_at.to_string())
            .bind(at.to_string())
            .execute(&mut *tx)
            .await?;
        counters.keep(&mut tx).await?;
        tx.commit().await
    }

    /// Records that it is missing.
    pub async fn escalate_alarm(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        either::query(sql::ALARM_MISSING).bind(id).bind(at.to_string()).execute(&self.write).await?;
        Ok(())
    }

    /// Records that what was late has come.
    pub async fn end_alarm(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        either::query(sql::ALARM_END).bind(id).bind(at.to_string()).execute(&self.write).await?;
        Ok(())
    }

    /// The latest date of any file of a feed that was received, accepted or not.
    pub async fn newest_date(&self, feed: &str) -> Result<Option<Date>, StoreError> {
        let newest: (Option<String>,) =
            either::query_as(sql::FILE_NEWEST).bind(feed).fetch_one(&self.read).await?;
        newest.0.map(|date| ids::date(&date, "file")).transpose()
    }
}

fn row((id, feed, due, late, missing, ended): Row) -> Result<AlarmRow, StoreError> {
    let at = |text: &str| text.parse::<Timestamp>().map_err(|_| StoreError::row("alarm"));
    let maybe = |text: Option<String>| text.as_deref().map(at).transpose();
    Ok(AlarmRow {
        id,
        feed,
        due_at: at(&due)?,
        late_at: at(&late)?,
        missing_at: maybe(missing)?,
        ended_at: maybe(ended)?,
    })
}
