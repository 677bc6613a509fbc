//! Loads a deployment as a whole: every fault of every file at once.

use super::canonical;
use super::parse::{Texts, files_below};
use super::settings::{SecretRef, Settings};
use super::{lists, places, store};
use crate::approval::holders::{self, HOLDERS, Holders};
use crate::clock::Clock;
use crate::deliver::{door_settings, push_settings};
use crate::exit::{Exit, Expected};
use crate::operate;
use crate::schedule::Schedules;
use crate::seal::Keyring;
use crate::serve::Keys;
use crate::vault::{Secret, VaultError};
use anyhow::{Result, anyhow};
use jiff::tz::TimeZone;
use lockgate_connectors::{FORMATS, Format, Limits, Options, Wanted};
use lockgate_core::agreement::clauses::{self, Clause, ClausesDraft};
use lockgate_core::agreement::{self, Agreement};
use lockgate_core::calendar::Calendar;
use lockgate_core::hash::Digest;
use lockgate_core::mapping::{self, CodeMap, Mapping};
use lockgate_core::problem::Problem;
use lockgate_core::schema::{self, CodeList, Schema};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A deployment that reads.
pub struct Deployment {
    /// Its folder.
    pub root: PathBuf,
    /// `lockgate.toml`.
    pub settings: Settings,
    /// The zone of civil times.
    pub zone: TimeZone,
    /// What can be said about a person.
    pub schema: Schema,
    /// Who may receive what.
    pub agreement: Agreement,
    /// What the software does about each clause.
    pub clauses: Vec<Clause>,
    /// The public keys of those who approve it.
    pub holders: Holders,
    /// A proposed agreement that nights decide under as well, without writing anything out.
    pub shadow: Option<Agreement>,
    /// Which days are working days.
    pub calendar: Calendar,
    /// Whose public key each recipient has, and with which keys the gateway signs.
    pub keyring: Keyring,
    /// By what the pull API knows the recipients.
    pub api: Keys,
    /// When nights run and feeds are due.
    pub schedules: Schedules,
    /// What time it is.
    pub clock: Clock,
    /// The feeds, by partner and name.
    pub mappings: Vec<Mapping>,
    formats: Vec<Box<dyn Format>>,
    wanted: Vec<Vec<Wanted>>,
    code_maps: BTreeMap<String, CodeMap>,
    /// All texts read, for showing problems in their place.
    pub texts: Texts,
}

impl Deployment {
    /// The one name of this deployment's ledger, in every checkpoint of it.
    pub fn ledger_origin(&self) -> String {
        format!("lockgate/{}", self.agreement.slug())
    }

    /// What `check` would say of a mapping file if it stood beside the others, its examples included.
    pub fn would_take(&self, file: &str, text: &str) -> Vec<Problem> {
        let draft = match super::parse::parse(file, text) {
            Ok(draft) => draft,
            Err(problem) => return vec![problem],
        };
        let partners: Vec<&str> = self.agreement.partners().map(|(_, p)| p.key.as_str()).collect();
        let zone = self.zone.clone();
        let context =
            mapping::Context { schema: &self.schema, code_maps: &self.code_maps, partners: &partners, zone };
        let mapping = match Mapping::compile(file, text, draft, &context) {
            Ok(mapping) => mapping,
            Err(problems) => return problems,
        };
        let mut problems: Vec<Problem> = mapping.run_examples().iter().map(|f| f.problem(file)).collect();
        problems.extend(open_format(&mapping, file).err());
        problems.extend(mapping::apart(&mapping, &self.mappings));
        problems
    }

    /// A mapping that was in force once, read again from its text and the texts of its code maps; `None` when it no
    /// longer fits the schema or the agreement.
    pub fn former(&self, file: &str, text: &str, codes: &BTreeMap<String, String>) -> Option<Former> {
        let draft = super::parse::parse(file, text).ok()?;
        let read = |(name, text): (&String, &String)| Some((name.clone(), lists::code_map(name, text).ok()?));
        let code_maps: BTreeMap<String, CodeMap> = codes.iter().map(read).collect::<Option<_>>()?;
        let partners: Vec<&str> = self.agreement.partners().map(|(_, p)| p.key.as_str()).collect();
        let (schema, zone) = (&self.schema, self.zone.clone());
        let context = mapping::Context { schema, code_maps: &code_maps, partners: &partners, zone };
        let mapping = Mapping::compile(file, text, draft, &context).ok()?;
        let (format, wanted) = (open_format(&mapping, file).ok()?, wanted(&mapping));
        Some(Former { mapping, format, wanted })
    }

