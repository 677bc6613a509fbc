//! Pairs of identities weighed by the model: their rows are read again from the archive, compared, and let go.
//!
//! Nothing of what is read stays: how common a value is comes from the remembered rows, where it stands as a keyed hash.

use super::Night;
use super::link::{Kept, Retained};
use crate::config::Deployment;
use crate::exit::{Exit, Expected};
use anyhow::{Context as _, Result, anyhow};
use hashbrown::{HashMap, HashSet};
use lockgate_connectors::Step;
use lockgate_core::hash::Digest;
use lockgate_core::link::near::counts;
use lockgate_core::link::weigh::{Population, Scales, Told, Weighed, names};
use lockgate_core::link::{Pair, Remembered};
use lockgate_core::linkage::math::{BIT, Weight};
use lockgate_core::linkage::model::{Model, Plain};
use lockgate_core::mapping::{Mapped, Outcome, Scratch};
use lockgate_core::preview;
use lockgate_core::record::IdentityId;
use lockgate_core::row::RowBuf;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What `lockgate link` calls an identifier that has another name here.
const OTHER_NAMES: [(&str, &str); 1] = [("prison_number", "noms")];

/// The model in force, and from which weight on it asks.
pub struct InForce {
    /// The model.
    pub model: Model,
    /// Pairs of this weight and more wait for a person.
    pub ask: Weight,
    /// What tells it from any other: digest of the model and the weight.
    pub digest: String,
}

impl InForce {
    /// That of a deployment.
    pub fn of(deployment: &Deployment) -> Result<Self> {
        let file = deployment.settings.link.model.as_ref().map(|file| deployment.root.join(file));
        Self::read(deployment, file.as_deref())
    }

    /// That of a file, or the one that is shipped.
    pub fn read(deployment: &Deployment, file: Option<&Path>) -> Result<Self> {
        let model = match file {
            Some(file) => read(file)?,
            None => Model::shipped(&names()),
        };
        let ask = Weight::from(deployment.settings.link.ask_from_bits) * BIT;
        let text = serde_json::to_string(&model.plain).context("writing a model")?;
        let digest = Digest::of(format!("{ask} {text}").as_bytes()).hex();
        Ok(Self { model, ask, digest })
    }

    /// The model's version and date, as a person reads them.
    pub fn words(&self) -> String {
        words(&self.model.plain.version, &self.model.plain.date)
    }
}

/// A model's version and date, as a person reads them.
pub fn words(version: &str, date: &str) -> String {
    if date.is_empty() { version.to_owned() } else { format!("{version} of {date}") }
}

fn read(file: &Path) -> Result<Model> {
    let unusable = |why: &str| {
        let code = "LG1477";
        let what = format!("the model `{}` cannot be used: {why} ({code})", file.display());
        Expected::new(Exit::Configuration, what)
    };
    let text = std::fs::read_to_string(file).map_err(|e| unusable(&e.kind().to_string()))?;
    // What the JSON reader says may quote the file.
    let plain: Plain =
        serde_json::from_str(&text).map_err(|_| unusable("it is not what `lockgate link --train` writes"))?;
    Model::fitted(plain, &names(), &OTHER_NAMES)
        .map_err(|_| unusable("it is of another version of the program, or a number of it is no probability"))
}

/// Identities with what their rows say in clear, for as long as they are weighed.
pub struct Read {
    told: Vec<Told>,
    at: HashMap<IdentityId, u32>,
    counts: HashMap<lockgate_core::link::Key, u32>,
    rows: f64,
    key: lockgate_core::hash::HashKey,
    year: u32,
}

impl Read {
    /// Reads the rows of some identities again: of each feed those of the newest file that has the identity.
    pub fn of(night: &Night<'_>, files: &Retained, identities: &BTreeSet<IdentityId>) -> Result<Self> {
        let at: HashMap<IdentityId, u32> = identities.iter().copied().zip(0..).collect();
        let mut told: Vec<Told> = identities.iter().map(|_| Told::default()).collect();
        let mut rows = 0;
        for (feed, files) in files.iter().enumerate() {
            let mut newer: HashSet<IdentityId> = HashSet::new();
            for file in files {
                rows += file.memory.len();
                let wanted = places(file, &at, &newer)?;
                newer.extend(wanted.values().copied());
                let places: BTreeSet<usize> = wanted.keys().copied().collect();
                each_row(night, (feed, file), &places, &mut |row, mapped, scratch| {
                    let meant = wanted.get(&row) == Some(&mapped.identity);
                    let slot = at.get(&mapped.identity).and_then(|at| told.get_mut(*at as usize));
                    if let Some(told) = slot.filter(|_| meant) {
                        preview::tell(scratch, told);
                    }
                })?;
            }
        }
        let key = night.vault.keys(&Digest([0; 32])).links;
        let views: Vec<Vec<&dyn Remembered>> = views(files);
        let counts = counts(&views, told.iter().flat_map(|told| told.keys(&key)).collect())?;
        let rows = f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
        let year = u32::try_from(night.order.as_of.year()).unwrap_or(0);
        Ok(Self { told, at, counts, rows, key, year })
    }

