//! `BundleWriter`: takes one recipient's rows in any order and leaves a finished folder in staging.

use super::error::{At, BundleError, Doing};
use super::file::{MANIFEST, private_folder, sync_folder, write_file};
use super::pages::{Pages, Written, facts};
use super::sort::Sorter;
use super::workbook::Staff;
use lockgate_core::bundle::manifest::{FileFacts, Files, manifest};
use lockgate_core::bundle::readme::{self, readme};
use lockgate_core::bundle::{BundleKind, Change, Counts, Meta, Packed, Parcel, Row, Table, Tables};
use lockgate_core::hash::Digest;
use lockgate_core::ledger::Prepared;
use std::fs;
use std::path::{Path, PathBuf};

/// How a recipient's bundles are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether CSV files start with a byte order mark, without which Excel misreads names.
    pub csv_bom: bool,
    /// Rows of a table above which `staff.xlsx` is left out.
    pub staff_rows: u64,
    /// Rows of a table above which it is split into parts.
    pub part_rows: u64,
    /// Rows of each table that `summary.html` shows.
    pub summary_rows: usize,
    /// Bytes of rows kept in memory before they are sorted out to a temporary file.
    pub memory: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { csv_bom: true, staff_rows: 50_000, part_rows: 250_000, summary_rows: 20, memory: 4 << 20 }
    }
}

/// A finished bundle: a folder in staging, durable, described by its manifest.
#[derive(Debug)]
pub struct Finished {
    /// Its name.
    pub name: String,
    /// Digest of the manifest: the identity of the content.
    pub manifest_digest: Digest,
    /// Rows by change of each table, withdrawals of a snapshot among them.
    pub counts: Vec<(String, Counts)>,
    /// All files, the manifest last.
    pub files: Vec<FileFacts>,
    /// Size of all files.
    pub bytes: u64,
}

impl Finished {
    /// Rows by change of all tables.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.counts.iter().for_each(|(_, counts)| total.merge(counts));
        total
    }

    /// The bundle as the ledger takes it.
    pub fn prepared(&self) -> Prepared {
        Prepared::new(self.name.clone(), self.manifest_digest)
    }
}

/// Collects the rows of one recipient's bundle. Dropped unfinished, it leaves nothing behind.
pub struct BundleWriter {
    name: String,
    meta: Meta,
    options: Options,
    tables: Tables,
    /// By table: rows of its file.
    counts: Vec<Counts>,
    /// By table: withdrawals of a snapshot, which are in the return form only.
    asked: Vec<u64>,
    rows: Sorter,
    folder: Folder,
}

impl BundleWriter {
    /// Starts a bundle in the staging folder, in place of any unfinished one of the same name.
    /// `tables` are the categories that the recipient may have, with their granted columns.
    pub fn create(
        staging: &Path,
        meta: Meta,
        tables: Vec<Table>,
        options: Options,
    ) -> Result<Self, BundleError> {
        let name = meta.name()?;
        let tables = Tables::new(tables)?;
        let folder = Folder::create(staging, &name)?;
        let rows = Sorter::new(staging, options.memory);
        Ok(Self { name, meta, options, tables, counts: Vec::new(), asked: Vec::new(), rows, folder })
    }

    /// The tables as they were laid out.
    pub const fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Takes rows over and counts them.
    pub fn take(&mut self, parcel: &Parcel) -> Result<Counts, BundleError> {
        let mut taken = Counts::default();
        for (_, row) in parcel.rows() {
            taken.add(row.change());
            count(row, &self.meta, &mut self.counts, &mut self.asked);
        }
        self.rows.extend(parcel)?;
        for row in parcel.late() {
            taken.add(row.change());
            self.late(row)?;
        }
        Ok(taken)
    }

    /// Adds a withdrawal of which the category has no table any more.
    fn late(&mut self, row: &Row) -> Result<(), BundleError> {
        self.tables.admit(row)?;
        let Self { tables, meta, rows, .. } = self;
        let packed = rows.push(|out| tables.pack(meta, row, out))?;
        count(packed, &self.meta, &mut self.counts, &mut self.asked);
        Ok(())
    }

    /// Adds a row that was packed by hand: the tests of this room have no gate.
    #[cfg(test)]
    pub(super) fn add_packed(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        let packed = self.rows.push(|out| {
            out.extend_from_slice(bytes);
            Ok::<_, BundleError>(())
        })?;
        count(packed, &self.meta, &mut self.counts, &mut self.asked);
        Ok(())
    }