    /// The texts of a mapping and of its code maps, by name, as they were read.
    pub fn texts_of(&self, mapping: &Mapping) -> (String, BTreeMap<String, String>) {
        let folder = &self.settings.folders.mappings;
        let text = |name: &str| self.texts.get(name).unwrap_or_default().to_owned();
        let codes = mapping.code_maps().iter();
        let codes = codes.map(|name| (name.clone(), text(&format!("{folder}/codes/{name}.csv")))).collect();
        (text(mapping.file()), codes)
    }

    /// The feed at an index.
    pub fn mapping(&self, feed: usize) -> Result<&Mapping> {
        self.mappings.get(feed).ok_or_else(|| anyhow!("feed {feed} is not configured"))
    }

    /// The desk that looks after what waits of a feed: the mapping's word, or else the deployment's contact.
    pub fn owner(&self, feed: &str) -> &str {
        let mapping = self.mappings.iter().find(|m| m.name() == feed);
        mapping.and_then(Mapping::owner).unwrap_or(&self.settings.contact.name)
    }

    /// The format of a feed.
    pub fn format(&self, feed: usize) -> Result<&dyn Format> {
        self.formats.get(feed).map(AsRef::as_ref).ok_or_else(|| anyhow!("feed {feed} has no format"))
    }

    /// The columns that a feed's reader looks for.
    pub fn wanted(&self, feed: usize) -> &[Wanted] {
        self.wanted.get(feed).map_or(&[], Vec::as_slice)
    }

    /// Digest of the schema's files, which give the field bits of the ledger their names.
    pub fn schema_digest(&self) -> Digest {
        let start = format!("{}/", self.settings.folders.schema);
        agreement::digest_of(
            self.texts.below(&start).map(|(name, text)| (name.strip_prefix(&start).unwrap_or(name), text)),
        )
    }

    /// The folder of the agreement.
    pub fn agreement_folder(&self) -> PathBuf {
        self.root.join(&self.settings.folders.agreement)
    }

    /// Digest of everything in the configuration that a decision about a person may rest on: what the holders signed,
    /// who is nominated, and what the code lists say.
    pub fn decides(&self) -> Digest {
        let nominees = format!("{}/nominees.toml", self.settings.folders.agreement);
        let nominees = self.texts.get(&nominees).and_then(canonical::canonical).unwrap_or_default();
        let parts = [&self.agreement.digest().0[..], &self.schema_digest().0, &nominees];
        Digest::of(&parts.concat())
    }

    /// Category names in schema order and partner keys in agreement order, for the store.
    pub fn names(&self) -> (Vec<&str>, Vec<&str>) {
        let categories = self.schema.categories().map(|(_, c)| c.name.as_str()).collect();
        (categories, self.agreement.partners().map(|(_, p)| p.key.as_str()).collect())
    }

    /// The store's folder.
    pub fn state(&self) -> PathBuf {
        self.root.join(&self.settings.store.path)
    }

    /// The deployment's secret.
    pub fn secret(&self) -> Result<Secret, VaultError> {
        secret(&self.root, self.settings.store.secret.get_ref())
    }

    /// The secret for a command that cannot go on without it: a missing one is the configuration's fault.
    pub fn usable_secret(&self) -> Result<Secret> {
        self.secret().map_err(|fault| Expected::new(Exit::Configuration, fault.to_string()))
    }
}

fn secret(root: &Path, reference: &SecretRef) -> Result<Secret, VaultError> {
    match (&reference.file, &reference.env) {
        (Some(file), _) => Secret::read(&root.join(file)),
        (None, Some(name)) => Secret::from_env(name),
        (None, None) => Err(VaultError::SecretForm(PathBuf::from("lockgate.toml"))),
    }
}

/// A mapping that was in force once, with what reads its files.
pub struct Former {
    /// The mapping.
    pub mapping: Mapping,
    /// Its format.
    pub format: Box<dyn Format>,
    /// The columns that its reader looks for.
    pub wanted: Vec<Wanted>,
}

