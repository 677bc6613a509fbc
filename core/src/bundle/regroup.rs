//! Who is who changed: what a recipient holds of a record goes with the record to the person to whom it belongs now, so
//! that the next bundle corrects or withdraws it under the number and version by which the recipient knows it.

use super::Holdings;
use crate::record::RecordId;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Records that go from one person to another.
pub type Moves<P> = BTreeMap<(P, P), BTreeSet<RecordId>>;

/// Moves what one recipient holds. `held` has what it holds of each person that occurs; the answer names those of whom it
/// holds something else now. All is taken before anything is given, so that persons may change places.
pub fn regroup<P: Ord + Copy>(held: &mut BTreeMap<P, Holdings>, moves: &Moves<P>) -> BTreeSet<P> {
    let (mut taken, mut changed) = (Vec::new(), BTreeSet::new());
    for ((from, to), records) in moves {
        let Some(source) = held.get_mut(from).filter(|_| from != to) else { continue };
        let gone = source.take(|record| records.contains(&record));
        if !gone.is_empty() {
            changed.extend([*from, *to]);
            taken.push((*to, gone));
        }
    }
    for (to, records) in taken {
        held.entry(to).or_default().absorb(records);
    }
    changed
}

#[cfg(test)]
#[expect(clippy::panic, reason = "tests")]
mod tests {
    use super::*;
    use crate::agreement::PartnerId;
    use crate::bundle::samples::{PERSON, RELEASE, key, meta, schema};
    use crate::bundle::{BundleKind, Change, Lexicon, Plan, Planner};
    use crate::gate::Disclosed;
    use crate::hash::HashKey;
    use crate::record::PersonId;
    use crate::schema::Schema;
    use alloc::string::String;
    use jiff::civil::Date;
    use proptest::prelude::*;

    const IDENTITIES: u128 = 5;
    const RECIPIENTS: u8 = 3;
    const TEXTS: [&str; 3] = ["one", "two", "three"];

    /// One night: to whom each identity belongs, which of them have records, what these say, and who gets a bundle.
    #[derive(Debug, Clone)]
    struct Night {
        person: Vec<u8>,
        there: Vec<bool>,
        says: Vec<u8>,
        open: Vec<bool>,
    }

    fn night() -> impl Strategy<Value = Night> {
        let of = |n: usize| proptest::collection::vec(any::<bool>(), n);
        let people = proptest::collection::vec(0u8..4, 5);
        let parts = (people, of(5), proptest::collection::vec(0u8..3, 5), of(3));
        parts.prop_map(|(person, there, says, open)| Night { person, there, says, open })
    }

    impl Night {
        fn person(&self, identity: u128) -> PersonId {
            let at = usize::try_from(identity).unwrap_or_default();
            PersonId(100 + u128::from(self.person.get(at).copied().unwrap_or(0)))
        }

        fn has(&self, identity: u128) -> bool {
            self.there.get(usize::try_from(identity).unwrap_or_default()).copied().unwrap_or(false)
        }

        fn text(&self, identity: u128) -> &'static str {
            let at = self.says.get(usize::try_from(identity).unwrap_or_default()).copied().unwrap_or(0);
            TEXTS.get(usize::from(at)).copied().unwrap_or("")
        }

