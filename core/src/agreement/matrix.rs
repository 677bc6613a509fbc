//! The whole agreement as one text: recipient × field → clause, or a dash. Reviewed as a diff.

use super::who_sees::Sees;
use super::{Agreement, PartnerId};
use crate::schema::{CategoryId, FieldId, Schema};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

const HEADER: &str = "\
# Who may receive what. Generated from the files of this folder; read it, change those.
#
# One line per recipient and field: the clause under which it leaves, or a dash for never.
# `whole`, or the word of the reduction; `if` conditions, all of which must hold; `on` the recorded
# authorities that open the field whole. `own` is the recipient's own information. A row leaves only
# for a person of the cohort, and never past a restriction, whatever stands here.
";

impl Agreement {
    /// The matrix, in the order of the agreement and the schema; ends with a line feed.
    pub fn matrix(&self, schema: &Schema) -> String {
        let mut out = String::from(HEADER);
        for (recipient, partner) in self.partners() {
            let _ = write!(out, "\n## {}: {}\n", partner.key, partner.name);
            for (category, rule) in schema.categories().filter(|(_, c)| !c.internal) {
                for (field, id) in rule.fields.iter().zip(0u8..) {
                    let cell = self.matrix_cell(recipient, category, FieldId(id));
                    let name = format!("{}.{}", rule.name, field.name);
                    let _ = writeln!(out, "{:9} {name:45} {cell}", partner.key);
                }
            }
        }
        out
    }

    fn matrix_cell(&self, recipient: PartnerId, category: CategoryId, field: FieldId) -> String {
        if let Some(sees) = self.sees(recipient, category, field) {
            return line(&sees);
        }
        let sole = self.rule(category).is_some_and(|r| r.owners.iter().all(|(p, _)| *p == recipient));
        if sole { "own".into() } else { "-".into() }
    }
}

/// A cell as one line.
pub(super) fn line(sees: &Sees<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    words.push(sees.clauses.join(","));
    words.extend(sees.standing.map(Into::into));
    if !sees.conditions.is_empty() {
        words.push(format!("if {}", sees.conditions.join(" and ")));
    }
    if !sees.authority_all.is_empty() {
        words.push(format!("on {}", sees.authority_all.join(" and ")));
    }
    if !sees.authority_any.is_empty() {
        words.push(format!("on {}", sees.authority_any.join(" or ")));
    }
    words.join(" ")
}
