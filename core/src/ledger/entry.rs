//! What the ledger says, and its one canonical form in bytes: version, kind, length, body.

use crate::bundle::pack::{Malformed, Reader, put_date, put_number, put_text};
use crate::bundle::{BundleKind, Change, Counts, Row};
use crate::commit::{SALT, Salts};
use crate::hash::{Digest, MacKey};
use crate::record::{PersonId, RecordId};
use crate::schema::Schema;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

const FORMAT: u8 = 1;

/// One entry; texts are borrowed both when written and when read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A row left, or was withdrawn.
    Disclosure(Disclosure<'a>),
    /// A bundle was finished.
    Bundle(BundleEntry<'a>),
    /// A run began.
    Run(RunEntry<'a>),
    /// A received file was judged.
    File(FileEntry<'a>),
    /// A person decided something.
    Decision(DecisionEntry<'a>),
}

/// One version of one record, told to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure<'a> {
    /// Key of the recipient.
    pub recipient: &'a str,
    /// The recipient's bundle in which it left.
    pub sequence: u64,
    /// About whom.
    pub person: PersonId,
    /// Which record.
    pub record: RecordId,
    /// The stored version that was read; 0 for a withdrawal.
    pub stored_version: u32,
    /// The recipient's own version.
    pub version: u32,
    /// What it does to the recipient's copy.
    pub change: Change,
    /// The category's name.
    pub category: &'a str,
    /// The clause under which it left.
    pub clause: &'a str,
    /// Fields that held a value, one bit by field index of the run's schema.
    pub fields: u32,
    /// The grant that allowed it, in the agreement's words.
    pub grant: &'a str,
    /// Salted commitment to the content, see [`commit`](crate::commit).
    pub commitment: Digest,
}

impl<'a> Disclosure<'a> {
    /// The entry of one row; `key` and the `person`'s number make its salts.
    pub fn of(
        row: &'a Row,
        schema: &'a Schema,
        (recipient, sequence): (&'a str, u64),
        grant: &'a str,
        partners: &[String],
        (key, person): (&MacKey, &[u8; SALT]),
    ) -> Self {
        let salts = Salts::of(key, person, recipient, row.record().0, row.version());
        Self {
            recipient,
            sequence,
            person: row.person(),
            record: row.record(),
            stored_version: row.stored_version(),
            version: row.version(),
            change: row.change(),
            category: row.category(schema),
            clause: row.clause(),
            fields: row.fields(),
            grant,
            commitment: row.commitment(&salts, partners),
        }
    }
}

/// One bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleEntry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Key of the recipient.
    pub recipient: &'a str,
    /// The recipient's own count.
    pub sequence: u64,
    /// What kind.
    pub kind: BundleKind,
    /// The run's day.
    pub as_of: Date,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// Digest of the recipient's last manifest.
    pub previous: Option<Digest>,
    /// Rows by change.
    pub counts: Counts,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEntry<'a> {
    /// The run's day.
    pub as_of: Date,
    /// Digest of the agreement's files.
    pub agreement: Digest,
    /// Digest of the schema's files, which give the field bits of disclosures their names.
    pub schema: Digest,
    /// Name and version of the program.
    pub software: &'a str,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FileState {
    /// Taken whole.
    Accepted = 0,
    /// Waits for a person.
    Held = 1,
    /// Was held and let in by a person.
    Released = 2,
    /// Was held and given up.
    Discarded = 3,
}

impl FileState {
    /// The word in listings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Held => "held",
            Self::Released => "released",
            Self::Discarded => "discarded",
        }
    }
}

/// One received file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry<'a> {
    /// The feed's name.
    pub feed: &'a str,
    /// Digest of the file's bytes.
    pub file: Digest,
    /// What became of it.
    pub state: FileState,
}

/// One human decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionEntry<'a> {
    /// The run's day on which it was taken.
    pub as_of: Date,
    /// What kind of decision.
    pub kind: &'a str,
    /// Who decided: a nominee's key, never a name.
    pub by: &'a str,
    /// The written reference.
    pub reference: &'a str,
    /// Digest of what was decided about.
    pub subject: Digest,
}

