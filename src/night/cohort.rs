//! Who is in the cohort tonight: identities with their persons, as sorted lists. A map of the same takes half as much room again,
//! and a night holds this one from linking to its last file.

use lockgate_core::record::{IdentityId, PersonId};

/// Identities that share a place of the table of beginnings, on average: they are even by nature.
const TOGETHER: usize = 8;

/// Identities in scope that belong to a person in the cohort.
#[derive(Default)]
pub struct Cohort {
    identities: Vec<IdentityId>,
    persons: Vec<PersonId>,
    /// Where those of each beginning start; one more at the end.
    starts: Vec<u32>,
    shift: u32,
}

impl Cohort {
    /// Of identities with their persons; of one that stands twice the first counts. The linker tells them in their order.
    pub fn of(members: impl Iterator<Item = (IdentityId, PersonId)> + Clone) -> Self {
        let count = members.clone().count();
        let (mut identities, mut persons) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for (identity, person) in members {
            identities.push(identity);
            persons.push(person);
        }
        if !identities.is_sorted_by(|a, b| a < b) {
            let mut members: Vec<_> = identities.into_iter().zip(persons).collect();
            members.sort_by_key(|(identity, _)| *identity);
            members.dedup_by_key(|(identity, _)| *identity);
            (identities, persons) = members.into_iter().unzip();
        }
        let beginnings = (identities.len() / TOGETHER).next_power_of_two().max(2);
        let shift = 128 - beginnings.trailing_zeros();
        let mut cohort = Self { identities, persons, starts: Vec::with_capacity(beginnings + 1), shift };
        for (place, identity) in (0u32..).zip(&cohort.identities) {
            let at = beginning(*identity, shift);
            cohort.starts.resize(cohort.starts.len().max(at + 1), place);
        }
        let all = u32::try_from(cohort.identities.len()).unwrap_or(u32::MAX);
        cohort.starts.resize(beginnings + 1, all);
        cohort
    }

    /// Where an identity stands among them.
    pub fn place(&self, identity: IdentityId) -> Option<usize> {
        let at = beginning(identity, self.shift);
        let (low, high) = (*self.starts.get(at)? as usize, *self.starts.get(at + 1)? as usize);
        self.identities.get(low..high)?.binary_search(&identity).ok().map(|place| low + place)
    }

    /// The person of an identity; `None` of one that is not in the cohort.
    pub fn person(&self, identity: IdentityId) -> Option<PersonId> {
        self.persons.get(self.place(identity)?).copied()
    }

    /// Whether an identity belongs to somebody in the cohort.
    pub fn has(&self, identity: IdentityId) -> bool {
        self.place(identity).is_some()
    }

    /// All identities, in their order.
    pub fn identities(&self) -> &[IdentityId] {
        &self.identities
    }

    /// Their persons, in the same order.
    pub fn persons(&self) -> &[PersonId] {
        &self.persons
    }
}

fn beginning(identity: IdentityId, shift: u32) -> usize {
    usize::try_from(identity.0 >> shift).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// As a map of the same, for identities that are even and for others.
        #[test]
        fn everybody_is_found_with_their_person_and_nobody_else(
            members in proptest::collection::vec(
                (prop_oneof![any::<u128>(), 0u128..40, (0u128..40).prop_map(|n| u128::MAX - n)], any::<u128>()), 0..300),
            others in proptest::collection::vec(prop_oneof![any::<u128>(), 0u128..60], 0..60),
        ) {
            let mut map: BTreeMap<u128, u128> = BTreeMap::new();
            members.iter().for_each(|(identity, person)| _ = map.entry(*identity).or_insert(*person));
            let cohort =
                Cohort::of(members.iter().map(|(i, p)| (IdentityId(*i), PersonId(*p))));
            for identity in map.keys().chain(&others) {
                let person = cohort.person(IdentityId(*identity)).map(|person| person.0);
                prop_assert_eq!(person, map.get(identity).copied());
                prop_assert_eq!(cohort.has(IdentityId(*identity)), map.contains_key(identity));
            }
            let all: Vec<(u128, u128)> =
                cohort.identities().iter().zip(cohort.persons()).map(|(i, p)| (i.0, p.0)).collect();
            prop_assert_eq!(all, map.into_iter().collect::<Vec<_>>());
        }
    }
}