/// An agreement read for comparison, with the keys of its holders.
pub struct Policy {
    /// Who may receive what.
    pub agreement: Agreement,
    /// The public keys of those who approve it.
    pub holders: Holders,
}

/// Reads the agreement in a folder under a schema; on faults gives them all, with the texts to show them in.
pub fn load_agreement(folder: &Path, schema: &Schema) -> Result<Policy, (Vec<Problem>, Texts)> {
    let root = folder.parent().unwrap_or(Path::new("."));
    let name = folder.file_name().and_then(|n| n.to_str()).unwrap_or(".");
    let mut reading = Reading { root, texts: Texts::default(), problems: Vec::new() };
    let agreement = reading.agreement(name, schema);
    let holders = agreement.as_ref().and_then(|a| reading.holders(name, a));
    match (agreement, holders) {
        (Some(agreement), Some(holders)) if reading.problems.is_empty() => Ok(Policy { agreement, holders }),
        _ => Err((reading.problems, reading.texts)),
    }
}

/// What was read so far, and what was wrong with it.
struct Reading<'a> {
    root: &'a Path,
    texts: Texts,
    problems: Vec<Problem>,
}

/// Reads the deployment in a folder; on faults gives them all, with the texts to show them in.
pub fn load(root: &Path) -> Result<Deployment, (Vec<Problem>, Texts)> {
    let mut reading = Reading { root, texts: Texts::default(), problems: Vec::new() };
    match reading.all() {
        Some(deployment) if reading.problems.is_empty() => {
            Ok(Deployment { texts: reading.texts, ..deployment })
        }
        _ => Err((reading.problems, reading.texts)),
    }
}