impl<'a> Entry<'a> {
    /// The kind's word in listings.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Disclosure(_) => "disclosure",
            Self::Bundle(_) => "bundle",
            Self::Run(_) => "run",
            Self::File(_) => "file",
            Self::Decision(_) => "decision",
        }
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192);
        self.encode_to(&mut out);
        out
    }

    /// Appends the canonical bytes.
    pub fn encode_to(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[FORMAT, 0]);
        let kind = match self {
            Self::Disclosure(entry) => put_disclosure(out, entry),
            Self::Bundle(entry) => put_bundle(out, entry),
            Self::Run(entry) => put_run(out, entry),
            Self::File(entry) => put_file(out, entry),
            Self::Decision(entry) => put_decision(out, entry),
        };
        if let Some(slot) = out.get_mut(start + 1) {
            *slot = kind;
        }
        // The length stands before the body and is known after it: written behind it, then turned to the front.
        let (body, end) = (start + 2, out.len());
        put_number(out, (end - body) as u64);
        let length = out.len() - end;
        if let Some(turned) = out.get_mut(body..) {
            turned.rotate_right(length);
        }
    }

    /// Reads one entry that fills the bytes.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (entry, rest) = Self::split(bytes)?;
        if rest.is_empty() { Ok(entry) } else { Err(Malformed) }
    }

    /// Reads one entry off the front of some bytes.
    pub fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Malformed> {
        let mut reader = Reader::new(bytes);
        let (format, kind) = (reader.byte()?, reader.byte()?);
        if format != FORMAT {
            return Err(Malformed);
        }
        let len = reader.count()?;
        let mut body = Reader::new(reader.bytes(len)?);
        let entry = match kind {
            1 => Self::Disclosure(read_disclosure(&mut body)?),
            2 => Self::Bundle(read_bundle(&mut body)?),
            3 => Self::Run(read_run(&mut body)?),
            4 => Self::File(read_file(&mut body)?),
            5 => Self::Decision(read_decision(&mut body)?),
            _ => return Err(Malformed),
        };
        body.end()?;
        Ok((entry, reader.rest()))
    }
}

fn put_disclosure(out: &mut Vec<u8>, e: &Disclosure<'_>) -> u8 {
    put_text(out, e.recipient);
    put_number(out, e.sequence);
    out.extend_from_slice(&e.person.bytes());
    out.extend_from_slice(&e.record.bytes());
    put_number(out, u64::from(e.stored_version));
    put_number(out, u64::from(e.version));
    out.push(e.change as u8);
    put_text(out, e.category);
    put_text(out, e.clause);
    put_number(out, u64::from(e.fields));
    put_text(out, e.grant);
    out.extend_from_slice(&e.commitment.0);
    1
}

fn read_disclosure<'a>(reader: &mut Reader<'a>) -> Result<Disclosure<'a>, Malformed> {
    Ok(Disclosure {
        recipient: reader.text()?,
        sequence: reader.number()?,
        person: PersonId(u128::from_be_bytes(reader.array()?)),
        record: RecordId(u128::from_be_bytes(reader.array()?)),
        stored_version: reader.small()?,
        version: reader.small()?,
        change: Change::from_byte(reader.byte()?).ok_or(Malformed)?,
        category: reader.text()?,
        clause: reader.text()?,
        fields: reader.small()?,
        grant: reader.text()?,
        commitment: Digest(reader.array()?),
    })
}

fn put_bundle(out: &mut Vec<u8>, e: &BundleEntry<'_>) -> u8 {
    put_text(out, e.name);
    put_text(out, e.recipient);
    put_number(out, e.sequence);
    out.push(e.kind as u8);
    put_date(out, e.as_of);
    out.extend_from_slice(&e.manifest.0);
    out.push(u8::from(e.previous.is_some()));
    if let Some(previous) = &e.previous {
        out.extend_from_slice(&previous.0);
    }
    for change in Change::ALL {
        put_number(out, e.counts.of(change));
    }
    2
}

fn read_bundle<'a>(reader: &mut Reader<'a>) -> Result<BundleEntry<'a>, Malformed> {
    Ok(BundleEntry {
        name: reader.text()?,
        recipient: reader.text()?,
        sequence: reader.number()?,
        kind: BundleKind::from_byte(reader.byte()?).ok_or(Malformed)?,
        as_of: reader.date()?,
        manifest: Digest(reader.array()?),
        previous: match reader.byte()? {
            0 => None,
            1 => Some(Digest(reader.array()?)),
            _ => return Err(Malformed),
        },
        counts: Counts {
            new: reader.number()?,
            correction: reader.number()?,
            withdrawal: reader.number()?,
            current: reader.number()?,
        },
    })
}

fn put_run(out: &mut Vec<u8>, e: &RunEntry<'_>) -> u8 {
    put_date(out, e.as_of);
    out.extend_from_slice(&e.agreement.0);
    out.extend_from_slice(&e.schema.0);
    put_text(out, e.software);
    3
}

fn read_run<'a>(reader: &mut Reader<'a>) -> Result<RunEntry<'a>, Malformed> {
    Ok(RunEntry {
        as_of: reader.date()?,
        agreement: Digest(reader.array()?),
        schema: Digest(reader.array()?),
        software: reader.text()?,
    })
}

fn put_file(out: &mut Vec<u8>, e: &FileEntry<'_>) -> u8 {
    put_text(out, e.feed);
    out.extend_from_slice(&e.file.0);
    out.push(e.state as u8);
    4
}

