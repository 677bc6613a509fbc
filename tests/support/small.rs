//! A small deployment of three feeds, whose files are made up here day by day: the list of who is in the cohort (a full list),
//! custody records and prison releases (lists of changes). All people are invented.

use super::Deployment;
use fastrand::Rng;
use jiff::civil::{Date, date};
use jiff::{Span, Timestamp};
use lockgate::clock::Clock;
use lockgate::config::{self, Deployment as Config};
use lockgate::exit::{Exit, Expected};
use lockgate::night::run::Told;
use lockgate::night::{Order, run};
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

/// The first day of which there are files.
pub const FIRST: Date = date(2008, 11, 17);
/// The mappings that stay.
const KEPT: [&str; 3] = ["wyp/cohort.toml", "wyp/custody.toml", "hmps/releases.toml"];
const SURNAMES: [&str; 8] =
    ["Ackerby", "Brindlow", "Cawthra", "Dunsley", "Ellershaw", "Fenwickson", "Grimsdale", "Hallas"];
const FORENAMES: [&str; 5] = ["Adam", "Bethan", "Callum", "Dawn", "Errol"];

/// A file of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFile {
    /// The place's folder in the fixtures.
    pub place: &'static str,
    /// The name up to its date.
    pub stem: &'static str,
    /// The name's ending.
    pub ending: &'static str,
    /// The day that it tells of.
    pub date: Date,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl FeedFile {
    /// Its name; what stands after the date tells copies apart.
    pub fn name(&self, copy: &str) -> String {
        format!("{}_{}{copy}.{}", self.stem, self.date.strftime("%Y%m%d"), self.ending)
    }

    /// Puts it where its feed is collected.
    pub fn put(&self, deployment: &Deployment, copy: &str) {
        let place = deployment.path("fixtures").join(self.place).join(self.name(copy));
        fs::write(place, &self.bytes).expect("writing");
    }
}

/// Whom the feeds tell of, as he or she stands today.
struct Person {
    number: u32,
    postcode: u32,
    until: Option<Date>,
    booking: Option<(u32, Date)>,
}

impl Person {
    fn new(number: u32) -> Self {
        Self { number, postcode: number, until: None, booking: None }
    }

    fn surname(&self) -> &'static str {
        SURNAMES.iter().cycle().nth(self.number as usize).copied().unwrap_or_default()
    }

    fn forename(&self) -> String {
        let of = |n: u32| FORENAMES.iter().cycle().nth(n as usize).copied().unwrap_or_default();
        format!("{} {}", of(self.number / 8), of(self.number / 3 + 1))
    }

    fn birth(&self) -> String {
        format!("{:02}/{:02}/{}", 1 + self.number % 28, 1 + self.number % 12, 1960 + self.number % 30)
    }

    fn prison_number(&self) -> String {
        format!("A{:04}CD", 1000 + self.number)
    }
}

/// A custody record as it stands.
struct Custody {
    number: u32,
    of: u32,
    day: Date,
    charged: bool,
    tested: bool,
    gone: bool,
}

/// The feeds' world, from day to day the same for the same seed. Records come back to what they said on an earlier day, too.
pub struct World {
    rng: Rng,
    day: Date,
    people: Vec<Person>,
    custody: Vec<Custody>,
    bookings: u32,
}

impl World {
    /// So many people, before the first day.
    pub fn new(seed: u64, people: u32) -> Self {
        let people = (0..people).map(Person::new).collect();
        Self { rng: Rng::with_seed(seed), day: FIRST, people, custody: Vec::new(), bookings: 0 }
    }

    /// The day whose files come next.
    pub const fn day(&self) -> Date {
        self.day
    }

    /// The files of the next day: people join and leave, arrests and releases come, change and are taken back.
    pub fn next_day(&mut self) -> [FeedFile; 3] {
        let files = [self.cohort(), self.custody(), self.releases()];
        self.day = self.day.checked_add(Span::new().days(1)).expect("a day");
        files
    }

    fn file(
        &self,
        place: &'static str,
        stem: &'static str,
        ending: &'static str,
        bytes: Vec<u8>,
    ) -> FeedFile {
        FeedFile { place, stem, ending, date: self.day, bytes }
    }