impl Reading<'_> {
    fn all(&mut self) -> Option<Deployment> {
        let settings: Option<Settings> = self.toml("lockgate.toml");
        let settings = settings?;
        self.problems.extend(places::faults(&settings, self.root));
        self.problems.extend(store::faults(&settings));
        let schema = self.schema(&settings.folders.schema)?;
        // With half a schema every other file would seem wrong.
        if !self.problems.is_empty() {
            return None;
        }
        let zone = self.zone(&settings)?;
        let agreement = self.agreement(&settings.folders.agreement, &schema)?;
        let clauses = self.clauses(&settings.folders.agreement, &agreement)?;
        let holders = self.holders(&settings.folders.agreement, &agreement)?;
        let shadow = match &settings.shadow {
            Some(shadow) => Some(self.agreement(shadow.agreement.trim_end_matches('/'), &schema)?),
            None => None,
        };
        let calendar = match &settings.calendar {
            Some(named) => self.calendar(&named.bank_holidays)?,
            None => Calendar::default(),
        };
        let partners: Vec<&str> = agreement.partners().map(|(_, p)| p.key.as_str()).collect();
        let keyring = self.keep_all(Keyring::read(&settings, &partners));
        self.problems.extend(push_settings::check(&settings));
        self.problems.extend(door_settings::check(&settings));
        self.problems.extend(operate::check(&settings));
        let api = self.keep_all(Keys::read(&settings));
        let code_maps = self.code_maps(&settings.folders.mappings);
        let (mappings, formats) = self.mappings(&settings, &schema, &agreement, (&zone, &code_maps))?;
        let wanted = mappings.iter().map(wanted).collect();
        let feeds: Vec<&str> = mappings.iter().map(Mapping::name).collect();
        let schedules = self.keep_all(Schedules::read(&settings, &feeds));
        Some(Deployment {
            root: self.root.into(),
            settings,
            zone,
            schema,
            agreement,
            clauses,
            holders,
            shadow,
            calendar,
            keyring: keyring?,
            api: api?,
            schedules: schedules?,
            clock: Clock::Machine,
            mappings,
            formats,
            wanted,
            code_maps,
            texts: Texts::default(),
        })
    }

    fn keep<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|p| self.problems.push(p)).ok()
    }

    fn keep_all<T>(&mut self, result: Result<T, Vec<Problem>>) -> Option<T> {
        result.map_err(|p| self.problems.extend(p)).ok()
    }

    fn toml<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let result = self.texts.parse(self.root, name);
        self.keep(result)
    }

    fn zone(&mut self, settings: &Settings) -> Option<TimeZone> {
        let fault = |_| {
            let what = format!("time zone `{}` is not known", settings.time_zone);
            Problem::new("LG0103", what)
                .in_config("lockgate.toml", self.texts.place_of("lockgate.toml", "time_zone"))
                .help("use an IANA name such as `Europe/London`")
        };
        let zone = TimeZone::get(&settings.time_zone).map_err(fault);
        self.keep(zone)
    }

    fn files(&mut self, folder: &str, ending: &str) -> Vec<String> {
        let files = files_below(self.root, folder, ending);
        self.keep(files).unwrap_or_default()
    }

    fn schema(&mut self, folder: &str) -> Option<Schema> {
        let mut lists = BTreeMap::new();
        for name in self.files(&format!("{folder}/codes"), ".csv") {
            // A list at fault is told once: its fields find an empty one.
            let list = self.code_list(&name).unwrap_or_default();
            lists.insert(stem(&name).to_owned(), list);
        }
        let mut drafts = Vec::new();
        for name in self.files(folder, ".toml") {
            drafts.extend(self.toml::<schema::Draft>(&name).map(|d| (name, d)));
        }
        self.keep_all(Schema::build(drafts, lists))
    }

    fn code_list(&mut self, name: &str) -> Option<CodeList> {
        let text = self.text(name)?;
        self.keep_all(lists::code_list(name, &text))
    }

    fn code_map(&mut self, name: &str) -> Option<CodeMap> {
        let text = self.text(name)?;
        self.keep_all(lists::code_map(name, &text))
    }

    fn calendar(&mut self, name: &str) -> Option<Calendar> {
        let text = self.text(name)?;
        self.keep_all(lists::bank_holidays(name, &text))
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let text = self.texts.read(self.root, name);
        self.keep(text)
    }

    fn agreement(&mut self, folder: &str, schema: &Schema) -> Option<Agreement> {
        let named = |name: &str| format!("{folder}/{name}.toml");
        let agreement = self.toml(&named("agreement"));
        let categories = self.toml(&named("categories"));
        let handling = self.toml(&named("handling"));
        let conditions = self.toml(&named("conditions"));
        let nominees = self.toml(&named("nominees"));
        let holders = format!("{folder}/{HOLDERS}");
        if self.root.join(&holders).exists() {
            self.text(&holders);
        }
        let mut entitlements = Vec::new();
        for name in self.files(&format!("{folder}/entitlements"), ".toml") {
            entitlements.extend(self.toml(&name).map(|draft| (name, draft)));
        }
        let digest = self.signed(folder);
        let files = agreement::Files {
            agreement: (named("agreement"), agreement?),
            categories: (named("categories"), categories?),
            handling: (named("handling"), handling?),
            conditions: (named("conditions"), conditions?),
            nominees: (named("nominees"), nominees?),
            entitlements,
            digest,
        };
        self.keep_all(Agreement::build(files, schema))
    }

    /// The list of clauses, read after the agreement: it is no part of what the partners sign.
    fn clauses(&mut self, folder: &str, agreement: &Agreement) -> Option<Vec<Clause>> {
        let name = format!("{folder}/clauses.toml");
        let draft: ClausesDraft = self.toml(&name)?;
        self.keep_all(clauses::build(&name, &draft, agreement))
    }

    /// The digest that the holders sign (9.2): what the files say that decide who may receive what, and the holders' keys.
    fn signed(&self, folder: &str) -> Digest {
        let start = format!("{folder}/");
        let files = self.texts.below(&start).filter_map(|(name, text)| {
            let name = name.strip_prefix(&start)?;
            let bytes = if name == HOLDERS { holders::canonical(text) } else { canonical::canonical(text)? };
            (!canonical::UNSIGNED.contains(&name)).then_some((name, bytes))
        });
        canonical::digest(files)
    }

    /// The holders' public keys; a deployment that has none yet is not approved.
    fn holders(&mut self, folder: &str, agreement: &Agreement) -> Option<Holders> {
        let name = format!("{folder}/{HOLDERS}");
        let Some(text) = self.texts.get(&name).map(str::to_owned) else { return Some(Holders::default()) };
        let partners: Vec<&str> = agreement.partners().map(|(_, p)| p.key.as_str()).collect();
        self.keep_all(Holders::read(&name, &text, &partners))
    }

    fn code_maps(&mut self, mappings: &str) -> BTreeMap<String, CodeMap> {
        let codes = format!("{mappings}/codes");
        let mut code_maps = BTreeMap::new();
        for name in self.files(&codes, ".csv") {
            let key = name
                .strip_prefix(&codes)
                .unwrap_or(&name)
                .trim_matches('/')
                .trim_end_matches(".csv")
                .to_owned();
            let map = self.code_map(&name).unwrap_or_default();
            code_maps.insert(key, map);
        }
        code_maps
    }

    fn mappings(
        &mut self,
        settings: &Settings,
        schema: &Schema,
        agreement: &Agreement,
        (zone, code_maps): (&TimeZone, &BTreeMap<String, CodeMap>),
    ) -> Option<(Vec<Mapping>, Vec<Box<dyn Format>>)> {
        let folder = settings.folders.mappings.as_str();
        let partners: Vec<&str> = agreement.partners().map(|(_, p)| p.key.as_str()).collect();
        let context = mapping::Context { schema, code_maps, partners: &partners, zone: zone.clone() };
        let (mut mappings, mut formats) = (Vec::new(), Vec::new());
        for name in self.files(folder, ".toml") {
            let Some(draft) = self.toml::<mapping::Draft>(&name) else { continue };
            let text = self.texts.get(&name).unwrap_or_default().to_owned();
            let compiled = Mapping::compile(&name, &text, draft, &context);
            let Some(mapping) = self.keep_all(compiled) else { continue };
            if !settings.place.contains_key(mapping.source().place.as_str()) {
                let place = &mapping.source().place;
                let what = format!(
                    "feed `{}` names the place `{place}`, which `lockgate.toml` does not list",
                    mapping.name()
                );
                let problem =
                    Problem::new("LG0103", what).in_config(&name, self.texts.place_of(&name, "place"));
                self.problems
                    .push(problem.suggest(place, settings.place.keys().map(|name| name.get_ref().as_str())));
            }
            let format = open_format(&mapping, &name);
            if let Some(format) = self.keep(format) {
                mappings.push(mapping);
                formats.push(format);
            }
        }
        self.problems.extend(mapping::together(&mappings));
        self.problems.is_empty().then(|| in_turn(mappings, formats))
    }
}

