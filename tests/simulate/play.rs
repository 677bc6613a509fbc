//! A plan carried out on a deployment of its own, night after night, and what there is in the end.

use crate::plan::{ANSWERING, FEEDS, Fault, PLACES, Plan, day};
use crate::recipient::Recipient;
use crate::stopped;
use crate::support::doors::signers;
use crate::support::small::{FeedFile, load, night, night_of, small_of};
use crate::support::{Deployment, RECIPIENTS, files, tracer};
use jiff::{SignedDuration, Timestamp};
use lockgate::clock::Clock;
use lockgate::config::Deployment as Config;
use lockgate::open;
use lockgate::schedule::Daemon;
use lockgate::seal::Signers;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Beside a file of releases: it is whole.
const MARKER: &str = ".done";

/// A recipient, a record of its, and what the record's row says.
pub(crate) type Held = BTreeMap<(&'static str, String), (String, BTreeMap<String, String>)>;

/// What there is in the end.
pub(crate) struct End {
    /// People in the store.
    pub(crate) people: Value,
    /// What each recipient holds.
    pub(crate) held: Held,
    /// Nights that were stopped where the plan says.
    pub(crate) stopped: usize,
}

/// A file on its way.
#[derive(Clone)]
struct Arrival {
    file: FeedFile,
    feed: usize,
    copy: String,
    /// Whether whoever sends it says that it is whole.
    whole: bool,
}

impl Arrival {
    fn put(&self, deployment: &Deployment) {
        self.file.put(deployment, &self.copy);
        if self.whole && PLACES[self.feed] == "hmps" {
            let name = format!("{}{MARKER}", self.file.name(&self.copy));
            fs::write(deployment.path("fixtures/hmps").join(name), b"").unwrap();
        }
    }
}

/// What comes before each night; the last is the quiet one.
fn arrivals(plan: &Plan, all: &[FeedFile]) -> Vec<Vec<Arrival>> {
    let mut nights = vec![Vec::new(); plan.nights + 1];
    let last = plan.nights;
    let mut comes = |at: usize, arrival: Arrival| nights[at.min(last)].push(arrival);
    for (at, file) in all.iter().enumerate() {
        let (on, feed) = (at / FEEDS.len(), at % FEEDS.len());
        let whole = || Arrival { file: file.clone(), feed, copy: String::new(), whole: true };
        let short = |bytes: usize| {
            let bytes = file.bytes[..bytes].to_vec();
            Arrival { file: FeedFile { bytes, ..file.clone() }, ..whole() }
        };
        let without_last_line = file.bytes.trim_ascii_end().iter().rposition(|b| *b == b'\n').unwrap() + 1;
        let mut first = vec![(on, whole())];
        for fault in plan.of(on) {
            match fault {
                Fault::Late { feed: of, nights } if *of == feed => first = vec![(on + nights, whole())],
                Fault::Renamed { feed: of } if *of == feed => first[0].1.copy = "_renamed".into(),
                Fault::Half if feed == 2 => {
                    let half = Arrival { whole: false, ..short(file.bytes.len() / 2) };
                    first = vec![(on, half), (on + 1, whole())];
                }
                Fault::Cut { feed: of } if *of == feed => {
                    first = vec![(on, short(file.bytes.len() * 3 / 4)), (on + 1, whole())];
                }
                Fault::Endless { feed: of } if *of == feed => first = vec![(on, short(without_last_line))],
                Fault::Twice { feed: of, nights } if *of == feed => {
                    comes(on + nights, Arrival { copy: "_again".into(), ..whole() });
                }
                _ => {}
            }
        }
        first.into_iter().for_each(|(at, arrival)| comes(at, arrival));
    }
    nights
}

/// A plan on its way.
struct Play<'a> {
    plan: &'a Plan,
    deployment: Deployment,
    config: Config,
    clock: Clock,
    daemon: Daemon,
    signers: Signers,
    recipients: Vec<Recipient>,
    /// Feeds of which somebody will let a file in, each with the day of the file.
    to_let_in: BTreeSet<(usize, usize)>,
    /// Bundles that were answered.
    answered: BTreeSet<String>,
    stopped: usize,
}

/// Carries a plan out with these files.
pub(crate) async fn play(plan: &Plan, all: &[FeedFile]) -> End {
    let mut way = Play::begin(plan);
    let mut waiting: Vec<Arrival> = Vec::new();
    for (at, come) in arrivals(plan, all).into_iter().enumerate() {
        way.wrong_clock_before(at).await;
        let gone: Vec<&str> = way.plan.of(at).filter_map(Fault::place).collect();
        waiting.extend(come);
        let (later, now) = waiting.into_iter().partition(|a| gone.contains(&PLACES[a.feed]));
        waiting = later;
        now.iter().for_each(|arrival: &Arrival| arrival.put(&way.deployment));
        let away = way.take_away(at);
        way.night(at).await;
        away.iter().for_each(|(place, kept)| bring_back(&way.deployment, place, kept));
        way.morning(at);
    }
    assert!(waiting.is_empty() && way.to_let_in.is_empty(), "not all came: {:?}", way.to_let_in);
    way.end()
}

