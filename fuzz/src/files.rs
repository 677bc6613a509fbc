//! The bodies of the deployment's own files: settings, schema, code lists, mappings, agreement.
//!
//! Whatever is wrong with a file is told with a code that `explain` knows, at a place inside the text, in
//! all styles of message.

use crate::reading::DEPLOYMENT;
use crate::{known, sign};
use jiff::tz::TimeZone;
use lockgate::config::{self, Settings, Texts};
use lockgate::report::{self, Severity, Style};
use lockgate::seal::Keyring;
use lockgate_core::agreement::{self, Agreement};
use lockgate_core::mapping::{self, CodeMap, Mapping};
use lockgate_core::problem::{Location, Problem};
use lockgate_core::schema::{self, CodeList, Schema};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

/// The file under test, as messages name it.
const FILE: &str = "fuzz.toml";

static LISTS: LazyLock<BTreeMap<String, CodeList>> = LazyLock::new(|| {
    let stem = |name: &str| name.trim_start_matches("schema/codes/").trim_end_matches(".csv").to_owned();
    let files = texts("schema/codes/", ".csv");
    files.map(|(name, text)| (stem(name), fine(config::code_list(name, text)))).collect()
});

static MAPS: LazyLock<BTreeMap<String, CodeMap>> = LazyLock::new(|| {
    let stem = |name: &str| name.trim_start_matches("mappings/codes/").trim_end_matches(".csv").to_owned();
    let files = texts("mappings/codes/", ".csv");
    files.map(|(name, text)| (stem(name), fine(config::code_map(name, text)))).collect()
});

fn fine<T>(read: Result<T, Vec<Problem>>) -> T {
    read.unwrap_or_else(|problems| panic!("a file of the repository does not read: {problems:?}"))
}

/// The deployment's files below a folder with an ending, by name.
pub(crate) fn texts(
    folder: &'static str,
    ending: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    DEPLOYMENT.texts.below(folder).filter(move |(name, _)| name.ends_with(ending))
}

/// The agreement's files in order of name; the first byte of an input is an index into them.
pub(crate) fn agreement_files() -> Vec<(&'static str, &'static str)> {
    texts("agreement/", ".toml").collect()
}

/// Looks at what was told about a text; gives a sign of it.
fn sound(problems: &[Problem], text: &str) -> u64 {
    let mut texts = Texts::default();
    texts.add(FILE, text.to_owned());
    let mut signs = Vec::new();
    for problem in problems.iter().take(50) {
        known(problem.code);
        assert!(!problem.what.is_empty(), "a message without words");
        if let Some(Location::Config { file, span }) = &problem.at
            && file == FILE
        {
            assert!(text.get(span.clone()).is_some(), "{span:?} is no place in the text");
        }
        for style in [Style::Human, Style::Plain] {
            assert!(!report::render(problem, Severity::Error, &texts, style).is_empty());
        }
        let _ = report::ProblemJson::new(problem, Severity::Error, &texts);
        // The message without the words of the file.
        signs.push(sign((problem.code, problem.what.split('`').step_by(2).collect::<Vec<_>>())));
    }
    signs.sort_unstable();
    signs.dedup();
    sign(signs)
}

fn told<T>(result: &Result<T, Vec<Problem>>, text: &str) -> u64 {
    result.as_ref().err().map_or(1, |problems| sound(problems, text))
}

/// `lockgate.toml`.
pub fn settings(data: &[u8]) -> u64 {
    let Ok(text) = str::from_utf8(data) else { return 0 };
    let settings = match config::parse::<Settings>(FILE, text) {
        Ok(settings) => settings,
        Err(problem) => return sound(&[problem], text),
    };
    let zone = TimeZone::get(&settings.time_zone).is_ok();
    let mut refused = Vec::new();
    for place in settings.place.values() {
        refused.extend(place.open(Path::new(".")).err());
    }
    let keys = Keyring::read(&settings, &["wyp", "lcc", "probation", "yos", "hmps", "g4s", "disc", "cri"]);
    for problem in keys.as_ref().err().into_iter().flatten() {
        if let Some(Location::Config { span, .. }) = &problem.at {
            assert!(text.get(span.clone()).is_some(), "{span:?} is no place in the text");
        }
    }
    sign((zone, sound(&refused, text), told(&keys.map(drop), text)))
}

