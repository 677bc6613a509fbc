//! Which person a cluster is. Ids are stable from night to night and never given to another human being.

use super::forest::Clusters;
use super::scope::Scope;
use crate::record::{IdentityId, PersonId};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Gives each cluster its person. A cluster keeps the person its members had; of several, the one
/// known longest. A person is kept by one cluster only, so that an un-merge leaves the id with one of the two: the one
/// that is designated for the cohort, of several the one that holds the founding identity, else the one with the
/// smallest identity. A new person is named after its founding identity, a designated one first, so that nothing
/// outside the cohort list can rename anybody.
pub(super) fn name_clusters(scope: &Scope, clusters: &Clusters) -> Vec<PersonId> {
    let mut claims: BTreeMap<PersonId, (bool, bool, IdentityId, usize)> = BTreeMap::new();
    let wanted: Vec<Option<PersonId>> = clusters
        .iter()
        .enumerate()
        .map(|(n, cluster)| {
            let (_, person) =
                cluster.iter().filter_map(|i| scope.known(*i)).map(|(p, run)| (run, p)).min()?;
            let founder = cluster.iter().any(|i| scope.identity(*i).0 == person.0);
            let least = cluster.iter().map(|i| scope.identity(*i)).min()?;
            let designated = cluster.iter().any(|i| scope.designated(*i));
            let claim = (!designated, !founder, least, n);
            let best = claims.entry(person).or_insert(claim);
            *best = (*best).min(claim);
            Some(person)
        })
        .collect();
    let mut taken: BTreeSet<PersonId> = claims.keys().copied().collect();
    let mut out = Vec::with_capacity(wanted.len());
    for (n, (cluster, wanted)) in clusters.iter().zip(wanted).enumerate() {
        let kept = wanted.filter(|p| claims.get(p).is_some_and(|c| c.3 == n));
        out.push(kept.unwrap_or_else(|| found(scope, cluster, &mut taken)));
    }
    out
}

fn found(scope: &Scope, cluster: &[u32], taken: &mut BTreeSet<PersonId>) -> PersonId {
    let founder = |i: &u32| (!scope.designated(*i), scope.identity(*i));
    // An identity that founded a person who went elsewhere cannot found a second one.
    let free = |(_, identity): &(bool, IdentityId)| !taken.contains(&PersonId(identity.0));
    if let Some((_, identity)) = cluster.iter().map(founder).filter(free).min() {
        // Nobody else has this identity, hence this name.
        return PersonId(identity.0);
    }
    let first = cluster.iter().map(founder).min().map_or(0, |f| f.1.0);
    let free = |p: &PersonId| !taken.contains(p) && scope.index_of(IdentityId(p.0)).is_none();
    let person = (1..=u128::from(u32::MAX))
        .map(|n| PersonId(first.wrapping_add(n)))
        .find(free)
        .unwrap_or(PersonId(first));
    taken.insert(person);
    person
}