        /// Who may have what: a recipient works with a person of whom an identity is its own, and hears of the others. What
        /// leaves about one of two because of the other is what an un-merge has to call back.
        fn allowed(&self, recipient: u8) -> Copy {
            let own = |identity: u128| identity % u128::from(RECIPIENTS) == u128::from(recipient);
            let mut out = BTreeMap::new();
            for identity in (0..IDENTITIES).filter(|i| self.has(*i)) {
                let person = self.person(identity);
                let works = (0..IDENTITIES).any(|i| own(i) && self.has(i) && self.person(i) == person);
                if works && !own(identity) {
                    for record in records(identity) {
                        out.insert(record, (person, self.text(identity)));
                    }
                }
            }
            out
        }
    }

    fn records(identity: u128) -> [u128; 2] {
        [10 * identity + 1, 10 * identity + 2]
    }

    struct World {
        schema: Schema,
        partners: Vec<String>,
        contents: HashKey,
        lexicon: Lexicon,
    }

    impl World {
        fn plan<'p>(
            &self,
            (recipient, day): (u8, i8),
            person: PersonId,
            allowed: &BTreeMap<u128, (PersonId, &'p str)>,
            held: &Holdings,
        ) -> Plan<'p> {
            let (to, review) = (PartnerId(recipient), |day: Date| day);
            let planner = Planner {
                recipient: to,
                kind: BundleKind::Delta,
                as_of: Date::constant(2008, 11, day),
                review_by: &review,
                schema: &self.schema,
                partners: &self.partners,
                person: PERSON,
                contents: &self.contents,
                lexicon: &self.lexicon,
            };
            let of = allowed.iter().filter(|(_, (about, _))| *about == person);
            let disclosed = of
                .map(|(record, (_, text))| {
                    Disclosed::sample(to, person, RecordId(*record), RELEASE, &[(1, Some(*text))])
                })
                .collect();
            planner.plan(person, disclosed, held).unwrap_or_else(|p| panic!("{}", p.what))
        }
    }

    /// What one recipient has, and what the gateway believes that it has.
    #[derive(Default)]
    struct Recipient {
        held: BTreeMap<PersonId, Holdings>,
        copy: Copy,
        versions: BTreeMap<u128, u32>,
    }

    /// By record: under whom, and what it says.
    type Copy = BTreeMap<u128, (PersonId, &'static str)>;

    /// What has to be told to whoever has the one and may have the other.
    fn owed(had: &Copy, allowed: &Copy) -> BTreeMap<u128, Change> {
        let of = |record: &u128| match (had.get(record), allowed.get(record)) {
            (Some(_), None) => Some(Change::Withdrawal),
            (Some(before), Some(now)) if before != now => Some(Change::Correction),
            (None, Some(_)) => Some(Change::New),
            _ => None,
        };
        let all: BTreeSet<u128> = had.keys().chain(allowed.keys()).copied().collect();
        all.iter().filter_map(|record| Some((*record, of(record)?))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

        /// Over random histories of merging, parting, correcting, leaving and not being delivered to: after each of its bundles
        /// a recipient has exactly what it may have, under the person to whom it belongs; whoever had anything else gets
        /// exactly one row that says so, which its return form asks it to confirm; and nobody else gets one.
        #[test]
        fn clause_6_1_an_un_merge_reaches_exactly_those_who_got_what_was_wrong(
            nights in proptest::collection::vec(night(), 2..7),
        ) {
            let lexicon = Lexicon::of([(1, "prison_release".into())]);
            let world = World { schema: schema(), partners: meta().partners, contents: key(), lexicon };
            let mut recipients: Vec<Recipient> = (0..RECIPIENTS).map(|_| Recipient::default()).collect();
            let mut before: Option<&Night> = None;
            for (tonight, day) in nights.iter().zip(1i8..) {
                let mut moves: Moves<PersonId> = Moves::new();
                for identity in 0..IDENTITIES {
                    let Some(was) = before.map(|n| n.person(identity)) else { continue };
                    let now = tonight.person(identity);
                    if was != now {
                        moves.entry((was, now)).or_default().extend(records(identity).map(RecordId));
                    }
                }
                for (recipient, number) in recipients.iter_mut().zip(0u8..) {
                    regroup(&mut recipient.held, &moves);
                    if !tonight.open.get(usize::from(number)).copied().unwrap_or(false) {
                        continue;
                    }
                    let allowed = tonight.allowed(number);
                    let persons: BTreeSet<PersonId> =
                        recipient.held.keys().copied().chain(allowed.values().map(|a| a.0)).collect();
                    let had = recipient.copy.clone();
                    let mut told: BTreeMap<u128, Change> = BTreeMap::new();
                    for person in persons {
                        let held = recipient.held.entry(person).or_default();
                        let plan = world.plan((number, day), person, &allowed, held);
                        for row in &plan.rows {
                            let record = row.record().0;
                            prop_assert!(told.insert(record, row.change()).is_none(), "a record stands twice");
                            let last = recipient.versions.insert(record, row.version()).unwrap_or(0);
                            prop_assert_eq!(row.version(), last + 1);
                            prop_assert_eq!(row.replaces(), row.change() == Change::Correction, "asked to replace");
                            if row.change() == Change::Withdrawal {
                                recipient.copy.remove(&record);
                            } else if let Some(now) = allowed.get(&record) {
                                recipient.copy.insert(record, *now);
                            }
                        }
                        let packed = plan.after.to_bytes(&world.lexicon);
                        *held = Holdings::from_bytes(&packed, &world.lexicon).map_err(|p| TestCaseError::fail(p.what))?;
                    }
                    prop_assert_eq!(&recipient.copy, &allowed, "recipient {} on night {}", number, day);
                    prop_assert_eq!(told, owed(&had, &allowed), "recipient {} on night {}", number, day);
                }
                before = Some(tonight);
            }
        }
    }
}
