//! A deployment of its own for each test: the repository's, copied to a temporary folder, and the program run on it.

pub mod doors;
pub mod page;
pub mod postgres;
pub mod small;
pub mod sshd;
pub mod wire;
pub mod workers;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// The recipients of the agreement, in its order.
pub const RECIPIENTS: [&str; 8] = ["wyp", "lcc", "probation", "yos", "hmps", "g4s", "disc", "cri"];
/// The three nights of the fixtures.
pub const NIGHTS: [&str; 3] = ["2008-11-17", "2008-11-18", "2008-11-19"];
/// Columns that say how a row came, not what it says.
const HOW: [&str; 4] = ["record_version", "change", "as_of", "review_by"];

/// What the program said, and how it ended.
pub struct Said {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// What a finished program said.
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program speaks UTF-8");
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("no JSON ({e}): {}\n{}", self.out, self.err))
    }

    /// The line of a feed in a run's JSON; a feed with several files gives its last.
    pub fn feed(&self, feed: &str) -> Value {
        let all = self.json();
        let mut lines = all["feeds"].as_array().expect("feeds").iter().filter(|l| l["feed"] == feed);
        lines.next_back().unwrap_or_else(|| panic!("no line of {feed}")).clone()
    }
}

/// Lets the deployments of this process lie in memory where there is room for them: no test can tell a drive that keeps its word from
/// one that does not, and nights wait for it most of the time.
pub fn in_memory() {
    const ROOM: u64 = 1 << 30;
    let memory = Path::new("/dev/shm");
    let free = rustix::fs::statvfs(memory).map_or(0, |s| s.f_bavail.saturating_mul(s.f_frsize));
    if free > ROOM {
        // Somebody may have said so already.
        let _ = tempfile::env::override_temp_dir(memory);
    }
}

/// The tracer by which a program's calls are disturbed; where the system lets nobody trace anything there is nothing to try with.
pub fn tracer() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let strace = std::env::split_paths(&path).map(|f| f.join("strace")).find(|p| p.is_file());
    let strace = needed(strace, "strace")?;
    let may = Command::new(&strace).args(["-o", "/dev/null", "true"]).output().expect("the tracer starts");
    may.status.success().then_some(strace)
}

/// Waits for what is to come about; a minute is a fault.
pub fn until(came: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !came() {
        assert!(begun.elapsed() < std::time::Duration::from_mins(1), "it does not come about");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// A tool that the test needs, or the end of the test.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn needed(tool: Option<PathBuf>, what: &str) -> Option<PathBuf> {
    if tool.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{what} is missing");
        eprintln!("skipped: {what} is missing; scripts/test installs it");
    }
    tool
}

/// The Python in which `tests/requirements.txt` is installed.
pub fn python() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let venv = cache.map(|c| c.join("lockgate/venv/bin/python"));
    let python = std::env::var_os("LOCKGATE_PYTHON").map(PathBuf::from).or(venv);
    needed(python.filter(|p| p.is_file()), "a Python with frictionless")
}

/// A copy of the repository's deployment.
pub struct Deployment {
    folder: TempDir,
}

impl Deployment {
    /// A fresh copy: nothing was run on it. Its bundles are plain folders, so that a test can look into them; those that
    /// seal begin with `sealed`.
    pub fn fresh() -> Self {
        let new = Self::sealed();
        new.edit("lockgate.toml", "acknowledge_days = 5", "plain = true\nacknowledge_days = 5");
        new
    }