    /// The full list: whoever was ever on it stays, with an end.
    fn cohort(&mut self) -> FeedFile {
        let day = self.day;
        if let Some(mover) = self.rng.choice(&mut self.people) {
            mover.postcode += 1;
        }
        if self.rng.u8(..3) == 0
            && let Some(leaver) = self.rng.choice(&mut self.people)
        {
            leaver.until.get_or_insert(day);
        }
        let mut text = "Nominal\tPNC\tCRO\tPrison number\tSurname\tForenames\tAliases\tDOB\tSex\tPostcode\tDesignation\tFrom\tUntil\t\
                        Division\tOfficer in case\r\n"
            .to_owned();
        for person in &self.people {
            // Every seventh joins two days after the first.
            let joins = FIRST.checked_add(Span::new().days(2)).expect("a day");
            if person.number % 7 == 6 && day < joins {
                continue;
            }
            let until = person.until.map(|d| d.strftime("%d/%m/%Y").to_string()).unwrap_or_default();
            let (postcode, from) =
                (person.postcode % 9, if person.number % 7 == 6 { joins } else { date(2008, 10, 1) });
            let _ = write!(
                text,
                "LDS{:06}\t\t\t{}\t{}\t{}\t\t{}\tM\tLS{} {}ZZ\tIOM\t{}\t{until}\tLeeds\t\r\n",
                100 + person.number,
                person.prison_number(),
                person.surname().to_uppercase(),
                person.forename(),
                person.birth(),
                10 + postcode,
                postcode,
                from.strftime("%d/%m/%Y"),
            );
        }
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        self.file("wyp", "IOM_COHORT", "txt", units.flat_map(u16::to_le_bytes).collect())
    }

    /// Changes of custody records: new ones, and some of before changed or taken back.
    fn custody(&mut self) -> FeedFile {
        let day = self.day;
        let mut rows = Vec::new();
        // Those of the last days alone, so that a day's file is as long after a year as after a week.
        for custody in self.custody.iter_mut().rev().take(24) {
            match self.rng.u8(..8) {
                // It may come back to what it said before.
                0 => (custody.charged, custody.gone) = (!custody.charged, false),
                1 => custody.tested = true,
                2 => custody.gone = true,
                _ => continue,
            }
            rows.push((if custody.gone { "X" } else { "C" }, custody.row()));
        }
        for _ in 0..self.rng.u32(1..4) {
            let of = self.rng.u32(..u32::try_from(self.people.len()).expect("few"));
            let number = 14_000 + u32::try_from(self.custody.len()).expect("few");
            let new = Custody { number, of, day, charged: false, tested: self.rng.bool(), gone: false };
            rows.push(("N", new.row()));
            self.custody.push(new);
        }
        let mut text = "Status|Custody ref|Nominal|PNCID|Surname|Forenames|DOB|ASN|Arrest date|Arrest time|Station|Offence|Disposal|\
                        Arresting officer|Risk assessment|Circumstances|Test date|Test time|Test result|Drug found|Disputed|RA type|\
                        RA date|RA time|RA remained|ROB status|ROB from|ROB to|ROB complied\r\n"
            .to_owned();
        for (status, row) in &rows {
            let _ = write!(text, "{status}|{row}\r\n");
        }
        let _ = write!(text, "*** END OF EXTRACT ***|{}\r\n", rows.len());
        self.file("wyp", "CUSTODY", "csv", text.into_bytes())
    }

