//! A whole night: the stages in their order, and the summary at the end.

use super::collect::{Collected, Due};
use super::disclose::{self, Basis, Open};
use super::ingest::Taken;
use super::keep::KeptCounts;
use super::known::known;
use super::memories::Memories;
use super::policy_diff::{self, Comparison};
use super::progress::Progress;
use super::publish::{Fresh, finish_earlier, open_chapter, publish_all, record_decision};
use super::send::{Delivered, deliver, instead};
use super::summary::{FeedLine, RecipientLine, Shadow, Summary};
use super::{Night, Order, forms, hand_over, reading, receipts, registers, trial, witness};
use crate::approval;
use crate::config::Deployment;
use crate::correction;
use crate::deliver::{Doors, Way, collected};
use crate::exit::{Exit, Expected};
use crate::operate::traces;
use crate::schedule;
use crate::seal::{Sealer, Signer};
use crate::store::{Names, NewRun, PersonRef, Settling, Store, StoreError, StorePlace};
use crate::vault::{Archive, Vault};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use lockgate_core::agreement::PartnerId;
use lockgate_core::bundle::Lexicon;
use lockgate_core::check::Verdict;
use lockgate_core::hash::Digest;
use lockgate_core::ledger::checkpoint::Checkpoint;
use lockgate_core::ledger::{DecisionEntry, FileState};
use lockgate_core::problem::Problem;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// What a night leaves to say.
pub struct Told {
    /// The numbers.
    pub summary: Summary,
    /// Warnings about feeds and files.
    pub warnings: Vec<Problem>,
    /// Why files were held, and what keeps bundles from their doors.
    pub errors: Vec<Problem>,
    /// Which feeds became late, or came back: said once.
    pub alarms: Vec<schedule::Told>,
}

/// Runs a night on the deployment's own store.
pub async fn run(deployment: &Deployment, order: Order, quiet: bool) -> Result<Told> {
    let state = deployment.state();
    let published = deployment.root.join(&deployment.settings.bundles.folder);
    if !order.dry_run {
        let began = Timestamp::now();
        let mut told = Box::pin(in_state(deployment, order, quiet, &state, published)).await?;
        told.warnings.extend(traces::hand_over(&told.summary, began).await);
        return Ok(told);
    }
    // A dry run is a whole night on a copy, so that what it says is what the night would do.
    let scratch = tempfile::tempdir().context("making a place for the dry run")?;
    let copy = scratch.path().join("state");
    trial::copy(&state, &copy).context("copying the store for the dry run")?;
    crate::open::copied(deployment, &copy).await.context("copying the store for the dry run")?;
    Box::pin(in_state(deployment, order, quiet, &copy, scratch.path().join("bundles"))).await
}