    /// A fresh copy as it is shipped: its bundles leave signed and encrypted.
    pub fn sealed() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(source.join("lockgate.toml"), folder.path().join("lockgate.toml"))
            .expect("copying settings");
        for part in ["schema", "mappings", "agreement", "calendar", "fixtures"] {
            copy(&source.join(part), &folder.path().join(part));
        }
        Self { folder }
    }

    /// A fresh copy on which the nights up to this one (from 0) were run.
    pub fn after(nights: usize) -> Self {
        let new = Self::fresh();
        for night in NIGHTS.iter().take(nights + 1) {
            new.night(night);
        }
        new
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A place in it.
    pub fn path(&self, place: &str) -> PathBuf {
        self.root().join(place)
    }

    /// The program with these words, on this deployment.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
        command.arg("--config").arg(self.root()).args(words).current_dir(std::env::temp_dir());
        command.env("NO_COLOR", "1").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, words: &[&str]) -> Said {
        Said::of(&self.command(words).output().expect("the program starts"))
    }

    /// Starts the program.
    pub fn start(&self, words: &[&str]) -> Child {
        self.command(words).spawn().expect("the program starts")
    }

    /// Runs a night that must come to its end, as JSON.
    pub fn night(&self, day: &str) -> Said {
        let said = self.run(&["run", "--as-of", day, "--json"]);
        assert!(matches!(said.code, Some(0 | 4)), "the night of {day} ended {:?}: {}", said.code, said.err);
        said
    }

    /// Changes one row of the store behind the program's back.
    pub fn change_store(&self, sql: &'static str) {
        let place = format!("sqlite:{}", self.path("state/store.sqlite").display());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let pool = sqlx::SqlitePool::connect(&place).await.expect("the store opens");
            let done = sqlx::query(sql).execute(&pool).await.expect("it is changed");
            assert_eq!(done.rows_affected(), 1);
            pool.close().await;
        });
    }

    /// Replaces a text that stands exactly once in a file.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).expect("a text");
        assert_eq!(text.matches(from).count(), 1, "{file} holds {from:?} not once");
        fs::write(&path, text.replace(from, to)).expect("writing");
    }

    /// Lets its store be in a database of a server, and says where the password is.
    pub fn put_on(&self, address: &str) {
        fs::write(self.path("db.password"), format!("{}\n", postgres::PASSWORD)).expect("writing");
        let path = "path = \"state\"\n";
        let with = format!("{path}url = \"{address}\"\npassword = {{ file = \"db.password\" }}\n");
        self.edit("lockgate.toml", path, &with);
    }

    /// Has the agreement signed, as it lies there now, by all its holders with the throw-away keys of the fixtures.
    pub fn sign(&self) {
        let prepared = self.run(&["agreement", "approve", "--json"]).json();
        let statement = self.path(prepared["statement"].as_str().expect("a place"));
        let text = fs::read(&statement).expect("a text to sign");
        for partner in RECIPIENTS {
            fs::write(
                statement.with_file_name(format!("{partner}.sig")),
                signature(partner, NAMESPACE, &text),
            )
            .expect("writing");
        }
        let said = self.run(&["agreement", "status"]);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    }

    /// A recipient's bundles, in their order.
    pub fn bundles(&self, recipient: &str) -> Vec<Bundle> {
        let folder = self.path("state/bundles").join(recipient);
        let mut names = names(&folder);
        names.sort();
        names.iter().map(|name| Bundle::read(&folder.join(name))).collect()
    }

    /// The bundle of a recipient that a night made.
    pub fn bundle(&self, recipient: &str, night: &str) -> Bundle {
        let day = night.replace('-', "");
        let all = self.bundles(recipient);
        all.into_iter()
            .find(|b| b.name.contains(&day))
            .unwrap_or_else(|| panic!("{recipient} has no bundle of {night}"))
    }

    /// What a recipient holds after all its bundles.
    pub fn replica(&self, recipient: &str) -> Replica {
        let mut replica = Replica::default();
        self.bundles(recipient).iter().for_each(|b| replica.apply(b));
        replica
    }

    /// Every file of every bundle with its bytes.
    pub fn bundle_files(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.path("state/bundles"))
    }
}

/// The purpose of an approval's signatures.
pub const NAMESPACE: &str = "lockgate-agreement";