impl<'a> Play<'a> {
    fn begin(plan: &'a Plan) -> Self {
        let deployment = small_of(Deployment::sealed());
        let hmps = "folder = \"fixtures/hmps\"\nsettle_ms = 0";
        deployment.edit("lockgate.toml", hmps, &format!("{hmps}\nrequire_marker = true"));
        let settings = fs::read_to_string(deployment.path("lockgate.toml")).unwrap();
        fs::write(deployment.path("lockgate.toml"), settings + "\n[schedule]\nnight = \"30 1 * * *\"\n")
            .unwrap();
        let clock = Clock::at(afternoon_before(0));
        let config = load(&deployment, &clock);
        let (daemon, signers) = (Daemon::new(&config), Signers::open(&signers(&deployment)).unwrap());
        let recipients = RECIPIENTS.map(Recipient::new).into();
        let to_let_in = plan.faults.iter().filter_map(|(at, fault)| match fault {
            Fault::Endless { feed } => Some((*at, *feed)),
            _ => None,
        });
        let (to_let_in, answered) = (to_let_in.collect(), BTreeSet::new());
        Self { plan, deployment, config, clock, daemon, signers, recipients, to_let_in, answered, stopped: 0 }
    }

    /// The clock goes wrong in the afternoon before a night. A fast one is put right in the same hour, a slow one after the night's
    /// time has passed.
    async fn wrong_clock_before(&mut self, at: usize) {
        let Some(hours) = self.plan.of(at).find_map(Fault::hours) else { return };
        let true_time = if hours > 0 { afternoon_before(at) } else { night_of(day(at)) };
        self.clock.set(true_time.checked_add(SignedDuration::from_hours(hours)).unwrap());
        self.daemon.turn(&self.config).await;
        self.clock.set(true_time.checked_add(SignedDuration::from_mins(20)).unwrap());
        if hours > 0 {
            self.daemon.turn(&self.config).await;
        }
    }

    /// Moves away what is not there in a night.
    fn take_away(&self, at: usize) -> Vec<(String, String)> {
        let mut away = Vec::new();
        for fault in self.plan.of(at) {
            let (place, file_instead) = match fault {
                Fault::Gone { place } => (format!("fixtures/{place}"), false),
                Fault::Door { recipient } => (format!("state/bundles/{recipient}"), true),
                _ => continue,
            };
            let (from, kept) = (self.deployment.path(&place), format!("kept-{}", place.replace('/', "-")));
            if from.exists() {
                fs::rename(&from, self.deployment.path(&kept)).unwrap();
            }
            if file_instead {
                fs::create_dir_all(from.parent().unwrap()).unwrap();
                fs::write(&from, b"in the way").unwrap();
            }
            away.push((place, kept));
        }
        away
    }

    /// A night in its time; one that is stopped is run again by hand, in a process that knows nothing of it.
    async fn night(&mut self, at: usize) {
        let time =
            night_of(day(at)).checked_add(SignedDuration::from_mins(if self.slow(at) { 20 } else { 0 }));
        self.clock.set(time.unwrap());
        let stops = self.plan.of(at).find_map(Fault::inject);
        if let Some((call, inject)) = stops
            && let Some(strace) = tracer()
        {
            let came = stopped(&strace, &self.deployment, day(at), (call, &inject));
            self.stopped += usize::from(came);
            self.daemon = Daemon::new(&self.config);
            self.by_hand(at).await;
        } else {
            self.daemon.turn(&self.config).await;
        }
        if !self.plan.faults.iter().any(|(_, fault)| fault.hours().is_some()) {
            self.assert_ran(at).await;
        }
        if self.plan.of(at).any(|fault| *fault == Fault::Repeated) {
            self.by_hand(at).await;
        }
    }

    async fn by_hand(&self, at: usize) {
        let told = night(&self.config, day(at)).await;
        assert!(told.summary.balances(), "{}the night of {}", self.plan, day(at));
    }

    async fn assert_ran(&self, at: usize) {
        let (store, _) = open::reading(&self.config).await.unwrap();
        let last = store.runs(1).await.unwrap().pop().unwrap();
        store.close().await.unwrap();
        assert!(last.as_of == day(at) && last.finished_at.is_some(), "{}no night of {}", self.plan, day(at));
    }

    fn slow(&self, at: usize) -> bool {
        self.plan.of(at).any(|fault| fault.hours().is_some_and(|hours| hours < 0))
    }