fn read_file<'a>(reader: &mut Reader<'a>) -> Result<FileEntry<'a>, Malformed> {
    Ok(FileEntry {
        feed: reader.text()?,
        file: Digest(reader.array()?),
        state: match reader.byte()? {
            0 => FileState::Accepted,
            1 => FileState::Held,
            2 => FileState::Released,
            3 => FileState::Discarded,
            _ => return Err(Malformed),
        },
    })
}

fn put_decision(out: &mut Vec<u8>, e: &DecisionEntry<'_>) -> u8 {
    put_date(out, e.as_of);
    for text in [e.kind, e.by, e.reference] {
        put_text(out, text);
    }
    out.extend_from_slice(&e.subject.0);
    5
}

fn read_decision<'a>(reader: &mut Reader<'a>) -> Result<DecisionEntry<'a>, Malformed> {
    Ok(DecisionEntry {
        as_of: reader.date()?,
        kind: reader.text()?,
        by: reader.text()?,
        reference: reader.text()?,
        subject: Digest(reader.array()?),
    })
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
pub(super) mod samples {
    //! Entries of every kind, from few numbers and words.

    use super::*;
    use proptest::prelude::*;

    /// What an entry is made of; owned, so that a test can borrow the entry from it.
    #[derive(Debug, Clone)]
    pub(in crate::ledger) struct Seed {
        kind: u8,
        words: [alloc::string::String; 4],
        wide: [u128; 2],
        n: [u64; 4],
        small: [u32; 3],
        digests: [[u8; 32]; 2],
        bit: bool,
        day: i8,
    }

    pub(in crate::ledger) fn seed() -> impl Strategy<Value = Seed> {
        let words = [".{0,12}", ".{0,12}", ".{0,12}", ".{0,12}"];
        (
            0u8..5,
            words,
            any::<[u128; 2]>(),
            any::<[u64; 4]>(),
            any::<[u32; 3]>(),
            any::<[[u8; 32]; 2]>(),
            any::<bool>(),
            1i8..=28,
        )
            .prop_map(|(kind, words, wide, n, small, digests, bit, day)| Seed {
                kind,
                words,
                wide,
                n,
                small,
                digests,
                bit,
                day,
            })
    }

    pub(in crate::ledger) fn entry(seed: &Seed) -> Entry<'_> {
        let [first, second, third, fourth] = &seed.words;
        let [one, two] = seed.digests.map(Digest);
        let as_of = Date::constant(2008, 11, seed.day);
        let [n0, n1, n2, n3] = seed.n;
        match seed.kind {
            0 => Entry::Disclosure(Disclosure {
                recipient: first,
                sequence: n0,
                person: PersonId(seed.wide[0]),
                record: RecordId(seed.wide[1]),
                stored_version: seed.small[0],
                version: seed.small[1],
                change: Change::ALL[usize::from(seed.day.unsigned_abs() % 4)],
                category: second,
                clause: third,
                fields: seed.small[2],
                grant: fourth,
                commitment: one,
            }),
            1 => Entry::Bundle(BundleEntry {
                name: first,
                recipient: second,
                sequence: n0,
                kind: if seed.bit { BundleKind::Snapshot } else { BundleKind::Notice },
                as_of,
                manifest: one,
                previous: seed.bit.then_some(two),
                counts: Counts { new: n0, correction: n1, withdrawal: n2, current: n3 },
            }),
            2 => Entry::Run(RunEntry { as_of, agreement: one, schema: two, software: first }),
            3 => Entry::File(FileEntry {
                feed: first,
                file: one,
                state: if seed.bit { FileState::Held } else { FileState::Released },
            }),
            _ => Entry::Decision(DecisionEntry {
                as_of,
                kind: first,
                by: second,
                reference: third,
                subject: one,
            }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::samples::{entry, seed};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_entry_comes_back_as_it_went(first in seed(), second in seed()) {
            let mut bytes = entry(&first).encode();
            prop_assert_eq!(Entry::decode(&bytes), Ok(entry(&first)));
            bytes.extend(entry(&second).encode());
            prop_assert!(Entry::decode(&bytes).is_err(), "two are not one");
            let (front, rest) = Entry::split(&bytes).map_err(|e| TestCaseError::fail(alloc::format!("{e}")))?;
            prop_assert_eq!(front, entry(&first));
            prop_assert_eq!(Entry::decode(rest), Ok(entry(&second)));
        }

        #[test]
        fn any_bytes_read_or_fail_and_what_reads_is_canonical(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(entry) = Entry::decode(&bytes) {
                prop_assert_eq!(entry.encode(), bytes);
            }
        }

        #[test]
        fn a_cut_entry_does_not_read(seed in seed(), at: prop::sample::Index) {
            let bytes = entry(&seed).encode();
            prop_assert!(Entry::decode(&bytes[..at.index(bytes.len())]).is_err());
        }
    }
}