async fn in_state(
    deployment: &Deployment,
    order: Order,
    quiet: bool,
    state: &Path,
    published: std::path::PathBuf,
) -> Result<Told> {
    let vault = Vault::new(deployment.usable_secret()?);
    let way = way(deployment, order.as_of, state)?;
    let (categories, partners) = deployment.names();
    let place = if order.dry_run { StorePlace::new(state, None) } else { deployment.store_place()? };
    let store =
        match Store::open(place, &vault, &Names { categories: &categories, partners: &partners }).await {
            Err(StoreError::InUse(_)) => {
                return Err(Expected::new(
                    Exit::Temporary,
                    "another run is going on; try again when it has ended",
                ));
            }
            other => other.map_err(crate::open::unopened)?,
        };
    let refused = approval::require(deployment, &store, state, order.as_of).await?;
    let unapproved = match refused {
        Err(refused) if !order.dry_run => {
            store.close().await?;
            return Err(Expected::new(Exit::Refused, refused.text()));
        }
        Err(refused) => refused.0,
        Ok(()) => Vec::new(),
    };
    let last = last_day(&store, order.as_of).await?;
    let archive = Archive::at(&state.join("archive"), &vault)?;
    let started = deployment.clock.now().to_string();
    let new = NewRun {
        as_of: order.as_of,
        started_at: &started,
        agreement_digest: *deployment.agreement.digest(),
        software: crate::SOFTWARE,
    };
    // What is only tried out is no ledger that anybody should hold a signature of.
    let signer = if order.dry_run { None } else { witness::signer(deployment, order.as_of) };
    let run = store.begin_run(&new).await?;
    let progress = Progress::new(quiet);
    let (day, dry_run, only) = (order.as_of, order.dry_run, order.feeds.clone());
    let night =
        Night { deployment, store: &store, vault: &vault, archive: &archive, state, order, run, progress };
    let doors = Arc::new(Doors::open(state, published, way)?);
    let mut told = as_far(&night, &doors, last).await?;
    told.warnings.extend(unapproved);
    if !dry_run && day == deployment.clock.today(&deployment.zone) {
        late(deployment, &store, &mut told).await?;
    }
    let Told { summary, .. } = &mut told;
    summary.only = only;
    (summary.run, summary.as_of, summary.dry_run) = (run.id.0, day.to_string(), dry_run);
    let waiting = store.waiting().await?;
    (summary.reviews, summary.quarantine, summary.held) =
        (waiting.reviews, waiting.quarantine, waiting.held_files);
    summary.timings = night.progress.timings();
    summary.exit = summary.ended() as u8;
    told.summary.ledger = Some(checkpoint(deployment, &store, signer.as_ref()).await?);
    let text = serde_json::to_string(&told.summary)?;
    store.finish_run(run.id, &deployment.clock.now().to_string(), told.summary.exit, &text).await?;
    drop(night);
    store.close().await?;
    Ok(told)
}

/// Where the ledger stands.
async fn checkpoint(deployment: &Deployment, store: &Store, signer: Option<&Signer>) -> Result<String> {
    let tree = store.tree().await?;
    let origin = deployment.ledger_origin();
    Ok(witness::note(&Checkpoint { origin, size: tree.size(), root: tree.root() }, signer)?)
}

/// How tonight's bundles leave. Without a key that signs nothing could, so nothing is begun.
pub(crate) fn way(deployment: &Deployment, day: Date, state: &Path) -> Result<Way> {
    if deployment.settings.bundles.plain {
        return Ok(Way::Plain);
    }
    let sealer = Sealer::open(&deployment.root, &deployment.keyring, day, state.join("outbox"));
    let unusable =
        |e: crate::seal::SealError| Expected::new(Exit::Configuration, format!("{e} ({})", e.code()));
    Ok(Way::Sealed(Box::new(sealer.map_err(unusable)?)))
}

/// The day of the last finished run; a run for an earlier day is refused.
async fn last_day(store: &Store, as_of: Date) -> Result<Option<Date>> {
    let runs = store.runs(1000).await?;
    let last = runs.iter().filter(|r| r.finished_at.is_some()).map(|r| r.as_of).max();
    if let Some(last) = last.filter(|l| *l > as_of) {
        let what = format!("a run of {last} has finished; a run of {as_of} would go back in time");
        return Err(Expected::new(Exit::Usage, what));
    }
    Ok(last)
}

/// The stages of a night. One that breaks off is traced as far as it came.
async fn as_far(night: &Night<'_>, doors: &Arc<Doors>, last: Option<Date>) -> Result<Told> {
    let began = Timestamp::now();
    let told = stages(night, doors, last).await;
    if let Err(fault) = told.as_ref()
        && !night.order.dry_run
    {
        let (as_of, timings) = (night.order.as_of.to_string(), night.progress.timings());
        let broken = traces::Night::broken(night.run.id.0, &as_of, &timings, fault);
        // Why it broke off is said; that nobody hears more of it need not be.
        let _ = traces::told(&broken, began).await;
    }
    told
}

