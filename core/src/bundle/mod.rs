//! The bundle: what one recipient gets of one night, as tables, manifest and texts, in bytes that
//! depend on the disclosures alone (no clock, no order of arrival).
//!
//! `change` compares the gate's disclosures with what the recipient already holds; `table` and
//! `packed` turn rows into cells; `manifest`, `readme`, `summary` and `acknowledge` are the other files.

pub mod acknowledge;
pub mod change;
pub mod holdings;
mod lexicon;
pub mod manifest;
pub(crate) mod pack;
pub mod packed;
mod parcel;
pub mod readme;
pub mod regroup;
mod row;
pub mod summary;
pub mod table;

use crate::agreement::PartnerId;
use crate::hash::{Digest, hex_digits};
use crate::problem::{CodeDoc, Problem};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use jiff::civil::Date;

pub use change::{Plan, Planner};
pub use holdings::{Holding, Holdings};
pub use lexicon::Lexicon;
pub use pack::Malformed;
pub use packed::{Packed, Tables};
pub use parcel::Parcel;
pub use regroup::{Moves, regroup};
pub use row::Row;
pub use table::{Column, Form, Table};

/// Codes of this room (`LG16nn`).
pub const CODES: &[CodeDoc] = &[
    CodeDoc {
        code: "LG1601",
        title: "a disclosure cannot be planned",
        explanation: "A disclosure given to the bundle is for another recipient or person, stands twice, or has a reference that is \
                      not 20 hexadecimal characters. The gate and the bundle disagree, which is a fault in the program: nothing is \
                      sent to this recipient.",
    },
    CodeDoc {
        code: "LG1602",
        title: "a value does not fit the type of its column",
        explanation: "A typed column (date, number, yes or no) would have received something else. Typed columns carry no guard \
                      against formulas, so the bundle stops. Look at the mapping of the named field, or at a reduction that gives \
                      another form than the table states.",
    },
    CodeDoc {
        code: "LG1603",
        title: "a record stands twice in one bundle",
        explanation: "Two rows of one bundle have the same record. It happens when a record moved from one person to another and what \
                      the recipient holds did not move with it. Nothing is sent to this recipient until it does.",
    },
    CodeDoc {
        code: "LG1604",
        title: "a disclosure has a field that its table does not have",
        explanation: "The gate disclosed a field that is not among the granted columns of the table. The bundle stops rather than drop \
                      it or add a column.",
    },
    CodeDoc {
        code: "LG1605",
        title: "the tables of a bundle cannot be laid out",
        explanation: "Two tables would have the same file, a granted column has the name of a provenance column, columns are not in \
                      the schema's order, or a name has characters other than a-z, 0-9 and underscore.",
    },
    CodeDoc {
        code: "LG1606",
        title: "a bundle's name cannot be made",
        explanation: "Agreement and recipient stand in the name of a bundle and may have a-z, 0-9, `-` only; the whole name stays \
                      below 120 characters, and the sequence below a million.",
    },
    CodeDoc {
        code: "LG1607",
        title: "what a recipient holds does not read",
        explanation: "The stored list of what a recipient already holds is damaged or of an unknown version. It is never taken as \
                      empty, because everything would then be sent again as new and nothing withdrawn.",
    },
];

/// The version of the bundle's specification.
pub const SPEC: &str = "1";

/// What kind of bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum BundleKind {
    /// Everything that the recipient may hold; what is not in it is to be destroyed.
    Snapshot = 0,
    /// What changed.
    Delta = 1,
    /// Actions only.
    Notice = 2,
}

impl BundleKind {
    /// The word in names and manifests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Delta => "delta",
            Self::Notice => "notice",
        }
    }

    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Snapshot),
            1 => Some(Self::Delta),
            2 => Some(Self::Notice),
            _ => None,
        }
    }
}

/// What a row does to the recipient's copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Change {
    /// Not held until now.
    New = 0,
    /// Same record, next version, whole row (6.1).
    Correction = 1,
    /// Keys only: destroy your copy (5.5.1).
    Withdrawal = 2,
    /// As it stands: a row of a snapshot, or a person shown beside changed rows.
    Current = 3,
}

impl Change {
    /// All changes, in the order of the counts.
    pub const ALL: [Self; 4] = [Self::New, Self::Correction, Self::Withdrawal, Self::Current];

    /// The word in the `change` column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Correction => "correction",
            Self::Withdrawal => "withdrawal",
            Self::Current => "current",
        }
    }

    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::New),
            1 => Some(Self::Correction),
            2 => Some(Self::Withdrawal),
            3 => Some(Self::Current),
            _ => None,
        }
    }
}

/// Rows by change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// See [`Change::New`].
    pub new: u64,
    /// See [`Change::Correction`].
    pub correction: u64,
    /// See [`Change::Withdrawal`].
    pub withdrawal: u64,
    /// See [`Change::Current`].
    pub current: u64,
}