/// Puts feeds in the order in which their files of one day are taken; alphabetical but for `after`.
fn in_turn(
    mut mappings: Vec<Mapping>,
    mut formats: Vec<Box<dyn Format>>,
) -> (Vec<Mapping>, Vec<Box<dyn Format>>) {
    // Each pass moves at least one feed behind those it waits for; circles end with the passes.
    for _ in 0..mappings.len() {
        let early = mappings.iter().enumerate().position(|(at, mapping)| {
            mappings.iter().skip(at + 1).any(|later| mapping.after().iter().any(|name| name == later.name()))
        });
        let Some(at) = early else { break };
        let (mapping, format) = (mappings.remove(at), formats.remove(at));
        mappings.push(mapping);
        formats.push(format);
    }
    (mappings, formats)
}

/// Opens the format that a feed names, with its options, and asks it whether it can read the columns.
pub fn open_format(mapping: &Mapping, file: &str) -> Result<Box<dyn Format>, Problem> {
    let source = mapping.source();
    let Some(kind) = FORMATS.iter().find(|f| f.name == source.format) else {
        let what = format!("format `{}` is not known", source.format);
        let problem = Problem::new("LG0103", what).in_config(file, 0..0);
        return Err(problem.suggest(&source.format, FORMATS.iter().map(|f| f.name)));
    };
    let options = Options(source.options.clone());
    let placed = |p: Problem| p.in_config(file, source.options_at.clone());
    let format = (kind.open)(&options, &Limits::default()).map_err(placed)?;
    match format.check(&wanted(mapping)) {
        Ok(()) => Ok(format),
        Err(fault) => {
            let problem = Problem::new(fault.code, fault.what);
            Err(placed(if let Some(help) = fault.help { problem.help(help) } else { problem }))
        }
    }
}

fn wanted(mapping: &Mapping) -> Vec<Wanted> {
    let one = |w: mapping::Wanted| Wanted { name: w.name, aliases: w.aliases, required: w.required };
    mapping.wanted().into_iter().map(one).collect()
}

fn stem(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name).split('.').next().unwrap_or(name)
}