    /// Changes of releases: a new one, and one of before moved or cancelled.
    fn releases(&mut self) -> FeedFile {
        let day = self.day;
        let mut rows = Vec::new();
        let ahead = |days: u32| day.checked_add(Span::new().days(i64::from(days))).expect("a day");
        for person in &mut self.people {
            let (status, booking) = match (person.booking, self.rng.u8(..12)) {
                (None, 0..2) => {
                    self.bookings += 1;
                    ("N", (self.bookings, ahead(self.rng.u32(20..60))))
                }
                (Some((number, _)), 0..2) => ("C", (number, ahead(self.rng.u32(20..24)))),
                (Some(booking), 2) => ("X", booking),
                _ => continue,
            };
            person.booking = Some(booking);
            let (number, on) = booking;
            let on = on.strftime("%d/%m/%Y");
            let (crd, known) = (on.to_string(), person.number);
            rows.push(format!(
                "LEI;{};{};V{:05};;;{};{};{};M;W1;{on};08:45;REL;CR;0Y6M0D;;;{crd};;;;Y;;{known} Copse Row;Leeds;;;LS9 7ZZ;DPH;YSW;\
                 Leeds;J Pickersgill;N;;N;N;N;{status}\r\n",
                day.strftime("%d/%m/%Y"),
                person.prison_number(),
                70_000 + number,
                person.surname().to_uppercase(),
                person.forename().to_uppercase(),
                person.birth(),
            ));
        }
        if rows.is_empty() {
            // A list without a row is held: there is always somebody of whom the gateway has not heard.
            rows.push(format!(
                "LEI;{};A9999ZZ;V99999;;;YARDLEY;ZOE;01/02/1980;F;W1;{};08:45;REL;CR;0Y6M0D;;;;;;;Y;;1 Copse Row;Leeds;;;LS9 7ZZ;DPH;\
                 YSW;Leeds;J Pickersgill;N;;N;N;N;N\r\n",
                day.strftime("%d/%m/%Y"),
                ahead(30).strftime("%d/%m/%Y"),
            ));
        }
        let printed = day.strftime("%d/%m/%Y");
        let text = format!(
            "HM PRISON SERVICE - DAILY RELEASE LIST\r\nYorkshire and Humberside;Printed {printed} 03:40\r\nEstablishment;Report date;\
             Prison number;Booking number;PNC;CRO;Surname;Forenames;DOB;Sex;Ethnicity;Release date;Release time;Movement type;Reason;\
             Length;SED;LED;CRD;ARD;HDCAD;ECL date;Licence;Licence type;Release address 1;Release address 2;Release address 3;\
             Release address 4;Postcode;Address type;Probation area;Office;Offender manager;PPO;MAPPA level;ACCT open;DIP;Tag (HDC);\
             Status\r\n{}ROWS;{}\r\n",
            rows.concat(),
            rows.len()
        );
        self.file("hmps", "HMPS_RELEASES", "csv", text.into_bytes())
    }
}

impl Custody {
    fn row(&self) -> String {
        let day = self.day.strftime("%d/%m/%Y");
        let test = if self.tested { format!("{day}|18:30|NEG|NONE|N") } else { "||||".to_owned() };
        format!(
            "13L7/08/{:06}|LDS{:06}||NOBODY|||| {day}|17:40|13L7|TH68010|{}|4471|||{test}||||||||",
            self.number,
            100 + self.of,
            if self.charged { "CHARGED CB" } else { "BAIL 47(3)" },
        )
        .replace(" |", "|")
        .replace("| ", "|")
    }
}

/// A deployment of the three feeds, whose places are empty. A name may go on after its date.
pub fn small() -> Deployment {
    small_of(Deployment::fresh())
}

/// The same of another deployment.
pub fn small_of(deployment: Deployment) -> Deployment {
    for partner in super::RECIPIENTS {
        for folder in ["fixtures", "mappings"] {
            let folder = deployment.path(folder).join(partner);
            for entry in fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let kept = path.extension().is_some_and(|e| e == "toml")
                    && KEPT.iter().any(|kept| path.ends_with(kept));
                if path.is_file() && !kept {
                    fs::remove_file(path).expect("removing");
                }
            }
        }
    }
    for (file, ending) in KEPT.into_iter().zip(["txt", "csv", "csv"]) {
        let (from, to) = (format!("_{{date}}.{ending}"), format!("_{{date}}*.{ending}"));
        deployment.edit(&format!("mappings/{file}"), &from, &to);
    }
    deployment
}

/// The configuration, with a clock that is told the time.
pub fn load(deployment: &Deployment, clock: &Clock) -> Config {
    let mut loaded = config::load(deployment.root()).unwrap_or_else(|(problems, _)| {
        panic!("{:?}", problems.iter().map(|p| (p.code, &p.what)).collect::<Vec<_>>())
    });
    loaded.clock = clock.clone();
    loaded
}

/// Half past one in the night of a day.
pub fn night_of(day: Date) -> Timestamp {
    day.at(1, 30, 0, 0).in_tz("Europe/London").expect("a time").timestamp()
}

/// Runs a night in this process. A program that another thread starts meanwhile holds a copy of this process's lock on the store for
/// the moment until it is that program: such a night is begun again.
pub async fn night(config: &Config, day: Date) -> Told {
    config.clock.set(night_of(day));
    for _ in 0..100 {
        let order = Order { as_of: day, feeds: Vec::new(), dry_run: false };
        match Box::pin(run::run(config, order, true)).await {
            Ok(told) => return told,
            Err(fault) if fault.downcast_ref::<Expected>().is_some_and(|e| e.exit == Exit::Temporary) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(fault) => panic!("the night of {day}: {fault:#}"),
        }
    }
    panic!("the night of {day}: the store stays locked");
}