    /// What people do by day: recipients fetch, and some answer; whoever asked the sender lets a file in.
    fn morning(&mut self, at: usize) {
        for recipient in &mut self.recipients {
            recipient.fetch(&self.deployment, &self.signers, day(at));
        }
        for recipient in self.recipients.iter().filter(|r| ANSWERING.contains(&r.key)) {
            for bundle in &recipient.bundles {
                // After the quiet night nobody takes answers any more.
                let due = at >= self.answers_on(recipient.key, bundle.1) && at < self.plan.nights;
                if due && self.answered.insert(bundle.0.clone()) {
                    recipient.answer(&self.deployment, bundle);
                }
            }
        }
        self.let_in(at);
    }

    /// Whoever looks after a feed lets in what is held of it; before it was read there is nothing to let in.
    fn let_in(&mut self, at: usize) {
        for (feed, name) in FEEDS.iter().enumerate() {
            let due: Vec<_> = self.to_let_in.iter().copied().filter(|w| w.0 <= at && w.1 == feed).collect();
            if due.is_empty() {
                continue;
            }
            let words = ["feed", "release", name, "--by", "desk-2", "--reason", "letter 9", "--json"];
            let said = self.deployment.run(&words);
            let let_in = if said.code == Some(0) { said.json().as_array().unwrap().len() } else { 0 };
            self.to_let_in.retain(|one| !due.iter().take(let_in).any(|done| done == one));
        }
    }

    /// The night after which a recipient's answers to a day's bundles are given.
    fn answers_on(&self, recipient: &str, of: jiff::civil::Date) -> usize {
        let late = |(at, fault): &(usize, Fault)| match fault {
            Fault::Answer { recipient: who, nights } if *who == recipient && day(*at) == of => Some(*nights),
            _ => None,
        };
        let on = (0..=self.plan.nights).find(|at| day(*at) == of).unwrap_or_default();
        let late = self.plan.faults.iter().find_map(late).unwrap_or_default();
        (on + late).min(self.plan.nights.saturating_sub(1).max(on))
    }

    fn end(self) -> End {
        let Self { deployment, plan, .. } = &self;
        let verified = deployment.run(&["ledger", "verify"]);
        assert_eq!(verified.code, Some(0), "{plan}{}{}", verified.out, verified.err);
        let left = files(&deployment.path("state/staging"));
        assert!(left.is_empty(), "{plan}in staging: {:?}", left.keys());
        let bundles = deployment.run(&["bundle", "list", "--json"]).json();
        for bundle in bundles.as_array().unwrap() {
            let state = bundle["state"].as_str().unwrap();
            assert!(matches!(state, "published" | "stopped"), "{plan}{} is {state}", bundle["name"]);
        }
        let status = deployment.run(&["status", "--json"]).json();
        // A file that was cut and then sent whole waits for somebody to say so, who is not in the plan.
        let cut = plan.faults.iter().filter(|(_, fault)| matches!(fault, Fault::Cut { .. })).count();
        assert!(
            status["held_files"].as_u64() <= Some(cut as u64),
            "{plan}{} files are held",
            status["held_files"]
        );
        let receipts = deployment.run(&["receipt", "list", "--json"]).json();
        for one in receipts.as_array().unwrap() {
            let (name, state) = (one["bundle"].as_str().unwrap(), one["state"].as_str().unwrap());
            let of_the_end = one["as_of"] == day(plan.nights).to_string().as_str();
            assert!(
                of_the_end || !self.answered.contains(name) || state == "acted",
                "{plan}{name} is {state}"
            );
        }
        let mut held = Held::new();
        for recipient in &self.recipients {
            for (record, row) in &recipient.replica.rows {
                held.insert((recipient.key, record.clone()), (row.table.clone(), row.says()));
            }
        }
        End { people: status["people"].clone(), held, stopped: self.stopped }
    }
}

impl Fault {
    const fn place(&self) -> Option<&'static str> {
        if let Self::Gone { place } = self { Some(place) } else { None }
    }

    const fn hours(&self) -> Option<i64> {
        if let Self::Clock { hours } = self { Some(*hours) } else { None }
    }

    /// The call at which a night is stopped, as the tracer is told it.
    fn inject(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Killed { call, at } => Some((call, format!("inject={call}:signal=SIGKILL:when={at}"))),
            Self::Full { call, error, at } => Some((call, format!("inject={call}:error={error}:when={at}+"))),
            _ => None,
        }
    }
}

fn bring_back(deployment: &Deployment, place: &str, kept: &str) {
    let (to, kept) = (deployment.path(place), deployment.path(kept));
    if to.is_file() {
        fs::remove_file(&to).unwrap();
    }
    if kept.exists() {
        fs::rename(kept, to).unwrap();
    }
}

/// Three in the afternoon before a night.
fn afternoon_before(at: usize) -> Timestamp {
    night_of(day(at)).checked_sub(SignedDuration::from_mins(630)).unwrap()
}
