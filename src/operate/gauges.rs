//! The numbers, in the text form that Prometheus reads: names `lockgate_…_UNIT`, labels of the configuration alone.

use crate::config::Deployment;
use crate::open;
use crate::receipt;
use crate::store::Store;
use anyhow::Result;
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt::Write as _;

/// The page.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, help: &str) {
        let _ = write!(self.0, "# HELP lockgate_{name} {help}\n# TYPE lockgate_{name} gauge\n");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let _ = write!(self.0, "lockgate_{name}");
        for (at, (label, word)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let word = word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
            let _ = write!(self.0, "{before}{label}=\"{word}\"");
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn one(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, help);
        self.value(name, &[], value);
    }
}

/// All numbers as they are now.
pub(super) async fn text(deployment: &Deployment) -> Result<String> {
    let mut page = Page(String::new());
    page.head("info", "The program.");
    page.value(
        "info",
        &[("version", env!("CARGO_PKG_VERSION")), ("agreement", deployment.agreement.version())],
        1,
    );
    let today = deployment.clock.today(&deployment.zone);
    let in_force = u8::from(deployment.agreement.in_force(today));
    page.one("agreement_in_force", "Whether the agreement is in force today.", in_force);
    if let Some(due) = deployment.agreement.next_review(today).and_then(|day| midnight(deployment, day)) {
        page.one("agreement_review_timestamp_seconds", "When the agreement is reviewed next (5.6.1).", due);
    }
    if let Some((store, _)) = open::reading_if_made(deployment).await? {
        let written = of_store(&mut page, deployment, &store).await;
        store.close().await?;
        written?;
    }
    Ok(page.0)
}

async fn of_store(page: &mut Page, deployment: &Deployment, store: &Store) -> Result<()> {
    let status = store.status().await?;
    if let Some(run) = &status.last_run {
        let at = |text: &str| text.parse::<Timestamp>().map(Timestamp::as_second).unwrap_or_default();
        page.one("run_started_timestamp_seconds", "When the last run began.", at(&run.started_at));
        let finished = run.finished_at.as_deref().map_or(0, at);
        page.one("run_finished_timestamp_seconds", "When the last run ended; 0 when it did not.", finished);
        page.one("run_exit", "The exit code of the last run.", run.exit_code.unwrap_or(255));
    }
    page.one("people", "People in the store.", status.persons);
    page.one("ledger_entries", "Entries of the ledger.", status.ledger_entries);
    page.one("quarantine_items", "Refused rows that wait for a person.", status.waiting.quarantine);
    page.one("held_files", "Files that wait for a person.", status.waiting.held_files);
    page.one("review_queue_items", "Pairs that wait for a person.", status.waiting.reviews);
    feeds(page, deployment, store).await?;
    recipients(page, deployment, store).await
}

async fn feeds(page: &mut Page, deployment: &Deployment, store: &Store) -> Result<()> {
    page.head("feed_newest_timestamp_seconds", "The day of the newest file that was accepted.");
    for mapping in &deployment.mappings {
        let newest = store.last_accepted(mapping.name()).await?.map(|file| file.outcome.data_date);
        if let Some(at) = newest.and_then(|day| midnight(deployment, day)) {
            page.value("feed_newest_timestamp_seconds", &[("feed", mapping.name())], at);
        }
    }
    let open = store.open_alarms().await?;
    page.head("feed_late", "Whether a feed is late: 1 late, 2 missing.");
    for (feed, _) in deployment.schedules.due() {
        let state =
            open.iter().find(|a| a.feed == feed).map_or(0, |a| if a.missing_at.is_some() { 2 } else { 1 });
        page.value("feed_late", &[("feed", feed)], state);
    }
    page.head("feed_due_timestamp_seconds", "When a feed's next file is late.");
    let now = deployment.clock.now();
    for (feed, due) in deployment.schedules.due() {
        if let Some(at) = due.next_deadline(&deployment.zone, &deployment.calendar, now) {
            page.value("feed_due_timestamp_seconds", &[("feed", feed)], at.as_second());
        }
    }
    Ok(())
}

async fn recipients(page: &mut Page, deployment: &Deployment, store: &Store) -> Result<()> {
    let (day, sealed) = (deployment.clock.today(&deployment.zone), store.sealed_bundles().await?);
    let standings = receipt::standings(deployment, store).await?;
    page.head("bundles_waiting", "Bundles that wait in the outbox.");
    for (id, partner) in deployment.agreement.partners() {
        let waiting = sealed.iter().filter(|row| row.recipient == Some(id)).count();
        page.value("bundles_waiting", &[("recipient", &partner.key)], waiting);
    }
    page.head("answers_overdue", "Lines of return forms that should have been answered.");
    for (_, partner) in deployment.agreement.partners() {
        let late: u64 = standings.iter().filter(|s| s.recipient == partner.key).map(|s| s.late(day)).sum();
        page.value("answers_overdue", &[("recipient", &partner.key)], late);
    }
    Ok(())
}

/// The first moment of a day, in seconds since 1970.
fn midnight(deployment: &Deployment, day: Date) -> Option<i64> {
    day.to_zoned_datetime(deployment.zone.clone()).ok().map(|at| at.timestamp().as_second())
}
