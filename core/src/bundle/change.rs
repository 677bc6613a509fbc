//! What changed for one recipient: the gate's disclosures against what the recipient already holds.
//!
//! Versions count what *this* recipient was told, and a row's digest covers what is in the row and
//! nothing else, so a change in a withheld field shows nowhere: not as a row, not as a number.

use super::holdings::{Held, Holding, Holdings, Words};
use super::lexicon::Lexicon;
use super::row::{Body, Keys, Row};
use super::{BundleKind, Change, Reference};
use crate::agreement::PartnerId;
use crate::gate::Disclosed;
use crate::hash::HashKey;
use crate::problem::Problem;
use crate::record::PersonId;
use crate::schema::{CategoryId, Schema};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use jiff::civil::Date;

/// What one recipient gets of one person, and what it holds afterwards.
pub struct Plan<'p> {
    /// The rows; a writer sorts them.
    pub rows: Vec<Row<'p>>,
    /// What the recipient holds once the bundle is committed.
    pub after: Holdings,
}

/// Plans one bundle, person by person.
pub struct Planner<'a> {
    /// The one recipient.
    pub recipient: PartnerId,
    /// What kind of bundle.
    pub kind: BundleKind,
    /// The run's day.
    pub as_of: Date,
    /// The day by which content first sent on a day is to be reviewed (5.5.2: six months).
    pub review_by: &'a (dyn Fn(Date) -> Date + Sync),
    /// Names of categories and fields.
    pub schema: &'a Schema,
    /// Keys of all partners, by [`PartnerId`].
    pub partners: &'a [String],
    /// The category of identity fields, whose rows leave only beside another row.
    pub person: CategoryId,
    /// Key of the content digests.
    pub contents: &'a HashKey,
    /// Words that what is held says under their numbers.
    pub lexicon: &'a Lexicon,
}

impl Planner<'_> {
    /// Compares what the gate allows now with what the recipient holds.
    ///
    /// A delta has `new`, `correction` and `withdrawal` rows, and unchanged identity fields as
    /// `current` where the person occurs. A snapshot has every disclosure as `current`; its
    /// withdrawals are planned too, for the return form only. A notice has no rows and changes
    /// nothing. Fails with `LG1601` when a disclosure is not one of this recipient and person.
    pub fn plan<'p>(
        &self,
        person: PersonId,
        mut disclosed: Vec<Disclosed<'p>>,
        held: &Holdings,
    ) -> Result<Plan<'p>, Problem> {
        if self.kind == BundleKind::Notice {
            return Ok(Plan { rows: Vec::new(), after: held.clone() });
        }
        disclosed.sort_unstable_by_key(Disclosed::record);
        let mut pass = Pass::new(self, person, disclosed.len() + held.iter().len());
        let mut told = held.iter().peekable();
        let mut last = None;
        for one in disclosed {
            let record = one.record();
            if one.recipient() != self.recipient
                || one.person() != person
                || last.replace(record) == Some(record)
            {
                return Err(unplanned("a disclosure is of another recipient or person, or stands twice"));
            }
            while let Some(gone) = told.next_if(|h| h.record < record) {
                pass.withdraw(gone);
            }
            let before = told.next_if(|h| h.record.cmp(&record) == Ordering::Equal);
            pass.tell(one, before)?;
        }
        told.for_each(|gone| pass.withdraw(gone));
        Ok(pass.finish())
    }
}

fn unplanned(what: &str) -> Problem {
    Problem::new("LG1601", what)
}

/// One person's way through [`Planner::plan`].
struct Pass<'a, 'p> {
    planner: &'a Planner<'a>,
    person: PersonId,
    rows: Vec<Row<'p>>,
    /// Unchanged identity fields, which leave only if anything else does.
    beside: Vec<Row<'p>>,
    after: Vec<Holding>,
    words: Words<'a>,
    scratch: Vec<u8>,
}