    /// Writes all files, the manifest last, and makes them durable.
    pub fn finish(mut self) -> Result<Finished, BundleError> {
        self.counts.resize(self.tables.all().len(), Counts::default());
        self.asked.resize(self.tables.all().len(), 0);
        let staff = self.start_staff()?;
        let place = self.folder.place.as_path();
        let (tables, counts, options) = (&self.tables, self.counts.as_slice(), self.options);
        if counts.iter().any(|c| c.total() > 0) {
            private_folder(&place.join("data"))?;
        }
        let mut pages = Pages::start(place, (&self.meta, &self.name), (tables, counts), options, staff)?;
        let mut sorted = self.rows.sorted()?;
        while let Some(row) = sorted.next()? {
            pages.row(&row)?;
        }
        drop(sorted);
        let written = pages.finish()?;
        let files = write_texts(place, &self.meta, &self.name, (tables, counts), written, options)?;
        sync_folders(place)?;
        let named = |((table, shown), asked): ((&Table, &Counts), &u64)| {
            let counts = Counts { withdrawal: shown.withdrawal + asked, ..*shown };
            (counts.total() > 0).then(|| (table.file().to_owned(), counts))
        };
        let counts = tables.all().iter().zip(counts).zip(&self.asked).filter_map(named).collect();
        let manifest_digest = files.last().map_or(Digest([0; 32]), |f| f.hash);
        let bytes = files.iter().map(|f| f.bytes).sum();
        self.folder.keep = true;
        Ok(Finished { name: self.name, manifest_digest, counts, files, bytes })
    }

    fn start_staff(&self) -> Result<Option<Staff>, BundleError> {
        let (mut any, mut long) = (false, false);
        for counts in &self.counts {
            any |= counts.total() > 0;
            long |= counts.total() > self.options.staff_rows;
        }
        let staging = self.folder.place.parent().unwrap_or(&self.folder.place);
        (any && !long).then(|| Staff::new(staging, self.meta.as_of)).transpose()
    }
}

fn count(row: Packed<'_>, meta: &Meta, counts: &mut Vec<Counts>, asked: &mut Vec<u64>) {
    let at = usize::from(row.table());
    if counts.len() <= at {
        counts.resize(at + 1, Counts::default());
        asked.resize(at + 1, 0);
    }
    let only_asked = meta.kind == BundleKind::Snapshot && row.change() == Change::Withdrawal;
    match (counts.get_mut(at), asked.get_mut(at)) {
        (_, Some(asked)) if only_asked => *asked += 1,
        (Some(counts), _) => counts.add(row.change()),
        _ => {}
    }
}

/// Everything but the tables; the manifest comes last and lists all others.
fn write_texts(
    place: &Path,
    meta: &Meta,
    name: &str,
    (tables, counts): (&Tables, &[Counts]),
    written: Written<'_>,
    options: Options,
) -> Result<Vec<FileFacts>, BundleError> {
    let kept_out = written.staff.as_ref().map(Staff::kept_out);
    let workbook = written.staff.map(|staff| staff.finish(place)).transpose()?.flatten();
    let long = counts.iter().any(|c| c.total() > options.staff_rows);
    let staff = match (&workbook, long) {
        (Some(_), _) => readme::Staff::Whole { kept_out: kept_out.unwrap_or(0) },
        (None, true) => readme::Staff::TooLong { limit: options.staff_rows },
        (None, false) => readme::Staff::Empty,
    };
    let text = readme(meta, name, &facts(tables, counts), staff);
    let mut others = vec![write_file(place, "README.txt", text.as_bytes())?];
    others.push(write_file(place, "summary.html", written.summary.as_bytes())?);
    others.extend(workbook);
    let files = Files { tables: written.tables, acknowledge: written.acknowledge, others };
    let last = write_file(place, MANIFEST, &manifest(meta, name, &files))?;
    let mut all: Vec<FileFacts> = files.tables.into_iter().flat_map(|t| t.parts).collect();
    all.push(files.acknowledge);
    all.extend(files.others);
    all.push(last);
    Ok(all)
}

fn sync_folders(place: &Path) -> Result<(), BundleError> {
    let data = place.join("data");
    if data.is_dir() {
        sync_folder(&data)?;
    }
    sync_folder(place)?;
    place.parent().map_or(Ok(()), sync_folder)
}

/// The bundle's folder in staging: gone again unless it is kept.
struct Folder {
    place: PathBuf,
    keep: bool,
}

impl Folder {
    fn create(staging: &Path, name: &str) -> Result<Self, BundleError> {
        let place = staging.join(name);
        if place.exists() {
            fs::remove_dir_all(&place).at(Doing::Create, &place)?;
        }
        private_folder(&place)?;
        Ok(Self { place, keep: false })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What is left behind here is removed by the next bundle of the same name.
            let _ = fs::remove_dir_all(&self.place);
        }
    }
}
