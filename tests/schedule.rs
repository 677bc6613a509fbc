//! `lockgate serve` by the clock: nights run in their time and are caught up with, a late feed is noticed once and its return
//! told, the configuration is read again only when it is good, and the clock is doubted when it cannot be right.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "tests"
)]

pub mod support;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use lockgate::clock::Clock;
use lockgate::config::{self, Deployment as Config};
use lockgate::schedule::Daemon;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use support::Deployment;

/// A deployment whose lockgate.toml has more lines at its end.
fn with(more: &str) -> Deployment {
    let deployment = Deployment::fresh();
    append(&deployment, more);
    deployment
}

fn append(deployment: &Deployment, more: &str) {
    let file = deployment.path("lockgate.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text + more).unwrap();
}

fn load(deployment: &Deployment, clock: &Clock) -> Config {
    let mut loaded = config::load(deployment.root())
        .unwrap_or_else(|(problems, _)| panic!("{:?}", problems.iter().map(|p| &p.what).collect::<Vec<_>>()));
    loaded.clock = clock.clone();
    loaded
}

/// Runs as `run` says it: day, exit and the feeds alone, the oldest first.
fn runs(deployment: &Deployment) -> Vec<(String, u64)> {
    let said = deployment.run(&["history", "--json"]);
    let mut runs: Vec<(String, u64)> = said
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["as_of"].as_str().unwrap().to_owned(), r["exit"].as_u64().unwrap_or(99)))
        .collect();
    runs.reverse();
    runs
}

fn ts(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Turns a daemon until nothing more comes due at this moment.
async fn settle(daemon: &mut Daemon, config: &Config) {
    for _ in 0..4 {
        daemon.turn(config).await;
    }
}

/// The days of a night's runs that the clock asked for, over a week with an outage, the change of the clocks in it, and the
/// clock set wrong meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn nights_run_in_their_time_and_a_missed_one_is_caught_up_with_once() {
    let deployment = with("\n[schedule]\nnight = \"30 1 * * *\"\n");
    // The clocks go forward in the night to 29 March 2009: 01:30 does not exist.
    let clock = Clock::at(ts("2009-03-27T12:00:00Z"));
    let config = load(&deployment, &clock);
    let mut daemon = Daemon::new(&config);
    settle(&mut daemon, &config).await;
    assert_eq!(runs_if_any(&deployment), Vec::<String>::new(), "nothing before its time");
    let mut at = ts("2009-03-27T12:00:00Z");
    // Every quarter of an hour until noon of the 30th.
    while at < ts("2009-03-30T12:00:00Z") {
        at = at.checked_add(15.minutes()).unwrap();
        clock.set(at);
        daemon.turn(&config).await;
    }
    let days = |expected: &[&str]| {
        let days: Vec<String> = runs(&deployment).into_iter().map(|(day, _)| day).collect();
        assert_eq!(days, expected);
    };
    days(&["2009-03-28", "2009-03-29", "2009-03-30"]);
    // Down for three days; a daemon that begins anew catches up, once.
    clock.set(ts("2009-04-02T09:00:00Z"));
    let mut daemon = Daemon::new(&config);
    settle(&mut daemon, &config).await;
    days(&["2009-03-28", "2009-03-29", "2009-03-30", "2009-04-02"]);
    // A clock years ahead, or behind, runs nothing.
    for wrong in ["2038-01-19T03:14:08Z", "2009-03-31T12:00:00Z"] {
        clock.set(ts(wrong));
        settle(&mut daemon, &config).await;
        let mut begun_then = Daemon::new(&config);
        settle(&mut begun_then, &config).await;
        assert_eq!(runs(&deployment).len(), 4, "{wrong}");
    }
    clock.set(ts("2009-04-03T00:30:00Z"));
    settle(&mut daemon, &config).await;
    assert_eq!(runs(&deployment).last().map(|(day, _)| day.as_str()), Some("2009-04-03"));
}

