//! The agreement's files as they are read: words with their places, nothing checked yet.
//!
//! Every table refuses an unknown key while reading; what a word means is checked by `build`.

use crate::schema::pairs;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_spanned::Spanned;

/// A word and its place.
pub type Word = Spanned<String>;

/// A table whose keys are free words, in the order of the file.
#[derive(Debug)]
pub struct Table<T>(pub Vec<(Word, T)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        pairs(deserializer).map(Self)
    }
}

/// `agreement.toml`: the parties, the purposes and the dates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementDraft {
    /// Reference, version and dates.
    pub agreement: HeadDraft,
    /// The parties; their order gives each its `PartnerId`.
    pub partner: Table<PartnerDraft>,
    /// Purpose letters (5.2.4) and their meaning.
    pub purpose: Table<Word>,
    /// Aims (1.1) and their meaning.
    pub aim: Table<Word>,
    /// Classes of recipient for dissemination codes.
    pub class: Table<Word>,
}

/// The `[agreement]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadDraft {
    /// The agreement's own reference.
    pub reference: String,
    /// Short name, used in file names.
    pub slug: Word,
    /// Full title.
    pub title: String,
    /// Version of the agreement.
    pub version: String,
    /// First day in force.
    pub in_force: Word,
    /// Last day in force; open when absent.
    pub until: Option<Word>,
    /// Dates of the first review (the sheet's and 5.6.1's).
    #[serde(default)]
    pub review: Vec<Word>,
    /// Months between later reviews (5.6.1).
    pub review_every_months: u8,
    /// The holder (5.6.2).
    pub holder: Word,
    /// How a change is approved (9.2).
    pub approval: String,
    /// Working days in which a recipient acknowledges (7.4's measure).
    pub acknowledge_within_working_days: u8,
    /// Months after which held information is reviewed (5.5.2).
    pub review_data_every_months: u8,
}

/// One `[partner.<key>]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerDraft {
    /// Full name.
    pub name: String,
    /// Class for dissemination codes.
    pub class: Word,
    /// Aims of 1.1 that it serves.
    #[serde(default)]
    pub aims: Vec<Word>,
    /// The numbered paragraphs of 5.1 under which it shares.
    pub shares: Vec<Word>,
}

/// `categories.toml`: who shares a category, under which clause, and how it is handled.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct CategoriesDraft(pub Table<CategoryDraft>);

/// One category's rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDraft {
    /// Owner → clause: who may be originator, and under which clause each shares.
    pub clause: Table<Word>,
    /// Purposes for which it was collected (5.2.5).
    pub collected_for: Vec<Word>,
    /// Handling code.
    pub handling: Word,
    /// Marks that travel with the category.
    #[serde(default)]
    pub flags: Vec<Word>,
}

/// `handling.toml`: handling codes, marks and dissemination codes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandlingDraft {
    /// Handling codes.
    pub handling: Table<HandlingCodeDraft>,
    /// Marks that a category may carry, with their meaning.
    pub flag: Table<Word>,
    /// Scheme → code → who may have it. A code that is not listed is for nobody.
    pub dissemination: Table<Table<DisseminationDraft>>,
}

/// One handling code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandlingCodeDraft {
    /// What it asks, in plain words.
    pub title: String,
    /// Whether a standing grant may open fields at all.
    pub standing: bool,
    /// Authorities of which every one is needed before more is opened.
    #[serde(default)]
    pub needs_all: Vec<Word>,
    /// Authorities of which one at least is needed before more is opened.
    #[serde(default)]
    pub needs_any: Vec<Word>,
    /// The field that holds the dissemination code, where a category has it.
    pub graded_by: Option<Word>,
}

/// Who may have information of one dissemination code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisseminationDraft {
    /// Classes that the code itself permits.
    #[serde(default)]
    pub classes: Vec<Word>,
    /// Classes that the code permits once the originator has authorised it.
    #[serde(default)]
    pub on_authority: Vec<Word>,
    /// Whether the originator's stated conditions travel with the row.
    #[serde(default)]
    pub carry_conditions: bool,
}

/// `nominees.toml`: who may receive for each partner, as roles and dates (7.3).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NomineesDraft {
    /// The nominees.
    #[serde(default)]
    pub nominee: Vec<NomineeDraft>,
}

/// One nominee.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NomineeDraft {
    /// For which partner.
    pub partner: Word,
    /// The post, never a name.
    pub role: String,
    /// First day.
    pub from: Word,
    /// Last day; open when absent.
    pub until: Option<Word>,
}

/// One `entitlements/<recipient>.toml`: everything that recipient may ever see.
#[derive(Debug)]
pub struct EntitlementDraft {
    /// The recipient.
    pub recipient: Word,
    /// Category → grant, in the order of the file.
    pub grants: Vec<(Word, GrantDraft)>,
}

/// One grant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantDraft {
    /// Clauses under which it stands; an originator who shares under another clause is not covered.
    #[serde(default)]
    pub clause: Vec<Word>,
    /// Purposes (5.2.4).
    #[serde(default)]
    pub purposes: Vec<Word>,
    /// Named conditions, all of which must hold.
    #[serde(default)]
    pub when: Vec<Word>,
    /// Fields given whole.
    #[serde(default)]
    pub fields: Vec<Word>,
    /// Fields given reduced.
    #[serde(default)]
    pub reduce: Table<Word>,
    /// What a recorded authority may open, and which authorities.
    pub on_authority: Option<CeilingDraft>,
    /// Why the recipient needs it.
    pub reason: Option<Word>,
}