    /// Weighs pairs by a model; one of whom nothing is said any more is left out.
    pub fn weigh(&self, model: &Model, pairs: &[Pair]) -> Vec<(Pair, Weighed)> {
        let population = Population { rows: self.rows, counts: &self.counts, key: &self.key };
        let scales = Scales::of(&self.told, model.clone(), &population, self.year);
        let place = |identity| self.at.get(&identity).copied();
        let of = |pair: &Pair| Some((place(pair.a)?, place(pair.b)?));
        let by_place: HashMap<(u32, u32), Pair> = pairs.iter().filter_map(|p| Some((of(p)?, *p))).collect();
        let mut out = Vec::with_capacity(pairs.len());
        scales.weigh(pairs.iter().filter_map(of), |places, weighed| {
            out.extend(by_place.get(&places).map(|pair| (*pair, weighed)));
        });
        out
    }
}

/// The remembered rows of all files, as the core looks at them.
pub fn views(files: &Retained) -> Vec<Vec<&dyn Remembered>> {
    files.iter().map(|of| of.iter().map(|kept| &kept.memory as &dyn Remembered).collect()).collect()
}

/// Where in a file the rows of wanted identities stand, but for those that a newer file has.
fn places(
    file: &Kept,
    wanted: &HashMap<IdentityId, u32>,
    newer: &HashSet<IdentityId>,
) -> Result<BTreeMap<usize, IdentityId>> {
    let mut out = BTreeMap::new();
    let identities: Vec<&IdentityId> = wanted.keys().collect();
    let pick = |seen: &lockgate_core::link::Seen<'_>, words: &mut Vec<u64>| {
        if let Some(at) = wanted.get(&seen.identity).filter(|_| !newer.contains(&seen.identity)) {
            words.extend([seen.row as u64, u64::from(*at)]);
        }
    };
    let by_place: HashMap<u32, IdentityId> =
        identities.into_iter().filter_map(|identity| Some((*wanted.get(identity)?, *identity))).collect();
    file.memory.gather(&pick, &mut |words| {
        for [row, at] in words.as_chunks().0 {
            let identity = u32::try_from(*at).ok().and_then(|at| by_place.get(&at));
            if let (Ok(row), Some(identity)) = (usize::try_from(*row), identity) {
                out.insert(row, *identity);
            }
        }
    })?;
    Ok(out)
}

/// Reads rows of a file again from the archive and maps them under the mapping in force.
pub fn each_row(
    night: &Night<'_>,
    (feed, file): (usize, &Kept),
    wanted: &BTreeSet<usize>,
    visit: &mut dyn FnMut(usize, Mapped, &Scratch),
) -> Result<()> {
    let Some(last) = wanted.last().copied() else { return Ok(()) };
    let (mapping, format) = (night.deployment.mapping(feed)?, night.deployment.format(feed)?);
    let broken = |code: &str| {
        anyhow!("a file of feed `{}` that was accepted does not read again ({code})", mapping.name())
    };
    let input = night.archive.open(&file.digest)?;
    let mut rows = format.read(Box::new(input), night.deployment.wanted(feed)).map_err(|f| broken(f.code))?;
    // A mapping that no longer fits the file's header can say nothing of it.
    let Ok(bound) = mapping.bind(rows.header()) else { return Ok(()) };
    let keys = night.vault.keys(&Digest([0; 32]));
    let (mut row, mut scratch) = (RowBuf::new(), Scratch::default());
    for at in 0..=last {
        let step = rows.next(&mut row).map_err(|f| broken(f.code))?;
        if step == Step::End {
            break;
        }
        if step != Step::Row || !wanted.contains(&at) {
            continue;
        }
        if let Outcome::Mapped(mapped) = bound.map(&row, &keys, file.date, &mut scratch) {
            visit(at, mapped, &scratch);
        }
    }
    Ok(())
}