fn runs_if_any(deployment: &Deployment) -> Vec<String> {
    if !deployment.path("state/store.sqlite").exists() {
        return Vec::new();
    }
    runs(deployment).into_iter().map(|(day, _)| day).collect()
}

/// What the program under `[alarms]` was told, one line an alarm.
fn alarms(deployment: &Deployment) -> Vec<Value> {
    let text = fs::read_to_string(deployment.path("alarms.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A feed whose file does not come in time: said once, `run` and `status` tell it, and its return is told once; also when the
/// daemon was down at the time; and nothing is said of a feed whose file came.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_feed_is_said_once_and_so_is_its_return() {
    let deployment = with(
        "\n[schedule]\nnight = \"30 1 * * *\"\n\n[alarms]\ncommand = [\"sh\", \"-c\", \"cat >> alarms.jsonl\"]\n\n\
         [feed.hmps-releases]\ndue = \"0 6 * * *\"\ngrace_minutes = 30\n\n[feed.wyp-cohort]\ndue = \"0 6 * * *\"\n",
    );
    let clock = Clock::at(ts("2008-11-16T12:00:00Z"));
    let config = load(&deployment, &clock);
    let mut daemon = Daemon::new(&config);
    let release = |day: &str| {
        let folder = deployment.path("fixtures/hmps");
        let all = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path());
        all.filter(|p| p.file_name().unwrap().to_str().unwrap().contains(day)).collect::<Vec<_>>()
    };
    // The release lists of the 18th and 19th are kept back.
    let keep = deployment.path("kept");
    fs::create_dir(&keep).unwrap();
    let mapping = config.mappings.iter().find(|m| m.name() == "hmps-releases").unwrap();
    let mut kept = Vec::new();
    for day in ["20081118", "20081119"] {
        for path in release(day) {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if mapping.source().named(&name).is_some() {
                fs::rename(&path, keep.join(&name)).unwrap();
                kept.push(name);
            }
        }
    }
    assert_eq!(kept.len(), 2, "{kept:?}");
    for hour in
        ["2008-11-17T01:30:00Z", "2008-11-17T07:00:00Z", "2008-11-18T01:30:00Z", "2008-11-18T06:29:59Z"]
    {
        clock.set(ts(hour));
        settle(&mut daemon, &config).await;
    }
    assert_eq!(alarms(&deployment), Vec::<Value>::new());
    clock.set(ts("2008-11-18T06:30:00Z"));
    settle(&mut daemon, &config).await;
    let told = alarms(&deployment);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0]["state"].as_str(), told[0]["feed"].as_str()), (Some("late"), Some("hmps-releases")));
    assert_eq!(
        (told[0]["code"].as_str(), told[0]["due"].as_str()),
        (Some("LG2802"), Some("2008-11-18T06:00:00Z"))
    );
    let status = deployment.run(&["status", "--plain"]);
    assert!(status.err.contains("LG2802") && status.err.contains("2008-11-18 06:00"), "{}", status.err);
    // Said once; the night goes on without the feed, and ends with 6.
    for hour in
        ["2008-11-18T07:30:00Z", "2008-11-18T12:00:00Z", "2008-11-19T01:30:00Z", "2008-11-19T06:00:00Z"]
    {
        clock.set(ts(hour));
        settle(&mut daemon, &config).await;
    }
    assert_eq!(runs(&deployment).last(), Some(&("2008-11-19".to_owned(), 6)));
    assert_eq!(alarms(&deployment).len(), 1);
    // The daemon is down while the next one is due; it is said when it is back that the feed is missing.
    clock.set(ts("2008-11-19T09:00:00Z"));
    let mut daemon = Daemon::new(&config);
    settle(&mut daemon, &config).await;
    assert_eq!(alarms(&deployment).last().unwrap()["state"], "missing");
    // The older of the two does not end it; the newer does, as soon as it lies there.
    for (name, states) in
        [(&kept[0], ["late", "missing"].as_slice()), (&kept[1], &["late", "missing", "back"])]
    {
        fs::rename(keep.join(name), deployment.path("fixtures/hmps").join(name)).unwrap();
        clock.set(clock.now().checked_add(61.seconds()).unwrap());
        settle(&mut daemon, &config).await;
        let told = alarms(&deployment);
        let said: Vec<&str> = told.iter().map(|a| a["state"].as_str().unwrap()).collect();
        assert_eq!(said, states, "{name}");
    }
    clock.set(ts("2008-11-20T01:30:00Z"));
    settle(&mut daemon, &config).await;
    assert_ne!(runs(&deployment).last().unwrap().1, 6, "nobody is late any more");
    assert!(!deployment.run(&["status", "--plain"]).err.contains("LG280"));
    assert_eq!(alarms(&deployment).len(), 3);
}