async fn stages(night: &Night<'_>, doors: &Arc<Doors>, last: Option<Date>) -> Result<Told> {
    let registers = registers::read(night.store, night.deployment, night.vault, night.order.as_of).await?;
    // What a dry run works on has no bundles in it.
    let stuck = if night.order.dry_run {
        Vec::new()
    } else {
        finish_earlier(night, doors, &registers.closed).await?
    };
    // Whatever is tried out leaves the recipients' forms where they lie.
    let mut answers = Vec::new();
    if !night.order.dry_run {
        answers.extend(collected::take(night.deployment, night.store, night.state, night.order.as_of).await?);
        answers.extend(forms::fetch(night)?);
        answers.extend(receipts::collect(night, &doors.published).await?);
        answers.extend(crate::receipt::overdue(night.deployment, night.store, night.order.as_of).await?);
    }
    let memories = Memories::open(night.state)?;
    memories.sweep()?;
    hand_over::sweep(night.state)?;
    let (collected, mut taken) = reading::collect_and_read(night, &memories).await?;
    let Collected { superseded, known: seen, warnings, .. } = collected;
    let mut warnings: Vec<Problem> = warnings.into_iter().map(|(_, problem)| problem).collect();
    let known_now = known(night, &memories, &mut taken, last).await?;
    warnings.extend(known_now.proposed.iter().flat_map(|proposed| proposed.notes.iter().cloned()));
    // Before anything is decided: what is told from here on is what the sources say now.
    correction::settle(night).await?;
    let left = known_now.left.len() as u64;
    let mut summary = Summary { linked: known_now.linked, left, ..Summary::default() };
    (summary.joined, summary.moved) = (known_now.joined, known_now.moved);
    supersede(night, &superseded).await?;
    summary.feeds = feed_lines(night, &taken, &superseded, &seen, &known_now.kept);
    let mut errors = Vec::new();
    for file in &taken {
        match &file.verdict {
            Verdict::Accepted(w) => warnings.extend(place(night, file, w)),
            Verdict::Held(h) => errors.extend(place(night, file, h)),
        }
    }
    let files = chapter(night, &taken);
    drop(taken);
    if !files.is_empty() {
        open_chapter(night, &files).await?;
    }
    let (fresh, noted) = decide(night, doors, (&known_now.left, &stuck), &mut summary).await?;
    warnings.extend(noted);
    summary.cohort = match known_now.everybody {
        Some(known) => known,
        None => night.store.people().await?,
    };
    if !night.order.dry_run {
        let Delivered { failed, noted } = deliver(night, doors, fresh, &mut summary).await?;
        for problem in &failed {
            *summary.warnings.entry(problem.code.to_owned()).or_default() += 1;
        }
        errors.extend(failed);
        warnings.extend(noted);
    }
    warnings.extend(registers.reminders);
    warnings.extend(answers);
    let chase = (night.deployment, night.store, night.vault);
    warnings.extend(correction::overdue(chase, night.order.as_of).await?);
    expire(night).await?;
    known_now.finish(night).await?;
    for warning in &warnings {
        *summary.warnings.entry(warning.code.to_owned()).or_default() += 1;
    }
    Ok(Told { summary, warnings, errors, alarms: Vec::new() })
}

/// Looks whether feeds are late, now that all that has come was taken. A run for another day than today's fills a gap, and says
/// nothing about today.
async fn late(deployment: &Deployment, store: &Store, told: &mut Told) -> Result<()> {
    let now = deployment.clock.now();
    told.alarms = schedule::look(deployment, store, now, |_| None).await?;
    told.warnings.extend(told.alarms.iter().filter(|a| a.state == "back").map(|a| a.problem.clone()));
    let standing = schedule::standing(deployment, store).await?;
    told.summary.late = standing.len() as u64;
    told.warnings.extend(standing);
    Ok(())
}

/// What became of tonight's files, for the ledger.
fn chapter(night: &Night<'_>, taken: &[Taken]) -> Vec<(String, Digest, FileState)> {
    let one = |t: &Taken| {
        let feed = night.deployment.mapping(t.due.feed).map_or("", |m| m.name()).to_owned();
        let state = match t.verdict {
            Verdict::Held(_) => FileState::Held,
            Verdict::Accepted(_) if t.due.released => FileState::Released,
            Verdict::Accepted(_) => FileState::Accepted,
        };
        (feed, t.due.digest, state)
    };
    // That rows are read again was recorded when somebody asked for it.
    taken.iter().filter(|t| t.again.is_none()).map(one).collect()
}