/// A signature as `ssh-keygen -Y sign` makes it, with a partner's throw-away key.
pub fn signature(partner: &str, namespace: &str, text: &[u8]) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/keys/holder_{partner}"));
    let key = ssh_key::PrivateKey::from_openssh(fs::read(file).expect("a key")).expect("a private key");
    let signature = key.sign(namespace, ssh_key::HashAlg::Sha512, text).expect("a signature");
    signature.to_pem(ssh_key::LineEnding::LF).expect("a text")
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for name in names(from) {
        let (source, target) = (from.join(&name), to.join(&name));
        if source.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(&source, &target).expect("copying");
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|e| e.expect("an entry").file_name().into_string().expect("a plain name")).collect()
}

/// All files below a folder, by their path in it.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            out.extend(files(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            out.insert(name, fs::read(&path).expect("a readable file"));
        }
    }
    out
}

/// Fails with the first file that differs.
pub fn assert_same_files(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>, what: &str) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<BTreeSet<_>>();
    let odd: Vec<String> = names(left).symmetric_difference(&names(right)).cloned().collect();
    assert!(odd.is_empty(), "{what}: only on one side: {odd:?}");
    for (name, bytes) in left {
        assert!(right.get(name) == Some(bytes), "{what}: {name} differs");
    }
}

/// Fails with the first file that differs; of manifests what they say of the ledger is left out. A run that was stopped
/// opened a chapter of the ledger, so that the checkpoint of the next night is another.
pub fn assert_same_but_for_the_ledger(
    left: &BTreeMap<String, Vec<u8>>,
    right: &BTreeMap<String, Vec<u8>>,
    what: &str,
) {
    let without = |files: &BTreeMap<String, Vec<u8>>| {
        let one = |(name, bytes): (&String, &Vec<u8>)| {
            if !name.ends_with("datapackage.json") {
                return (name.clone(), bytes.clone());
            }
            let mut manifest: Value = serde_json::from_slice(bytes).expect("a manifest");
            let own = manifest["lockgate"].as_object_mut().expect("its own object");
            assert!(own.remove("ledger").is_some() && own.remove("previous").is_some(), "{name}");
            (name.clone(), manifest.to_string().into_bytes())
        };
        files.iter().map(one).collect::<BTreeMap<_, _>>()
    };
    assert_same_files(&without(left), &without(right), what);
}

/// A CSV file as rows of cells by column.
pub fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).expect("a CSV file");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.deserialize().map(|row| row.expect("a CSV row")).collect()
}

/// One row of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The table's name: a category or `people`.
    pub table: String,
    /// Its cells by column.
    pub cells: BTreeMap<String, String>,
}

impl Row {
    /// A cell; empty when the table has no such column.
    pub fn get(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    /// Its version.
    pub fn version(&self) -> u32 {
        self.get("record_version").parse().expect("a version")
    }

    /// What the row says, without how it came.
    pub fn says(&self) -> BTreeMap<String, String> {
        let kept = self.cells.iter().filter(|(column, _)| !HOW.contains(&column.as_str()));
        kept.map(|(column, cell)| (column.clone(), cell.clone())).collect()
    }
}

/// A bundle as its recipient finds it.
pub struct Bundle {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The rows of all its tables.
    pub rows: Vec<Row>,
}

impl Bundle {
    /// The bundle that lies in a folder.
    pub fn read(folder: &Path) -> Self {
        let mut rows = Vec::new();
        for name in names(&folder.join("data")) {
            let name = name.strip_suffix(".csv").expect("only CSV in data");
            let cells = table(&folder.join("data").join(format!("{name}.csv")));
            rows.extend(cells.into_iter().map(|cells| Row { table: name.into(), cells }));
        }
        let name = folder.file_name().and_then(|n| n.to_str()).expect("a bundle's name").to_owned();
        Self { name, folder: folder.into(), rows }
    }

    /// Its rows with a change.
    pub fn changes(&self, change: &str) -> Vec<&Row> {
        self.rows.iter().filter(|r| r.get("change") == change).collect()
    }

