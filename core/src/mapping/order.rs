//! The order of feeds within a day: who has the later word about a fact that two feeds tell.

use super::{Mapping, codes};
use crate::problem::Problem;
use alloc::format;
use alloc::vec::Vec;

/// Indexes of the mappings in the order in which files of one day are taken: as given, but no feed
/// before one that it names under `after`. Fails when a name is unknown or two wait for each other.
pub fn in_order(mappings: &[Mapping]) -> Result<Vec<usize>, Problem> {
    let place = |name: &str| mappings.iter().position(|m| m.name == name);
    for mapping in mappings {
        if let Some(unknown) = mapping.after.iter().find(|name| place(name).is_none()) {
            let what = format!("feed `{}` comes after `{unknown}`, which is no feed", mapping.name);
            let problem = Problem::new(codes::FEED, what).in_config(&mapping.file, 0..0);
            return Err(problem.suggest(unknown, mappings.iter().map(|m| m.name.as_str())));
        }
    }
    let mut order: Vec<usize> = Vec::with_capacity(mappings.len());
    while order.len() < mappings.len() {
        let placed = |name: &str| place(name).is_some_and(|at| order.contains(&at));
        let left = || mappings.iter().enumerate().filter(|(at, _)| !order.contains(at));
        let ready = left().find(|(_, m)| m.after.iter().all(|name| placed(name)));
        match (ready, left().next()) {
            (Some((at, _)), _) => order.push(at),
            (None, Some((_, mapping))) => {
                let what = format!("feed `{}` waits, by way of `after`, for itself", mapping.name);
                return Err(Problem::new(codes::FEED, what).in_config(&mapping.file, 0..0));
            }
            (None, None) => break,
        }
    }
    Ok(order)
}