impl<'a, 'p> Pass<'a, 'p> {
    fn new(planner: &'a Planner<'a>, person: PersonId, records: usize) -> Self {
        Self {
            planner,
            person,
            rows: Vec::with_capacity(records),
            beside: Vec::new(),
            after: Vec::with_capacity(records),
            words: Words::new(planner.lexicon),
            scratch: Vec::with_capacity(if records > 0 { 512 } else { 0 }),
        }
    }

    fn tell(&mut self, disclosed: Disclosed<'p>, before: Option<&Holding>) -> Result<(), Problem> {
        let digest = self.digest(&disclosed);
        let held = before.and_then(|h| h.held.as_ref());
        let unchanged = held.is_some_and(|h| h.digest == digest);
        let (version, as_of) = match before {
            Some(before) if unchanged => (before.version, before.as_of),
            Some(before) => (before.version.saturating_add(1), self.planner.as_of),
            None => (1, self.planner.as_of),
        };
        let replaces = held.is_some() && !unchanged;
        let change = match (self.planner.kind, unchanged, replaces) {
            (BundleKind::Snapshot, _, _) | (_, true, _) => Change::Current,
            (_, false, true) => Change::Correction,
            (_, false, false) => Change::New,
        };
        let holding = self.holding(&disclosed, digest, version, as_of)?;
        let record_ref = holding.held.as_ref().map_or(Reference([0; 10]), |h| h.record_ref);
        self.after.push(holding);
        let identity = disclosed.category() == self.planner.person;
        let row = self.row(change, replaces, version, as_of, digest, record_ref, Body::Whole(disclosed));
        match (change, self.planner.kind) {
            (Change::Current, BundleKind::Delta) if identity => self.beside.push(row),
            (Change::Current, BundleKind::Delta) => {}
            _ => self.rows.push(row),
        }
        Ok(())
    }

    fn withdraw(&mut self, gone: &Holding) {
        let Some(held) = &gone.held else { return self.after.push(gone.clone()) };
        let (version, as_of) = (gone.version.saturating_add(1), self.planner.as_of);
        self.after.push(Holding { version, as_of, held: None, ..gone.clone() });
        let keys = Keys { record: gone.record, category: gone.category.clone(), held: held.clone() };
        let (digest, record_ref) = (held.digest, held.record_ref);
        let row = self.row(
            Change::Withdrawal,
            false,
            version,
            as_of,
            digest,
            record_ref,
            Body::Keys(Box::new(keys)),
        );
        self.rows.push(row);
    }

    #[expect(clippy::too_many_arguments, reason = "the one place where a row is put together")]
    fn row(
        &self,
        change: Change,
        replaces: bool,
        version: u32,
        as_of: Date,
        digest: u128,
        record_ref: Reference,
        body: Body<'p>,
    ) -> Row<'p> {
        let Planner { recipient, review_by, .. } = *self.planner;
        let person = self.person;
        Row {
            recipient,
            person,
            change,
            replaces,
            version,
            as_of,
            review_by: review_by(as_of),
            digest,
            record_ref,
            body,
        }
    }

    fn holding(
        &mut self,
        d: &Disclosed<'p>,
        digest: u128,
        version: u32,
        as_of: Date,
    ) -> Result<Holding, Problem> {
        let reference = |text| {
            Reference::parse(text)
                .ok_or_else(|| unplanned("a disclosure's reference is not 20 hexadecimal characters"))
        };
        let category = self.planner.schema.get(d.category()).map_or("", |c| c.name.as_str());
        let originator = self.planner.originator(d);
        if category.is_empty() || originator.is_empty() {
            return Err(unplanned("a disclosure's category or originator is not known"));
        }
        let held = Held {
            digest,
            record_ref: reference(d.record_ref())?,
            person_ref: reference(d.person_ref())?,
            originator: self.words.share(originator),
            clause: self.words.share(d.clause()),
            purpose: self.words.share(d.purpose()),
            handling: self.words.share(d.handling()),
        };
        Ok(Holding {
            record: d.record(),
            category: self.words.share(category),
            version,
            as_of,
            held: Some(held),
        })
    }

    /// The content in one buffer: each part length-prefixed, fields by name, since indexes move.
    fn digest(&mut self, d: &Disclosed<'p>) -> u128 {
        let out = &mut self.scratch;
        out.clear();
        let mut part = |text: &str| {
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        };
        for text in [d.person_ref(), self.planner.originator(d), d.clause(), d.purpose(), d.handling()] {
            part(text);
        }
        let category = self.planner.schema.get(d.category());
        for (field, value) in d.cells() {
            // A column without a value and a column not granted look the same in a row.
            let Some(value) = value else { continue };
            part(category.and_then(|c| c.get(field)).map_or("", |f| f.name.as_str()));
            part(value);
        }
        self.planner.contents.long(&[b"row", out])
    }

    fn finish(mut self) -> Plan<'p> {
        if !self.rows.is_empty() {
            self.rows.append(&mut self.beside);
        }
        Plan { rows: self.rows, after: Holdings::sorted(self.after) }
    }
}