impl Counts {
    /// Counts one row.
    pub const fn add(&mut self, change: Change) {
        match change {
            Change::New => self.new += 1,
            Change::Correction => self.correction += 1,
            Change::Withdrawal => self.withdrawal += 1,
            Change::Current => self.current += 1,
        }
    }

    /// All rows.
    pub const fn total(&self) -> u64 {
        self.new + self.correction + self.withdrawal + self.current
    }

    /// Adds another table's counts.
    pub const fn merge(&mut self, other: &Self) {
        self.new += other.new;
        self.correction += other.correction;
        self.withdrawal += other.withdrawal;
        self.current += other.current;
    }

    /// The count of one change.
    pub const fn of(&self, change: Change) -> u64 {
        match change {
            Change::New => self.new,
            Change::Correction => self.correction,
            Change::Withdrawal => self.withdrawal,
            Change::Current => self.current,
        }
    }
}

/// A recipient's pseudonym of a record or person: 80 bits, written as 20 hexadecimal characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(pub [u8; 10]);

impl Reference {
    /// From its 20 lower-case hexadecimal characters.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let text: &[u8; 20] = text.as_bytes().try_into().ok()?;
        let mut out = [0; 10];
        for (to, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *to = digit(*high)? << 4 | digit(*low)?;
        }
        Some(Self(out))
    }

    /// Its 20 characters, as ASCII.
    pub(crate) fn written(&self) -> [u8; 20] {
        let mut out = [0; 20];
        for (to, byte) in out.chunks_exact_mut(2).zip(self.0) {
            to.copy_from_slice(&hex_digits(byte));
        }
        out
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.written()).unwrap_or_default())
    }
}

/// A word of the agreement with its meaning, as README and manifest explain it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// Purpose letter or handling code.
    pub word: String,
    /// In plain words.
    pub text: String,
}

/// What is said about a whole bundle.
#[derive(Debug, Clone)]
pub struct Meta {
    /// The agreement's slug, part of every name.
    pub agreement: String,
    /// The agreement's own reference.
    pub agreement_reference: String,
    /// The agreement's version.
    pub agreement_version: String,
    /// The one recipient.
    pub recipient: PartnerId,
    /// The recipient's name in plain words.
    pub recipient_name: String,
    /// Keys of all partners, by [`PartnerId`].
    pub partners: Vec<String>,
    /// What kind.
    pub kind: BundleKind,
    /// This recipient's own count of bundles, without gaps.
    pub sequence: u64,
    /// Digest of this recipient's last manifest.
    pub previous: Option<Digest>,
    /// The ledger's checkpoint after the last run before this one, for the recipient to keep: nothing of tonight is in it,
    /// so that it tells nothing of what others get. Absent before the first.
    pub ledger: Option<String>,
    /// The run's day.
    pub as_of: Date,
    /// Digest of the agreement's files.
    pub policy_hash: Digest,
    /// Name and version of the program.
    pub software: String,
    /// Day by which receipts are asked for.
    pub acknowledge_by: Date,
    /// Where answers go: an address or a telephone number.
    pub reply_to: String,
    /// The purposes of 5.2.4.
    pub purposes: Vec<Meaning>,
    /// The handling codes.
    pub handling: Vec<Meaning>,
    /// Its own records that somebody says are wrong (6.1).
    pub checks: Vec<Check>,
    /// By when it reviews what it holds (5.5.2), in the one bundle that asks for that.
    pub review: Option<Date>,
    /// Fields that the agreement withholds from this recipient: from the agreement, never from rows.
    pub withheld_fields: Vec<String>,
}

/// A record of the recipient's own that it is to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The category's name.
    pub table: String,
    /// The recipient's own reference of the record.
    pub record_ref: String,
}

impl Meta {
    /// The recipient's key.
    pub fn recipient_key(&self) -> &str {
        self.partners.get(usize::from(self.recipient.0)).map_or("", String::as_str)
    }

    /// `lockgate_<agreement>_<recipient>_<yyyymmdd>_<seq6>_<kind>`; fails with `LG1606`.
    pub fn name(&self) -> Result<String, Problem> {
        let recipient = self.recipient_key();
        let plain = |t: &str| {
            !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let date = self.as_of.strftime("%Y%m%d");
        let name = format!(
            "lockgate_{}_{recipient}_{date}_{:06}_{}",
            self.agreement,
            self.sequence,
            self.kind.word()
        );
        if plain(&self.agreement) && plain(recipient) && self.sequence < 1_000_000 && name.len() < 120 {
            return Ok(name);
        }
        Err(Problem::new(
            "LG1606",
            "the name of a bundle cannot be made from agreement, recipient and sequence",
        ))
    }
}

/// One table as it was written: what manifest, README and summary say of it.
#[derive(Debug, Clone)]
pub struct TableFacts {
    /// File name without folder and ending.
    pub file: String,
    /// In plain words.
    pub title: String,
    /// Rows by change.
    pub counts: Counts,
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
pub(crate) mod samples {
    //! Invented values shared by the tests of this room.

