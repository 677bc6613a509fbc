//! The rules of the gate in their order, and the count of what each withheld.

use crate::problem::{Code, CodeDoc};

macro_rules! rules {
    ($($name:ident $code:literal $word:literal $clause:literal $holds:literal $title:literal $explanation:literal;)*) => {
        /// A rule that can withhold. Deny overrides: the first that fails decides.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Rule {
            $(#[doc = $title] $name,)*
        }

        impl Rule {
            /// All rules, in the order in which they are asked.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// A short word, for counts.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// The code that `lockgate explain` expands.
            pub const fn code(self) -> Code {
                match self { $(Self::$name => $code),* }
            }

            /// The clause of the agreement behind the rule.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$name => $clause),* }
            }

            /// Plain words when the rule lets pass.
            pub const fn holds(self) -> &'static str {
                match self { $(Self::$name => $holds),* }
            }

            /// Plain words when the rule withholds.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }
        }

        /// Codes of this room (`LG15nn`).
        pub const CODES: &[CodeDoc] = &[
            $(CodeDoc { code: $code, title: $title, explanation: $explanation },)*
        ];
    };
}

rules! {
    Restriction "LG1501" "restriction" "5.1.1.iii"
        "no restriction covers the record"
        "a restriction covers the record"
        "The source marked the record, or a restriction in the register covers it or its person. It is silent: in no row, count or \
         condition of the recipient. Only the one who made the restriction lifts it.";
    Cancelled "LG1502" "cancelled" "6.1"
        "the record stands"
        "the source has cancelled the record"
        "A cancelled record is not disclosed; who had it receives a withdrawal.";
    Own "LG1503" "own" "5.2.1"
        "the record comes from another partner"
        "the record is the recipient's own"
        "A partner never gets its own rows back.";
    Internal "LG1504" "internal" "5.2.2"
        "the category is shared under the agreement"
        "the category is kept for the gateway's own decisions"
        "Designations, caseloads, transfers of care and movements are read for conditions, and are never given to anyone.";
    InForce "LG1505" "not_in_force" "5.6"
        "the agreement is in force"
        "the agreement is not in force on the day"
        "Before its first day and after its last the agreement permits nothing.";
    Nominee "LG1506" "no_nominee" "7.3"
        "the recipient has a current nominee"
        "the recipient has no current nominee"
        "Only a designated person may receive. Add the new nominee to the agreement's nominees.";
    Suspended "LG1507" "suspended" "7.3"
        "the recipient is not suspended"
        "the recipient is suspended"
        "A suspended partner receives nothing until it is resumed.";
    Key "LG1508" "no_key" "5.5.3"
        "the recipient has a key for its references"
        "the recipient has no key for its references"
        "Every reference in a bundle is the recipient's own pseudonym; without its key no row can be written.";
    Cohort "LG1509" "not_in_cohort" "1.1"
        "the person is in the cohort"
        "the person is not in the cohort on the day"
        "Only people with a current designation leave the gateway.";
    Grant "LG1510" "no_grant" "5.2.2"
        "the recipient has a grant for the category"
        "the recipient has no grant for the category"
        "What the recipient's entitlement file does not list is withheld.";
    Originator "LG1511" "other_clause" "5.2.3"
        "the originator shares the category under a clause of the grant"
        "the originator does not share the category under a clause of the grant"
        "A category is shared by its owners only, each under its own clause, and the grant lists the clauses that it covers.";
    Condition "LG1512" "condition" "5.2.2"
        "the conditions of the grant hold"
        "a condition of the grant does not hold"
        "A grant may ask for conditions (`agreement/conditions.toml`). Unknown or missing information makes a condition false.";
    Handling "LG1513" "handling" "5.1.1.vii"
        "the handling and dissemination codes permit the recipient"
        "the handling or dissemination code does not permit the recipient"
        "Intelligence leaves only as its dissemination code permits the recipient's class; a missing or unlisted code is for nobody.";
    Authority "LG1514" "authority" "5"
        "what the grant leaves to an authority is open, or is not asked for"
        "an authority is needed and none is recorded"
        "Text, other persons and sensitive information leave only when the originator's decision for this record, this recipient and \
         these fields is in the register.";
    Field "LG1515" "field" "5.2.2"
        "the grant lists the field"
        "the grant does not list the field"
        "What the grant does not list is withheld, field by field.";
    Reduction "LG1516" "reduction" "5.2.2"
        "the field can be given as the grant says"
        "a field cannot be reduced as the grant says"
        "A value that cannot be reduced is not given whole: the row is withheld.";
    Empty "LG1517" "empty" "5.2.2"
        "the record holds something that the recipient may have"
        "the record holds nothing that the recipient may have"
        "A row without any granted value would only say that the record exists.";
    Alone "LG1518" "alone" "5.2.2"
        "another record of the person goes to the recipient"
        "no other record of the person goes to the recipient"
        "Rows that say who a person is leave only beside what is shared about that person.";
    Folded "LG1519" "folded" "5.2.2"
        "the record is given as a row of its own"
        "the record is counted in another row"
        "The grant gives a count: the rows of a month are one row.";
}

/// How many records of one person each rule withheld from one recipient. For the run's own balance
/// (records = disclosed + withheld); it counts what is silent too, so it never goes to a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withheld([u32; Rule::ALL.len()]);

impl Default for Withheld {
    fn default() -> Self {
        Self([0; Rule::ALL.len()])
    }
}

impl Withheld {
    pub(super) fn add(&mut self, rule: Rule, count: u32) {
        if let Some(slot) = self.0.get_mut(rule as usize) {
            *slot = slot.saturating_add(count);
        }
    }

    /// Adds another count.
    pub fn merge(&mut self, other: &Self) {
        for (rule, count) in other.iter() {
            self.add(rule, count);
        }
    }

    /// The rules that withheld something, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (Rule, u32)> {
        Rule::ALL.iter().copied().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// What one rule withheld.
    pub fn count(&self, rule: Rule) -> u32 {
        self.0.get(rule as usize).copied().unwrap_or(0)
    }

    /// All together.
    pub fn total(&self) -> u32 {
        self.0.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}