    /// Its manifest.
    pub fn manifest(&self) -> Value {
        let text = fs::read_to_string(self.folder.join("datapackage.json")).expect("a manifest");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// What a recipient holds who applied its bundles in their order, as the README of a bundle tells it to.
#[derive(Default)]
pub struct Replica {
    /// Held rows by record.
    pub rows: BTreeMap<String, Row>,
}

impl Replica {
    /// Applies a bundle; fails on whatever the recipient could not follow.
    pub fn apply(&mut self, bundle: &Bundle) {
        let snapshot = bundle.name.ends_with("_snapshot");
        let before = if snapshot { std::mem::take(&mut self.rows) } else { self.rows.clone() };
        let mut seen = BTreeSet::new();
        for row in &bundle.rows {
            let (record, held) = (row.get("record_id"), before.get(row.get("record_id")));
            let place = format!("{} {} {record}", bundle.name, row.table);
            assert!(seen.insert(record), "{place} stands twice");
            let next = held.map_or(1, |h| h.version() + 1);
            match row.get("change") {
                "current" if snapshot => {}
                "current" => {
                    let held = held.unwrap_or_else(|| panic!("{place} is restated and was never given"));
                    assert_eq!(
                        (held.says(), held.version()),
                        (row.says(), row.version()),
                        "{place} is no restatement"
                    );
                }
                "new" => assert!(held.is_none() && !snapshot, "{place} is new and held"),
                "correction" => {
                    let held = held.unwrap_or_else(|| panic!("{place} is corrected and was never given"));
                    assert_eq!((row.version(), &row.table), (next, &held.table), "{place}: version or table");
                    assert_ne!(held.says(), row.says(), "{place} corrects nothing");
                }
                "withdrawal" => {
                    let held = held.unwrap_or_else(|| panic!("{place} is withdrawn and was never given"));
                    assert_eq!((row.version(), &row.table), (next, &held.table), "{place}: version or table");
                }
                other => panic!("{place}: unknown change {other}"),
            }
            if row.get("change") == "withdrawal" {
                self.rows.remove(record);
            } else {
                self.rows.insert(record.into(), row.clone());
            }
        }
    }

    /// Held rows of a table.
    pub fn of(&self, table: &str) -> Vec<&Row> {
        self.rows.values().filter(|r| r.table == table).collect()
    }

    /// The one pseudonym of a person by surname, forenames and date of birth, in whatever case.
    pub fn person(&self, surname: &str, forenames: &str, birth: &str) -> Option<String> {
        let same = |row: &&Row| {
            row.get("surname").to_lowercase() == surname.to_lowercase()
                && row.get("forenames").to_lowercase() == forenames.to_lowercase()
                && row.get("birth_date") == birth
        };
        let refs: BTreeSet<&str> =
            self.of("people").into_iter().filter(same).map(|r| r.get("person_ref")).collect();
        assert!(refs.len() <= 1, "{forenames} has {} pseudonyms", refs.len());
        refs.first().map(|r| (*r).to_owned())
    }

    /// Held rows of a person in a table.
    pub fn about(&self, person: &str, table: &str) -> Vec<&Row> {
        self.of(table).into_iter().filter(|r| r.get("person_ref") == person).collect()
    }
}

/// The words of the fixtures that must be in no message: `fixtures/canaries.csv`.
pub fn canaries() -> Vec<String> {
    let rows = table(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/canaries.csv"));
    let words: Vec<String> = rows.into_iter().map(|mut r| r.remove("word").expect("a word")).collect();
    assert!(words.len() > 2000);
    words
}

/// Fails when a text holds a value of the fixtures.
pub fn assert_no_value(text: &str, canaries: &[String], place: &str) {
    for word in canaries {
        let found = text.match_indices(word.as_str()).find(|(at, _)| {
            let part_of_a_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let (before, after) = (text[..*at].chars().next_back(), text[at + word.len()..].chars().next());
            !part_of_a_word(before) && !part_of_a_word(after)
        });
        assert!(found.is_none(), "{place} says a value of the fixtures: {word}");
    }
}
