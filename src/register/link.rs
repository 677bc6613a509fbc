//! Decisions about who is who: taken down from nominees of the agreement's holder, each person's word once, and undone by a
//! decision of its own.

use super::{Desk, Draft, Stop};
use crate::night::publish::{record_decision, record_decisions};
use crate::review::said::{self, Word};
use crate::store::{Body, Ending, EntryId, LinkDecision, ReviewRow, ReviewState};
use anyhow::Result;
use lockgate_core::hash::Digest;
use lockgate_core::link::{Pair, Ruling, Rulings, Verdict, Vote};

/// The word of a request to take `different` back.
const REOPEN: &str = "reopen";

/// What was taken down.
pub struct Decided {
    /// The entry.
    pub entry: EntryId,
    /// What counts about the pair from now on.
    pub ruling: Option<Ruling>,
}

/// What became of an undoing.
pub enum Undone {
    /// These entries are ended.
    Ended(Vec<i64>),
    /// It was taken down, and a second person has to say so.
    Asked(EntryId),
}

/// What a person wants to say of a pair.
pub struct Saying {
    /// About whom.
    pub pair: Pair,
    /// What.
    pub verdict: Verdict,
    /// Also against identifiers that conflict.
    pub despite: bool,
    /// Whether their identifiers conflict.
    pub conflict: bool,
}

impl Desk<'_> {
    /// What every decision about a pair needs: a clock that can be right, and a current nominee of the holder.
    pub async fn reviewer(&self) -> Result<(), Stop> {
        if self.deployment.agreement.holder() != self.partner {
            let what = format!("`{}` is not the agreement's holder", self.signer());
            return Err(Stop::refused("LG1476", what));
        }
        self.in_order().await
    }

    /// Who decides.
    pub fn author_token(&self) -> &str {
        &self.decision.by
    }

    /// Takes a word about a pair down; what the same person said of it before ends with it.
    pub async fn say(&self, saying: &Saying, waits: Option<&ReviewRow>) -> Result<Decided, Stop> {
        let Saying { pair, verdict, despite, conflict } = *saying;
        let despite = despite && conflict && verdict == Verdict::Same;
        if verdict == Verdict::Same && conflict && !despite {
            return Err(Stop::refused("LG1471", "both carry a number of one kind, and the numbers differ"));
        }
        let words = said::words(&self.all);
        if verdict == Verdict::CannotTell
            && waits.is_none()
            && !words.iter().any(|w| w.pair == pair && w.stands())
        {
            return Err(Stop::refused("LG1475", "nobody asks about this pair"));
        }
        let own = |w: &&Word<'_>| w.pair == pair && w.stands() && w.entry.made.author == self.decision.by;
        let evidence = waits.map(|row| format!("{:016x}", row.evidence));
        let again = |w: &Word<'_>| {
            w.verdict() == Some(verdict) && w.says.despite == despite && w.says.evidence == evidence
        };
        if let Some(same) = words.iter().filter(own).find(|w| again(w)) {
            let what = format!("entry {} of `{}` says so", same.entry.id, self.decision.by);
            return Err(Stop::refused("LG1472", what));
        }
        let body = LinkDecision {
            a: pair.a.to_string(),
            b: pair.b.to_string(),
            verdict: verdict.word().into(),
            despite,
            evidence,
            code: waits.map(|row| row.reason.clone()),
        };
        let former: Vec<EntryId> = words.iter().filter(own).map(|w| w.entry.id).collect();
        let others = words.iter().filter(|w| w.pair == pair && w.stands() && !own(w)).filter_map(Word::vote);
        let vote =
            Vote { pair, by: &self.decision.by, verdict, despite, evidence: waits.map(|row| row.evidence) };
        let two = self.deployment.settings.review.two_people;
        let ruling = Rulings::of(others.chain([vote]), two).get(pair).cloned();
        let open = matches!(ruling, Some(Ruling::Waiting | Ruling::Disputed));
        let state = if open { ReviewState::Open } else { ReviewState::Decided };
        let entry = self.record_word(pair, body, &former, Some(state)).await?;
        Ok(Decided { entry, ruling })
    }

    /// Takes back what stands about a pair. Where two people are asked for, `different` is taken back by two.
    pub async fn take_back(&self, pair: Pair) -> Result<Undone, Stop> {
        let words = said::words(&self.all);
        let standing: Vec<&Word<'_>> = words.iter().filter(|w| w.pair == pair && w.stands()).collect();
        if !standing.iter().any(|w| w.verdict().is_some()) {
            return Err(Stop::refused("LG1473", "no decision about this pair stands"));
        }
        let others = |w: &&&Word<'_>| w.entry.made.author != self.decision.by;
        let apart = standing.iter().filter(|w| w.verdict() == Some(Verdict::Different)).any(|w| others(&w));
        let seconded = standing.iter().filter(|w| w.says.verdict == REOPEN).any(|w| others(&w));
        if self.deployment.settings.review.two_people && apart && !seconded {
            let asked = |w: &&&Word<'_>| w.says.verdict == REOPEN && !others(w);
            if let Some(same) = standing.iter().find(asked) {
                let what = format!("entry {} of `{}` asks for it", same.entry.id, self.decision.by);
                return Err(Stop::refused("LG1472", what));
            }
            let body = LinkDecision {
                a: pair.a.to_string(),
                b: pair.b.to_string(),
                verdict: REOPEN.into(),
                despite: false,
                evidence: None,
                code: None,
            };
            return Ok(Undone::Asked(self.record_word(pair, body, &[], None).await?));
        }
        let ended: Vec<EntryId> = standing.iter().map(|w| w.entry.id).collect();
        let mut tx = self.store.begin_decisions(self.day).await?;
        self.end_words(&mut tx, &ended, &self.decision.reference).await?;
        tx.mark_review((pair.a, pair.b), ReviewState::Open).await?;
        tx.commit().await?;
        Ok(Undone::Ended(ended.into_iter().map(|id| id.0).collect()))
    }

    /// A word, the end of the same person's former ones, the ledger's entries and the pair's place in the queue, at once.
    async fn record_word(
        &self,
        pair: Pair,
        body: LinkDecision,
        former: &[EntryId],
        state: Option<ReviewState>,
    ) -> Result<EntryId> {
        let draft = self.draft(self.day, None, Body::Link(body));
        let mut tx = self.store.begin_decisions(self.day).await?;
        self.end_words(&mut tx, former, "replaced by what the same person says now").await?;
        let id = self.add(&mut tx, &draft).await?;
        if let Some(state) = state {
            tx.mark_review((pair.a, pair.b), state).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    async fn add(&self, tx: &mut crate::store::BundleTx, draft: &Draft) -> Result<EntryId> {
        let id = tx.add_entry(&self.made(draft), &draft.body, None).await?;
        let kind = format!("register-{}", draft.body.register());
        record_decision(tx, &self.entry(&kind, super::desk::subject(id, draft))).await?;
        Ok(id)
    }

    async fn end_words(
        &self,
        tx: &mut crate::store::BundleTx,
        entries: &[EntryId],
        reference: &str,
    ) -> Result<()> {
        let mut told = Vec::new();
        for id in entries {
            let ending = Ending {
                on: self.day,
                by: self.decision.by.clone(),
                reference: reference.to_owned(),
                notified: None,
                at: Some(self.now.to_string()),
            };
            tx.end_entry(*id, &ending).await?;
            let text = format!("{id} ends on {}", self.day);
            told.push(self.entry("register-end-link", Digest::of(text.as_bytes())));
        }
        record_decisions(tx, told.into_iter()).await
    }
}