/// A program that is told of alarms and fails is said, and stops nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_taken_between_the_nights_and_a_failing_program_stops_nothing() {
    let deployment = with(
        "\n[schedule]\nnight = \"30 1 * * *\"\n\n[alarms]\ncommand = [\"false\"]\n\n\
         [feed.hmps-releases]\ntake = \"0 12 * * *\"\ndue = \"0 6 * * *\"\nage_days = 0\n",
    );
    let clock = Clock::at(ts("2008-11-17T01:00:00Z"));
    let config = load(&deployment, &clock);
    let mut daemon = Daemon::new(&config);
    clock.set(ts("2008-11-17T01:30:00Z"));
    settle(&mut daemon, &config).await;
    clock.set(ts("2008-11-17T12:00:00Z"));
    settle(&mut daemon, &config).await;
    assert_eq!(runs(&deployment).len(), 2, "the feed alone at noon");
    clock.set(ts("2008-11-18T01:30:00Z"));
    settle(&mut daemon, &config).await;
    let days: Vec<String> = runs(&deployment).into_iter().map(|(day, _)| day).collect();
    assert_eq!(days, ["2008-11-17", "2008-11-17", "2008-11-18"], "a run of one feed is no night");
    // No file of the 20th is among the fixtures.
    clock.set(ts("2008-11-20T08:00:00Z"));
    settle(&mut daemon, &config).await;
    assert!(deployment.run(&["status", "--plain"]).err.contains("LG2802"));
}

/// A process of `serve` and its log, line by line.
struct Serving {
    child: Child,
    lines: Receiver<String>,
}

impl Serving {
    fn start(deployment: &Deployment) -> Self {
        let mut command = deployment.command(&["serve"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, lines }
    }

    /// Waits for a line with these words.
    fn says(&self, words: &str) -> String {
        let end = Instant::now() + Duration::from_mins(1);
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line.contains(words) {
                return line;
            }
            seen.push(line);
        }
        panic!("`{words}` is not said: {seen:#?}");
    }