fn place(night: &Night<'_>, file: &Taken, problems: &[Problem]) -> Vec<Problem> {
    let feed = night.deployment.mapping(file.due.feed).map_or("", |m| m.name());
    let placed = |p: &Problem| if p.at.is_some() { p.clone() } else { p.clone().in_data(feed, None, None) };
    problems.iter().map(placed).collect()
}

/// What nobody decided as long as its feed's files are kept waits no more; the ledger says how much.
async fn expire(night: &Night<'_>) -> Result<()> {
    for mapping in &night.deployment.mappings {
        let kept = jiff::Span::new().days(mapping.retention_days());
        let before = night.order.as_of.saturating_sub(kept);
        let mut tx = night.store.begin_decisions(night.order.as_of).await?;
        let (rows, files) = tx.expire(mapping.name(), before, night.run.id).await?;
        if rows + files > 0 {
            let reference = format!("{rows} rows and {files} held files older than {before}");
            let entry = DecisionEntry {
                as_of: night.order.as_of,
                kind: "quarantine-expired",
                by: mapping.name(),
                reference: &reference,
                subject: *mapping.digest(),
            };
            record_decision(&mut tx, &entry).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Full lists that a newer full list of the same night makes needless are recorded, and not read.
async fn supersede(night: &Night<'_>, superseded: &[Due]) -> Result<()> {
    for due in superseded {
        let mapping = night.deployment.mapping(due.feed)?;
        let id = night.store.record_held(&night.run, &super::keep::unread(mapping, due)).await?;
        night.store.supersede_file(id).await?;
    }
    Ok(())
}

/// Decides, records and publishes; then settles the people, and empties those who left.
async fn decide(
    night: &Night<'_>,
    doors: &Arc<Doors>,
    (left, stuck): (&BTreeSet<PersonRef>, &[PartnerId]),
    summary: &mut Summary,
) -> Result<(Fresh, Vec<Problem>)> {
    let deployment = night.deployment;
    // Read again: people may have been merged tonight.
    let mut registers = registers::read(night.store, deployment, night.vault, night.order.as_of).await?;
    let shut = shut(night, doors, stuck, &registers.closed);
    registers.close(shut.iter().map(|(id, _)| *id));
    let basis_now = registers.digest(&deployment.decides());
    let basis_before = night.store.meta("basis").await?;
    let pseudonyms: Vec<Vec<u8>> =
        deployment.agreement.partners().map(|(_, p)| night.vault.pseudonym_key(&p.key)).collect();
    let basis = Basis {
        registers: &registers.registers,
        pseudonyms: &pseudonyms,
        contents: night.contents(),
        lexicon: night.store.learn(&Lexicon::words(&deployment.agreement, &deployment.schema)).await?,
        commitments: night.vault.commitment_key(),
        // Whom an entry of a register concerns is marked when it is recorded; its days are in `next_change`.
        everybody: basis_before.as_deref() != Some(basis_now.as_str()),
    };
    let mut open = disclose::open(night, &doors.staging, &registers).await?;
    let settled = disclose::disclose(night, &basis, &mut open).await?;
    let (narrowed, open): (Vec<Open>, Vec<Open>) = open.into_iter().partition(|o| o.watch.narrowed());
    let settled = settled.into_iter().filter(|(person, _)| !left.contains(person)).collect();
    // What empties persons, or stops bundles, may write to whoever was merged into one of these.
    let settling = if left.is_empty() && narrowed.is_empty() {
        night.store.settling(settled).await
    } else {
        Settling::then(settled)
    };
    let (lines, mut fresh) = publish_all(night, doors, open).await?;
    let mut noted = Vec::new();
    summary.recipients = lines;
    if !narrowed.is_empty() {
        let (lines, more, told) = instead(night, doors, (&basis, &registers), narrowed).await?;
        noted = told;
        summary.stopped = lines.iter().map(|l| l.recipient.clone()).collect();
        summary.recipients.extend(lines);
        fresh.extend(more);
    }
    if summary.recipients.iter().all(|r| !r.failed) {
        // Only now: a bundle that was not made finds its people due the next night. Whoever left goes first: until then it is known
        // by its mark that somebody is to be destroyed.
        let gone: Vec<PersonRef> = left.iter().copied().collect();
        night.store.empty_persons(&gone).await?;
        night.store.settle(settling).await?;
        night.store.set_meta("basis", &basis_now).await?;
    }
    summary.recipients.extend(shut.into_iter().map(|(_, line)| line));
    summary.shadow = shadow(night).await?;
    Ok((fresh, noted))
}

/// The recipients for whom no bundle can be made tonight: without a key to seal to, or with an earlier bundle that still does
/// not leave. Nothing is decided about for them, so that nothing is recorded as disclosed; they catch up.
fn shut(
    night: &Night<'_>,
    doors: &Doors,
    stuck: &[PartnerId],
    closed: &[PartnerId],
) -> Vec<(PartnerId, RecipientLine)> {
    let partners = night.deployment.agreement.partners().filter(|(id, _)| !closed.contains(id));
    let mut out = Vec::new();
    for (id, partner) in partners {
        let ready = doors.ready(&partner.key);
        if let Err(error) = &ready {
            anstream::eprintln!("error[{}]: {error}", error.code());
        }
        if ready.is_err() || stuck.contains(&id) {
            out.push((id, RecipientLine { failed: true, ..RecipientLine::empty(&partner.key) }));
        }
    }
    out
}

/// What the proposed agreement, when there is one, would have changed tonight.
async fn shadow(night: &Night<'_>) -> Result<Option<Shadow>> {
    let Some(proposed) = &night.deployment.shadow else { return Ok(None) };
    night.progress.stage("deciding under the proposed agreement");
    let people = policy_diff::people(&Comparison {
        deployment: night.deployment,
        store: night.store,
        vault: night.vault,
        before: &night.deployment.agreement,
        after: proposed,
        as_of: night.order.as_of,
        then: None,
    })
    .await?;
    Ok(Some(Shadow { agreement: proposed.digest().hex(), version: proposed.version().to_owned(), people }))
}

fn feed_lines(
    night: &Night<'_>,
    taken: &[Taken],
    superseded: &[Due],
    known: &[u64],
    kept: &[KeptCounts],
) -> Vec<FeedLine> {
    let mut lines = Vec::new();
    for (feed, mapping) in night.deployment.mappings.iter().enumerate() {
        let before = lines.len();
        for due in superseded.iter().filter(|d| d.feed == feed) {
            lines.push(FeedLine {
                date: Some(due.date.to_string()),
                ..FeedLine::of(mapping.name(), "superseded")
            });
        }
        for (file, kept) in taken.iter().zip(kept).filter(|(t, _)| t.due.feed == feed) {
            let state = match file.verdict {
                Verdict::Held(_) => "held",
                Verdict::Accepted(_) if file.again.is_some() => "read again",
                Verdict::Accepted(_) if file.due.released => "released",
                Verdict::Accepted(_) => "accepted",
            };
            let t = &file.tally;
            lines.push(FeedLine {
                date: Some(file.due.date.to_string()),
                read: t.read,
                mapped: t.mapped + t.unchanged,
                unchanged: t.unchanged,
                quarantined: t.quarantined,
                duplicate: t.duplicate,
                skipped: t.skipped,
                new: kept.new,
                changed: kept.changed,
                outside: kept.outside,
                ..FeedLine::of(mapping.name(), state)
            });
        }
        if lines.len() == before {
            let seen = known.get(feed).copied().unwrap_or(0) > 0;
            lines.push(FeedLine::of(mapping.name(), if seen { "nothing new" } else { "no file" }));
        }
    }
    lines
}