impl Planner<'_> {
    fn originator(&self, disclosed: &Disclosed) -> &str {
        self.partners.get(usize::from(disclosed.originator().0)).map_or("", String::as_str)
    }
}

#[cfg(test)]
#[expect(clippy::panic, clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::bundle::samples::{PERSON, RELEASE, TEST, key, meta, schema, two};
    use crate::record::RecordId;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString;
    use proptest::prelude::*;

    const NIGHT: Date = Date::constant(2008, 11, 17);

    fn review(day: Date) -> Date {
        day.saturating_add(jiff::Span::new().months(6))
    }

    struct World {
        schema: Schema,
        partners: Vec<String>,
        key: HashKey,
        lexicon: Lexicon,
    }

    impl World {
        fn new() -> Self {
            // Some of the words have numbers, others none.
            let lexicon = Lexicon::of([(1, "person".into()), (300, "5.1.5.i".into())]);
            Self { schema: schema(), partners: meta().partners, key: key(), lexicon }
        }

        fn plan<'p>(
            &self,
            kind: BundleKind,
            as_of: Date,
            disclosed: Vec<Disclosed<'p>>,
            held: &Holdings,
        ) -> Result<Plan<'p>, Problem> {
            let planner = Planner {
                recipient: PartnerId(1),
                kind,
                as_of,
                review_by: &review,
                schema: &self.schema,
                partners: &self.partners,
                person: PERSON,
                contents: &self.key,
                lexicon: &self.lexicon,
            };
            planner.plan(PersonId(1), disclosed, held)
        }

        fn delta<'p>(&self, day: i8, disclosed: Vec<Disclosed<'p>>, held: &Holdings) -> Plan<'p> {
            self.plan(BundleKind::Delta, Date::constant(2008, 11, day), disclosed, held)
                .unwrap_or_else(|p| panic!("{}", p.what))
        }
    }

    fn told(plan: &Plan) -> Vec<(u128, Change, u32)> {
        plan.rows.iter().map(|r| (r.record().0, r.change(), r.version())).collect()
    }

    fn name() -> Disclosed<'static> {
        two(1, PERSON, &[(0, Some("Example")), (1, Some("1984-03-02"))])
    }

    fn release(date: &str) -> Disclosed<'_> {
        two(2, RELEASE, &[(0, Some(date)), (2, None)])
    }

    #[test]
    fn clause_6_1_a_correction_is_the_same_record_one_version_on() {
        let world = World::new();
        let first = world.delta(17, alloc::vec![name(), release("2008-11-20")], &Holdings::new());
        assert_eq!(told(&first), [(1, Change::New, 1), (2, Change::New, 1)]);
        let second = world.delta(18, alloc::vec![name(), release("2008-11-21")], &first.after);
        assert_eq!(told(&second), [(2, Change::Correction, 2), (1, Change::Current, 1)]);
        assert!(second.rows.iter().any(Row::replaces) && !first.rows.iter().any(Row::replaces));
        let days: Vec<_> = second.rows.iter().map(|r| (r.as_of().day(), r.review_by().to_string())).collect();
        assert_eq!(
            days,
            [(18, "2009-05-18".into()), (17, "2009-05-17".into())],
            "as_of is the day of first sending"
        );
    }

    #[test]
    fn a_quiet_night_has_no_row_and_changes_nothing() {
        let world = World::new();
        let first = world.delta(17, alloc::vec![name(), release("2008-11-20")], &Holdings::new());
        let second = world.delta(18, alloc::vec![release("2008-11-20"), name()], &first.after);
        assert!(second.rows.is_empty(), "identity fields leave only beside another row");
        assert!(second.after == first.after);
    }

    #[test]
    fn clause_5_5_1_a_withdrawal_has_keys_and_a_return_never_repeats_a_version() {
        let world = World::new();
        let first = world.delta(17, alloc::vec![name(), release("2008-11-20")], &Holdings::new());
        let gone = world.delta(18, alloc::vec![name()], &first.after);
        assert_eq!(told(&gone), [(2, Change::Withdrawal, 2), (1, Change::Current, 1)]);
        let row = gone.rows.first().expect("a withdrawal");
        assert_eq!((row.clause(), row.fields(), row.stored_version()), ("5.1.5.i", 0, 0));
        assert_eq!(row.category(&world.schema), "prison_release");
        assert_eq!(gone.after.live(), 1);
        let still = world.delta(19, alloc::vec![name()], &gone.after);
        assert!(still.rows.is_empty(), "withdrawn once");
        let back = world.delta(20, alloc::vec![name(), release("2008-11-20")], &still.after);
        assert_eq!(told(&back), [(2, Change::New, 3), (1, Change::Current, 1)]);
    }

    #[test]
    fn clause_5_2_2_what_is_not_in_the_row_shows_nowhere() {
        let world = World::new();
        let whole = two(2, RELEASE, &[(0, Some("2008-11-20"))]);
        let first = world.delta(17, alloc::vec![whole], &Holdings::new());
        // The stored version moved on, and an ungranted or empty field is no content.
        let again = two(2, RELEASE, &[(0, Some("2008-11-20")), (1, None)]);
        assert!(world.delta(18, alloc::vec![again], &first.after).rows.is_empty());
    }

    #[test]
    fn everything_in_the_row_but_day_and_version_is_content() {
        let world = World::new();
        let first = world.delta(17, alloc::vec![release("2008-11-20")], &Holdings::new());
        for changed in [
            release("2008-11-20").handled("address"),
            two(2, RELEASE, &[(1, Some("2008-11-20"))]),
            two(2, RELEASE, &[(0, Some("2008-11-20")), (2, Some("true"))]),
        ] {
            let plan = world.delta(18, alloc::vec![changed], &first.after);
            assert_eq!(told(&plan), [(2, Change::Correction, 2)]);
        }
    }

    #[test]
    fn a_snapshot_has_every_row_and_keeps_versions_and_days() {
        let world = World::new();
        let all = || alloc::vec![name(), release("2008-11-20"), two(3, TEST, &[(0, Some("x"))])];
        let first = world.delta(17, all(), &Holdings::new());
        let snapshot = |disclosed| {
            world.plan(BundleKind::Snapshot, Date::constant(2008, 11, 30), disclosed, &first.after)
        };
        let same = snapshot(all()).unwrap_or_else(|p| panic!("{}", p.what));
        assert_eq!(told(&same), [1, 2, 3].map(|r| (r, Change::Current, 1)));
        assert!(same.rows.iter().all(|r| r.as_of() == NIGHT && !r.replaces()) && same.after == first.after);
        let other =
            snapshot(alloc::vec![name(), release("2008-12-01")]).unwrap_or_else(|p| panic!("{}", p.what));
        assert_eq!(
            told(&other),
            [(1, Change::Current, 1), (2, Change::Current, 2), (3, Change::Withdrawal, 2)]
        );
        assert_eq!(
            other.rows.iter().filter(|r| r.replaces()).count(),
            1,
            "the changed one is asked for in the return form"
        );
    }

    #[test]
    fn a_notice_has_no_rows_and_changes_nothing() {
        let world = World::new();
        let first = world.delta(17, alloc::vec![release("2008-11-20")], &Holdings::new());
        let notice = world
            .plan(BundleKind::Notice, NIGHT, alloc::vec![], &first.after)
            .unwrap_or_else(|p| panic!("{}", p.what));
        assert!(notice.rows.is_empty() && notice.after == first.after);
    }

    #[test]
    fn a_disclosure_of_someone_else_stops_the_bundle() {
        let world = World::new();
        let sample = |recipient, person| {
            Disclosed::sample(PartnerId(recipient), PersonId(person), RecordId(9), RELEASE, &[])
        };
        for bad in [
            alloc::vec![sample(2, 1)],
            alloc::vec![sample(1, 2)],
            alloc::vec![sample(1, 1), sample(1, 1)],
            alloc::vec![Disclosed::sample(PartnerId(1), PersonId(1), RecordId(9), CategoryId(40), &[])],
        ] {
            let fault =
                world.plan(BundleKind::Delta, NIGHT, bad, &Holdings::new()).map(|_| ()).map_err(|p| p.code);
            assert_eq!(fault, Err("LG1601"));
        }
    }

    proptest! {
        /// A recipient that applies deltas holds, after every night, exactly what the gate allows;
        /// versions of a record rise and never repeat; a snapshot changes nothing more.
        #[test]
        fn a_recipient_who_applies_deltas_holds_what_the_gate_allows(
            nights in prop::collection::vec(prop::collection::btree_map(2u128..7, 0u8..3, 0..5), 1..8),
        ) {
            let world = World::new();
            let mut held = Holdings::new();
            let mut copy: BTreeMap<u128, (u32, u128)> = BTreeMap::new();
            let mut highest: BTreeMap<u128, u32> = BTreeMap::new();
            for (night, day) in nights.iter().zip(1i8..) {
                let texts: BTreeMap<u128, String> = night.iter().map(|(r, v)| (*r, v.to_string())).collect();
                let all = || texts.iter().map(|(r, v)| two(*r, RELEASE, &[(1, Some(v.as_str()))])).collect::<Vec<_>>();
                let plan = world.delta(day, all(), &held);
                for row in &plan.rows {
                    let before = highest.insert(row.record().0, row.version()).unwrap_or(0);
                    prop_assert_eq!(row.version(), before + 1);
                    let had = match row.change() {
                        Change::Withdrawal => copy.remove(&row.record().0),
                        _ => copy.insert(row.record().0, (row.version(), row.digest())),
                    };
                    prop_assert_eq!(had.is_some(), row.change() != Change::New);
                }
                let packed = plan.after.to_bytes(&world.lexicon);
                held = Holdings::from_bytes(&packed, &world.lexicon).unwrap_or_default();
                prop_assert!(copy.keys().eq(night.keys()));
                let snapshot = world.plan(BundleKind::Snapshot, Date::constant(2008, 12, 1), all(), &held).map_err(|p| TestCaseError::fail(p.what))?;
                prop_assert!(snapshot.after == held);
                let shown: BTreeMap<u128, (u32, u128)> = snapshot.rows.iter().map(|r| (r.record().0, (r.version(), r.digest()))).collect();
                prop_assert_eq!(&shown, &copy);
            }
        }
    }
}