/// The ceiling that authorities can reach.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeilingDraft {
    /// Every one of these is needed.
    #[serde(default)]
    pub all: Vec<Word>,
    /// One of these is needed.
    #[serde(default)]
    pub any: Vec<Word>,
    /// Fields that can be opened.
    pub fields: Vec<Word>,
}

impl<'de> Deserialize<'de> for EntitlementDraft {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntitlementVisitor)
    }
}

struct EntitlementVisitor;

impl<'de> Visitor<'de> for EntitlementVisitor {
    type Value = EntitlementDraft;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`recipient = \"…\"` and one table per category")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut recipient, mut grants) = (None, Vec::new());
        while let Some(key) = map.next_key::<Word>()? {
            if key.get_ref() == "recipient" {
                recipient = Some(map.next_value::<Word>()?);
            } else {
                grants.push((key, map.next_value::<GrantDraft>()?));
            }
        }
        grants.sort_by_key(|(k, _)| k.span().start);
        let recipient = recipient.ok_or_else(|| A::Error::missing_field("recipient"))?;
        Ok(EntitlementDraft { recipient, grants })
    }
}

/// `conditions.toml`: the cohort, the identity rows, and the named conditions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionsDraft {
    /// Where a designation is recorded (1.1).
    pub cohort: CohortDraft,
    /// Which rows say who a person is.
    pub identity: IdentityDraft,
    /// The named conditions; one may refer to those above it.
    pub condition: Table<ConditionDraft>,
}

/// Where the cohort stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortDraft {
    /// The internal category of designations.
    pub category: Word,
    /// The partners whose designations count.
    pub by: Vec<Word>,
    /// The field with the first day.
    pub from: Word,
    /// The field with the last day (open when empty).
    pub until: Word,
}

/// The identity rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityDraft {
    /// Their category.
    pub category: Word,
    /// Beside what they leave.
    pub beside: Beside,
}

/// Beside which other disclosed record an identity row leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// Any other record of the person that the recipient is given.
    Any,
    /// A record of the same originator.
    SameOriginator,
}

/// One named condition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionDraft {
    /// When it is true, in plain words.
    pub title: String,
    /// How it is computed.
    pub is: PredicateDraft,
}

/// The closed list of predicates.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PredicateDraft {
    /// Every one holds.
    All(Vec<PredicateDraft>),
    /// One at least holds.
    Any(Vec<PredicateDraft>),
    /// It does not hold.
    Not(Box<PredicateDraft>),
    /// A condition named above.
    Condition(Word),
    /// The age in whole years, by every date of birth.
    Age(AgeDraft),
    /// The partner (or `recipient`) is originator of a record about the person.
    WorksWith(Word),
    /// A current record about the person passes the tests.
    Record(RecordDraft),
    /// The latest movement up to the day goes this way.
    LatestMovement(LatestDraft),
    /// The record that would be disclosed passes the tests.
    This(Vec<TestDraft>),
}

/// Bounds of an age; at least one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeDraft {
    /// Younger than.
    pub under: Option<u8>,
    /// At least.
    pub from: Option<u8>,
    /// At most (to the day before the next birthday).
    pub to: Option<u8>,
}

/// Which record is looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordDraft {
    /// Its category.
    pub category: Word,
    /// Its originator: partners, `recipient`, or `other` (anyone but the recipient); any when empty.
    #[serde(default)]
    pub by: Vec<Word>,
    /// What it must pass.
    #[serde(default, rename = "where")]
    pub tests: Vec<TestDraft>,
}

/// Movements in and out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatestDraft {
    /// The direction that the latest must have.
    pub is: Direction,
    /// Records that tell of a movement.
    pub of: Vec<MovementDraft>,
}

/// One kind of record that tells of a movement.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovementDraft {
    /// Its category.
    pub category: Word,
    /// The field with the day.
    pub date: Word,
    /// Which way it goes.
    pub goes: Direction,
    /// Its originator, as in [`RecordDraft::by`].
    #[serde(default)]
    pub by: Vec<Word>,
    /// What the record must pass to be such a movement.
    #[serde(default, rename = "where")]
    pub tests: Vec<TestDraft>,
}

/// Into custody or out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into custody, or from one prison to another.
    In,
    /// Out of custody.
    Out,
}

/// One test of a record's fields: `field` with exactly one question, or a span of `from`/`until`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestDraft {
    /// The field asked about.
    pub field: Option<Word>,
    /// Its code is one of these.
    #[serde(rename = "in")]
    pub within: Option<Vec<Word>>,
    /// It has a code, and not one of these.
    pub not_in: Option<Vec<Word>>,
    /// Its code is the key of this partner (`recipient`).
    pub names: Option<Word>,
    /// It has a value, or has none.
    pub present: Option<bool>,
    /// Its day is today or past (`true`), or still to come (`false`).
    pub reached: Option<bool>,
    /// Its day lies within these days of the as-of date.
    pub days: Option<DaysDraft>,
    /// The field with the first day of a span.
    pub from: Option<Word>,
    /// The field with the last day of a span; no value = open.
    pub until: Option<Word>,
}

/// Days around the as-of date, both inclusive.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaysDraft {
    /// Days back.
    #[serde(default)]
    pub behind: u16,
    /// Days ahead.
    #[serde(default)]
    pub ahead: u16,
}
