//! A look at a pair without a night: who is who by what is remembered and decided now, and what else would be if somebody
//! decided.

use super::said;
use crate::night::Night;
use crate::night::link::{Retained, retained};
use crate::night::memories::Memories;
use crate::store::{KnownIdentity, Registered};
use anyhow::Result;
use hashbrown::HashMap;
use lockgate_core::link::{
    How, Linking, Pair, Remembered, Ruling, Rulings, Scope, Verdict, Vote, compare, link,
};
use lockgate_core::record::{IdentityId, PersonId};

/// Everything that is remembered and decided about those whom a pair touches.
pub struct Look<'a> {
    /// The surroundings; nothing is written.
    pub night: &'a Night<'a>,
    /// The files that count.
    pub files: Retained,
    /// Whom the pair touches.
    pub scope: Scope,
    /// Those of them that the store holds.
    pub known: Vec<KnownIdentity>,
    /// Every entry of the registers.
    pub entries: Vec<Registered>,
    /// What counts of it.
    pub rulings: Rulings,
}

/// Who is who under some rulings.
pub struct Who {
    /// The person of each identity in scope.
    pub person: HashMap<IdentityId, PersonId>,
    /// Those of them that are in the cohort.
    pub cohort: Vec<IdentityId>,
    /// What the linker asks of a person, or could not follow.
    pub linking: Linking,
}

impl<'a> Look<'a> {
    /// Looks at a pair.
    pub async fn at(night: &'a Night<'a>, pair: Pair) -> Result<Self> {
        let day = night.order.as_of;
        let entries = night.store.registered().await?;
        let rulings = said::rulings(&entries, day, night.deployment.settings.review.two_people);
        let files = retained(night, &Memories::open(night.state)?, &mut []).await?;
        let mut seeds = vec![pair.a, pair.b];
        crate::night::link::companions(night, &mut seeds).await?;
        let views: Vec<Vec<&dyn Remembered>> =
            files.iter().map(|of| of.iter().map(|kept| &kept.memory as &dyn Remembered).collect()).collect();
        let mut ties = rulings.ties();
        ties.push((pair.a, pair.b));
        let mut scope = tokio::task::block_in_place(|| Scope::closure(&views, seeds, &ties, day))?;
        drop(views);
        let ids: Vec<IdentityId> = scope.indexes().map(|i| scope.identity(i)).collect();
        let known = night.store.known_identities(&ids).await?;
        for row in &known {
            scope.set_known(row.key, row.person_key, row.first_run);
        }
        Ok(Self { night, files, scope, known, entries, rulings })
    }

    /// Whether any file that counts says anything about an identity.
    pub fn is_told_of(&self, identity: IdentityId) -> bool {
        self.scope.index_of(identity).is_some()
    }

    /// Whether two carry identifiers that conflict.
    pub fn conflict(&self, pair: Pair) -> bool {
        let keys = |identity| self.scope.index_of(identity).map(|at| self.scope.keys(at));
        let (Some(a), Some(b)) = (keys(pair.a), keys(pair.b)) else { return false };
        compare(a, b).into_iter().any(|(what, how)| what.unique() && how == How::Differ)
    }

    /// Who is who now.
    pub fn now(&self) -> Who {
        self.under(&self.rulings)
    }

    /// Who would be who if nobody had said anything of a pair.
    pub fn if_undecided(&self, pair: Pair) -> Who {
        self.supposing(pair, None)
    }

    /// Who would be who if a pair were decided so by as many people as it takes, and nobody said otherwise.
    pub fn if_decided(&self, pair: Pair, verdict: Verdict) -> Who {
        self.supposing(pair, Some(verdict))
    }

    fn supposing(&self, pair: Pair, verdict: Option<Verdict>) -> Who {
        let two = self.night.deployment.settings.review.two_people;
        let words = said::words(&self.entries);
        let others = words.iter().filter(|w| w.pair != pair && w.entry.holds(self.night.order.as_of));
        let mut votes: Vec<Vote<'_>> = others.filter_map(said::Word::vote).collect();
        let said = |verdict| ["1", "2"].map(|by| Vote { pair, by, verdict, despite: true, evidence: None });
        votes.extend(verdict.into_iter().flat_map(said));
        let over =
            |w: &&said::Word<'_>| w.entry.over(self.night.order.as_of) && w.verdict() == Some(Verdict::Same);
        let mut undone: Vec<Pair> = words.iter().filter(over).map(|w| w.pair).collect();
        if verdict != Some(Verdict::Same) && matches!(self.rulings.get(pair), Some(Ruling::Same { .. })) {
            undone.push(pair);
        }
        self.under(&Rulings::of(votes, two).with_undone(undone))
    }

    fn under(&self, rulings: &Rulings) -> Who {
        let linking = link(&self.scope, rulings);
        let (mut person, mut cohort) = (HashMap::new(), Vec::new());
        for ((i, to), inside) in self.scope.indexes().zip(&linking.person).zip(&linking.cohort) {
            let identity = self.scope.identity(i);
            person.insert(identity, *to);
            if *inside {
                cohort.push(identity);
            }
        }
        Who { person, cohort, linking }
    }
}

impl Who {
    /// Whether two identities are one person.
    pub fn together(&self, pair: Pair) -> bool {
        let of = |identity| self.person.get(&identity);
        of(pair.a).is_some() && of(pair.a) == of(pair.b)
    }

    /// Whoever is one person with an identity.
    pub fn with(&self, identity: IdentityId) -> Vec<IdentityId> {
        let Some(person) = self.person.get(&identity) else { return Vec::new() };
        let mut all: Vec<IdentityId> =
            self.person.iter().filter(|(_, p)| *p == person).map(|(i, _)| *i).collect();
        all.sort_unstable();
        all
    }
}
