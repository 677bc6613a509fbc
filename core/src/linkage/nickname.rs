//! Which forenames are one: short forms and spellings, read from `forenames.txt`.

use alloc::vec::Vec;
use hashbrown::HashMap;

/// The list, as it stands in the repository.
const LIST: &str = include_str!("forenames.txt");

/// The groups of a name, at most four; 0 is none.
pub type Groups = [u16; 4];

/// The groups of each listed name.
pub struct Nicknames {
    groups: HashMap<&'static str, Groups>,
}

impl Default for Nicknames {
    fn default() -> Self {
        let mut groups: HashMap<&'static str, Groups> = HashMap::new();
        for (line, number) in lines().zip(1_u16..) {
            for name in line {
                let of = groups.entry(name).or_default();
                if !of.contains(&number)
                    && let Some(free) = of.iter_mut().find(|g| **g == 0)
                {
                    *free = number;
                }
            }
        }
        Self { groups }
    }
}

impl Nicknames {
    /// The groups of a cleaned forename.
    pub fn of(&self, name: &str) -> Groups {
        self.groups.get(name).copied().unwrap_or_default()
    }
}

/// Whether two names share a group.
pub fn meet(a: Groups, b: Groups) -> bool {
    a.iter().any(|g| *g != 0 && b.contains(g))
}

fn lines() -> impl Iterator<Item = Vec<&'static str>> {
    let kept = LIST.lines().filter(|line| !line.starts_with('#'));
    kept.map(|line| line.split_whitespace().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_groups_of_capital_names() {
        assert!(lines().count() > 250);
        for line in lines() {
            assert!(line.len() > 1, "{line:?} is no group");
            for name in line {
                assert!(name.bytes().all(|b| b.is_ascii_uppercase()) && name.len() > 1, "{name}");
            }
        }
    }

    #[test]
    fn short_forms_meet_their_names_and_no_other() {
        let list = Nicknames::default();
        let meets = |a, b| meet(list.of(a), list.of(b));
        for (a, b) in
            [("WILLIAM", "BILLY"), ("CHRIS", "CHRISTINE"), ("CHRIS", "CHRISTOPHER"), ("MOHD", "MUHAMMAD")]
        {
            assert!(meets(a, b), "{a} {b}");
        }
        for (a, b) in
            [("CHRISTINE", "CHRISTOPHER"), ("JAMES", "JOHN"), ("PATRICK", "PATRICIA"), ("NOBODY", "NOBODY")]
        {
            assert!(!meets(a, b), "{a} {b}");
        }
    }
}