    fn signal(&self, name: &str) {
        let done = std::process::Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program itself: a night by the real clock, a faulty configuration refused and a good one taken over, and a quiet end.
#[test]
fn serve_runs_nights_takes_over_only_a_good_configuration_and_ends_when_told() {
    let deployment = with("\n[schedule]\nnight = \"* * * * * *\"\n");
    let mut serving = Serving::start(&deployment);
    serving.says("night begins");
    let said = serving.says("LG1307");
    assert!(said.contains("rows wait in quarantine") && said.contains("feed=\""), "of which feed: {said}");
    serving.says("night ends");
    let file = deployment.path("lockgate.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace("\"* * * * * *\"", "\"30 25 * * *\"")).unwrap();
    serving.signal("-HUP");
    let said = serving.says("LG2806");
    assert!(said.contains("is no time") && said.contains("stays in force"), "{said}");
    serving.says("night ends");
    // Once a year, in February: no night any more.
    fs::write(&file, good.replace("\"* * * * * *\"", "\"0 3 29 Feb *\"")).unwrap();
    serving.signal("-HUP");
    serving.says("the configuration was read again");
    serving.signal("-TERM");
    let ended = serving.child.wait().unwrap();
    assert_eq!(ended.code(), Some(0));
    let today: Date = Timestamp::now().in_tz("Europe/London").unwrap().date();
    assert!(
        runs(&deployment).iter().all(|(day, _)| day
            .parse::<Date>()
            .unwrap()
            .duration_until(today)
            .as_hours()
            <= 24)
    );
}

/// What an HTTP server on this machine answers: its status and text.
fn ask(address: &str, path: &str) -> (u16, String) {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// The gateway as whoever watches it sees it: alive, ready, its numbers, and nothing about a person in them.
#[test]
fn it_is_watched_by_numbers_that_name_nobody() {
    let deployment = Deployment::after(0);
    append(
        &deployment,
        "\n[schedule]\nnight = \"0 3 29 Feb *\"\n\n[operate]\nlisten = \"127.0.0.1:0\"\n\n[feed.hmps-releases]\ndue = \"0 6 * * *\"\n",
    );
    let serving = Serving::start(&deployment);
    let line = serving.says("watched at http://");
    let address =
        line.split("http://").nth(1).unwrap().trim_end_matches(|c: char| !c.is_ascii_digit()).to_owned();
    assert_eq!(ask(&address, "/livez"), (200, "alive\n".to_owned()));
    assert_eq!(ask(&address, "/readyz"), (200, "ready\n".to_owned()));
    let (status, text) = ask(&address, "/metrics");
    assert_eq!(status, 200);
    let people = deployment.run(&["status", "--json"]).json()["people"].to_string();
    for line in [
        &format!("lockgate_people {people}"),
        "lockgate_run_exit 4",
        "lockgate_feed_late{feed=\"hmps-releases\"} 0",
        "lockgate_bundles_waiting{recipient=\"lcc\"} 0",
        "lockgate_agreement_in_force 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    // Every series has one kind and one help, and names nothing that a feed gave.
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert_eq!(text.matches(&format!("# TYPE {name} gauge\n")).count(), 1, "{name}");
    }
    support::assert_no_value(&text, &support::canaries(), "the metrics");
    // Another secret: no night could begin.
    fs::write(deployment.path("fixtures/keys/store.secret"), "7".repeat(64)).unwrap();
    let (status, why) = ask(&address, "/readyz");
    assert!(status == 503 && !why.is_empty(), "{why}");
    assert_eq!(ask(&address, "/livez").0, 200);
}

/// The service manager is told how things stand: ready, alive, reading anew, ending.
#[test]
fn the_service_manager_is_told() {
    let deployment = with("\n[schedule]\nnight = \"0 3 29 Feb *\"\n");
    let socket = deployment.path("notify");
    let manager = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut command = deployment.command(&["serve", "--quiet"]);
    let mut child = command.env("NOTIFY_SOCKET", &socket).stderr(Stdio::null()).spawn().unwrap();
    let says = |words: &str| {
        let mut buffer = [0; 512];
        loop {
            let length = manager.recv(&mut buffer).unwrap_or_else(|e| panic!("`{words}` is not said: {e}"));
            if String::from_utf8_lossy(&buffer[..length]).starts_with(words) {
                return;
            }
        }
    };
    says("READY=1");
    says("WATCHDOG=1");
    let signal = |name: &str| {
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
    };
    signal("-HUP");
    says("RELOADING=1\nMONOTONIC_USEC=");
    says("READY=1");
    signal("-TERM");
    says("STOPPING=1");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The units that are shipped: they read as systemd reads them, and leave the service next to nothing.
#[test]
fn the_units_read_and_are_hardened() {
    let tool = std::path::Path::new("/usr/bin/systemd-analyze");
    let Some(tool) = support::needed(tool.is_file().then(|| tool.to_owned()), "systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    for unit in
        ["lockgate.service", "lockgate-night.service", "lockgate-night.timer", "lockgate-worker@.service"]
    {
        // As if it were installed.
        let text = fs::read_to_string(source.join(unit)).unwrap().replace("/usr/bin/lockgate", "/bin/true");
        let copy = folder.path().join(unit);
        fs::write(&copy, text).unwrap();
        let call =
            |words: &[&str]| std::process::Command::new(&tool).args(words).arg(&copy).output().unwrap();
        let read = call(&["verify", "--man=no", "--recursive-errors=no"]);
        let said = String::from_utf8_lossy(&read.stderr).into_owned();
        assert!(read.status.success() && !said.contains(unit), "{unit}: {said}");
        if unit.ends_with(".service") {
            let exposed = call(&["security", "--offline=true", "--no-pager", "--threshold=20"]);
            assert!(exposed.status.success(), "{unit}: {}", String::from_utf8_lossy(&exposed.stdout));
        }
    }
}

/// Two processes of `serve` on one store: the second says so, and takes over when the first is gone.
#[test]
fn a_second_serve_on_one_store_says_so_and_ends() {
    let deployment = with("\n[schedule]\nnight = \"0 3 29 Feb *\"\n\n[operate]\nlisten = \"127.0.0.1:0\"\n");
    let first = Serving::start(&deployment);
    first.says("watched at http://");
    let mut second = deployment.start(&["serve"]);
    let begun = Instant::now();
    let ended = loop {
        match second.try_wait().unwrap() {
            Some(ended) => break ended,
            None if begun.elapsed() < Duration::from_mins(1) => std::thread::sleep(Duration::from_millis(50)),
            None => panic!("it goes on: {:?}", second.kill()),
        }
    };
    let said = std::io::read_to_string(second.stderr.take().unwrap()).unwrap();
    assert_eq!(ended.code(), Some(75), "{said}");
    assert!(said.contains("another `lockgate serve`") && said.contains("(LG2811)"), "{said}");
    // A night by hand is not kept from the store.
    deployment.night("2008-11-17");
    drop(first);
    Serving::start(&deployment).says("watched at http://");
}

/// A run by the real clock, when the runs before it say that the clock must be years off: it runs nothing, and `doctor` says why.
#[tokio::test]
async fn a_clock_that_is_years_off_is_said_by_run_and_by_doctor() {
    use sqlx::Connection as _;
    for began in ["2039-01-19T03:14:08Z", "2008-11-17T02:30:00Z"] {
        let deployment = Deployment::after(0);
        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(deployment.path("state/store.sqlite"));
        let mut store = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("UPDATE run SET started_at = $1").bind(began).execute(&mut store).await.unwrap();
        store.close().await.unwrap();
        let said = deployment.run(&["run"]);
        assert_eq!(said.code, Some(75), "{}", said.err);
        assert!(said.err.contains("(LG2805)") && said.err.contains(began), "{}", said.err);
        assert_eq!(runs(&deployment).len(), 1);
        let doctor = deployment.run(&["doctor", "--plain"]);
        assert_eq!(doctor.code, Some(3), "{}", doctor.out);
        assert!(doctor.err.contains("LG2805") && doctor.err.contains(began), "{}", doctor.err);
    }
}

/// What does not read of a time is told with its place.
#[test]
fn a_time_that_does_not_read_is_told_with_its_place() {
    let deployment =
        with("\n[schedule]\nnight = \"30 2 * * 1-5\"\n\n[feed.hmps-release]\ndue = \"0 6 30 Feb *\"\n");
    let said = deployment.run(&["check", "--plain"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    for words in [
        "LG2801",
        "numbers mean different days",
        "no day that ever comes",
        "there is no feed `hmps-release`",
        "did you mean `hmps-releases`",
    ] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
}