/// A schema file, beside the deployment's code lists.
pub fn schema(data: &[u8]) -> u64 {
    let Ok(text) = str::from_utf8(data) else { return 0 };
    match config::parse::<schema::Draft>(FILE, text) {
        Ok(draft) => {
            let built = Schema::build(vec![(FILE.to_owned(), draft)], LISTS.clone());
            if let Ok(schema) = &built {
                for (id, category) in schema.categories() {
                    assert_eq!(schema.category(&category.name), Some(id));
                    assert!(category.fields.iter().all(|f| category.field(&f.name).is_some()));
                }
            }
            told(&built, text)
        }
        Err(problem) => sound(&[problem], text),
    }
}

/// A code list or, by the first byte, a code map.
pub fn code_list(data: &[u8]) -> u64 {
    let Some((choice, data)) = data.split_first() else { return 0 };
    let Ok(text) = str::from_utf8(data) else { return 0 };
    if choice % 2 == 1 {
        return told(&config::code_map(FILE, text), text);
    }
    let list = config::code_list(FILE, text);
    if let Ok(list) = &list {
        for entry in list.entries() {
            assert!(list.any(&entry.code).is_some(), "a code of the list is not in it");
        }
    }
    told(&list, text)
}

/// A mapping, with its examples and its format's view of it.
pub fn mapping(data: &[u8]) -> u64 {
    let Ok(text) = str::from_utf8(data) else { return 0 };
    let draft = match config::parse::<mapping::Draft>(FILE, text) {
        Ok(draft) => draft,
        Err(problem) => return sound(&[problem], text),
    };
    let partners: Vec<&str> = DEPLOYMENT.agreement.partners().map(|(_, p)| p.key.as_str()).collect();
    let context = mapping::Context {
        schema: &DEPLOYMENT.schema,
        code_maps: &MAPS,
        partners: &partners,
        zone: DEPLOYMENT.zone.clone(),
    };
    let mapping = match Mapping::compile(FILE, text, draft, &context) {
        Ok(mapping) => mapping,
        Err(problems) => {
            assert!(!problems.is_empty(), "a mapping is refused for nothing");
            return sound(&problems, text);
        }
    };
    let mut problems: Vec<Problem> = mapping.run_examples().iter().map(|f| f.problem(FILE)).collect();
    problems.extend(config::open_format(&mapping, FILE).err());
    let _ = mapping.source().named("HMPS_RELEASES_20081117.csv");
    sign((2, sound(&problems, text)))
}

/// One file of the agreement, chosen by the first byte, among the deployment's others.
pub fn agreement(data: &[u8]) -> u64 {
    let Some((choice, data)) = data.split_first() else { return 0 };
    let Ok(text) = str::from_utf8(data) else { return 0 };
    let files = agreement_files();
    let Some((chosen, _)) = files.get(usize::from(*choice) % files.len().max(1)) else { return 0 };
    let of = |name: &'static str| {
        let own = files.iter().find(|(n, _)| *n == name).map_or("", |(_, text)| *text);
        if name == *chosen { (FILE, text) } else { (name, own) }
    };
    match built(of, &files) {
        Ok(built) => told(&built.map(|_| ()), text),
        Err(problem) => sound(&[problem], text),
    }
}

type Built = Result<Agreement, Vec<Problem>>;

fn built<'a>(
    of: impl Fn(&'static str) -> (&'a str, &'a str),
    files: &[(&'static str, &'static str)],
) -> Result<Built, Problem> {
    fn read<T: serde::de::DeserializeOwned>((name, text): (&str, &str)) -> Result<(String, T), Problem> {
        Ok((name.to_owned(), config::parse(name, text)?))
    }
    let entitlements = files.iter().filter(|(name, _)| name.starts_with("agreement/entitlements/"));
    let files = agreement::Files {
        entitlements: entitlements.map(|(name, _)| read(of(name))).collect::<Result<_, _>>()?,
        agreement: read(of("agreement/agreement.toml"))?,
        categories: read(of("agreement/categories.toml"))?,
        handling: read(of("agreement/handling.toml"))?,
        conditions: read(of("agreement/conditions.toml"))?,
        nominees: read(of("agreement/nominees.toml"))?,
        digest: agreement::digest_of([]),
    };
    Ok(Agreement::build(files, &DEPLOYMENT.schema))
}