    use super::*;

    use crate::gate::Disclosed;
    use crate::hash::HashKey;
    use crate::record::{PersonId, RecordId};
    use crate::schema::{CategoryId, CodeEntry, CodeList, Draft, FieldId, Schema};
    use alloc::collections::BTreeMap;

    pub(crate) const PERSON: CategoryId = CategoryId(0);
    pub(crate) const RELEASE: CategoryId = CategoryId(1);
    pub(crate) const TEST: CategoryId = CategoryId(2);

    pub(crate) fn schema() -> Schema {
        let draft: Draft = toml::from_str(
            "[person]\ntitle = \"People\"\nfields = { surname = { type = \"name\" }, birth_date = { type = \"dob\" } }\n\
             [prison_release]\ntitle = \"Prison releases\"\nfields = { release_date = { type = \"date\" }, \
             release_address = { type = \"address\" }, tagged = { type = \"flag\" } }\n\
             [custody_drug_test]\ntitle = \"Drug tests\"\nfields = { result = { type = \"text\" } }\n",
        )
        .expect("schema reads");
        let entry = CodeEntry { code: "Y".into(), label: "yes".into(), group: None, from: None, until: None };
        let lists = BTreeMap::from([("yn".into(), CodeList::new([entry]).expect("list"))]);
        Schema::build(alloc::vec![("s.toml".into(), draft)], lists).expect("schema builds")
    }

    pub(crate) fn tables(schema: &Schema) -> Tables {
        let table = |(id, c): (CategoryId, &crate::schema::Category)| Table {
            category: Some(id),
            name: c.name.clone(),
            title: c.title.clone(),
            columns: c.fields.iter().zip(0..).map(|(f, at)| Column::new(FieldId(at), f, None)).collect(),
        };
        Tables::new(schema.categories().map(table).collect()).expect("tables")
    }

    pub(crate) fn key() -> HashKey {
        HashKey::derive(b"secret", "contents")
    }

    /// Agency two's disclosure of record `record` about person 1.
    pub(crate) fn two<'p>(
        record: u128,
        category: CategoryId,
        cells: &[(u8, Option<&'p str>)],
    ) -> Disclosed<'p> {
        Disclosed::sample(PartnerId(1), PersonId(1), RecordId(record), category, cells)
    }

    pub(crate) fn meta() -> Meta {
        let meaning = |word: &str, text: &str| Meaning { word: word.into(), text: text.into() };
        Meta {
            agreement: "leeds-iom".into(),
            agreement_reference: "001/Leeds IOM".into(),
            agreement_version: "1".into(),
            recipient: PartnerId(1),
            recipient_name: "Agency Two".into(),
            partners: ["one", "two", "three"].map(String::from).to_vec(),
            kind: BundleKind::Delta,
            sequence: 142,
            previous: Some(Digest::of(b"before")),
            as_of: Date::constant(2008, 11, 17),
            policy_hash: Digest::of(b"agreement"),
            software: "lockgate 0.1.0".into(),
            acknowledge_by: Date::constant(2008, 11, 24),
            reply_to: "gateway desk, 0113 496 0000".into(),
            purposes: [meaning("b", "preserving order")].to_vec(),
            handling: [meaning("routine", "as the table"), meaning("address", "a home address")].to_vec(),
            checks: Vec::new(),
            review: None,
            ledger: Some("lockgate/leeds-iom\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".into()),
            withheld_fields: ["prison_release.remarks".into()].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_specified_one() {
        let name = samples::meta().name().map_err(|p| p.code);
        assert_eq!(name.as_deref(), Ok("lockgate_leeds-iom_two_20081117_000142_delta"));
        for bad in [
            Meta { agreement: "Leeds".into(), ..samples::meta() },
            Meta { recipient: PartnerId(9), ..samples::meta() },
            Meta { sequence: 1_000_000, ..samples::meta() },
            Meta { agreement: "a".repeat(100), ..samples::meta() },
            Meta { agreement: "../x".into(), ..samples::meta() },
        ] {
            assert_eq!(bad.name().map_err(|p| p.code), Err("LG1606"));
        }
    }

    #[test]
    fn a_reference_is_twenty_small_hex_characters() {
        let text = "00ff12ab00ff12ab00ff";
        assert_eq!(
            Reference::parse(text).map(|r| alloc::string::ToString::to_string(&r)).as_deref(),
            Some(text)
        );
        for bad in [
            "",
            "00FF12ab00ff12ab00ff",
            "00ff12ab00ff12ab00f",
            "00ff12ab00ff12ab00ff0",
            "zzff12ab00ff12ab00ff",
        ] {
            assert_eq!(Reference::parse(bad), None, "{bad}");
        }
    }
}
