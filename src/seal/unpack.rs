//! The plain zip read with nothing taken on trust: names from the fixed list, no links, no folders, nothing twice,
//! sizes and ratios capped by what was read and not by what is declared.

use super::contents::{MOST_FILES, allowed};
use super::fault::Fault;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;
use zip::{CompressionMethod, ZipArchive};

/// The end mark of a zip lies within its last 64 KiB and a bit; further back the library need not look.
const LONGEST_END: u64 = 22 + 0xffff;
/// Above this size a file that unpacks to far more than it takes is refused.
const FREE: u64 = 1 << 20;
/// Tables are text with references of random digits: none of them packs better.
const RATIO: u64 = 200;

/// A bundle's files, wherever they lie.
pub(super) trait Files {
    /// Their names, all of them allowed ones.
    fn names(&self) -> Vec<String>;
    /// Reads one. The reader gives at most one byte more than `most`.
    fn read(&mut self, name: &str, most: u64) -> Result<Box<dyn Read + '_>, Fault>;
    /// The fault behind a reader's error.
    fn failed(&self, name: &str) -> Fault;
}

/// An opened zip.
pub(super) struct Zip<R: Read + Seek> {
    archive: ZipArchive<Watched<R>>,
    names: BTreeMap<String, usize>,
    broken: Rc<Cell<bool>>,
}

impl<R: Read + Seek> Zip<R> {
    /// Reads the directory and checks every name.
    pub(super) fn open(reader: R) -> Result<Self, Fault> {
        let broken = Rc::new(Cell::new(false));
        let mut reader = Watched { inner: reader, broken: Rc::clone(&broken) };
        end_mark(&mut reader).map_err(|e| e.unwrap_or_else(cut))?;
        let archive = ZipArchive::new(reader).map_err(|_| zip_fault(&broken))?;
        if archive.len() > MOST_FILES {
            return Err(odd("it holds more files than any bundle"));
        }
        let mut zip = Self { archive, names: BTreeMap::new(), broken };
        for index in 0..zip.archive.len() {
            let entry = zip.archive.by_index_raw(index).map_err(|_| zip_fault(&zip.broken))?;
            let name = str::from_utf8(entry.name_raw()).unwrap_or_default().to_owned();
            if !allowed(&name) {
                // A foreign name may be anything: it is not repeated.
                return Err(odd("it holds a file whose name no bundle has"));
            }
            // Bits of the file's kind, when the packer wrote them: a plain file, and never a link.
            let plain =
                entry.unix_mode().is_none_or(|mode| mode & 0o170_000 == 0 || mode & 0o170_000 == 0o100_000);
            let deflated =
                matches!(entry.compression(), CompressionMethod::Deflated | CompressionMethod::Stored);
            if !plain || !deflated || entry.encrypted() || entry.is_dir() || entry.is_symlink() {
                return Err(odd(&format!(
                    "`{name}` in it is a link, a folder, or packed in a way that no bundle is"
                )));
            }
            if entry.size() > FREE && entry.size() / RATIO > entry.compressed_size() {
                return Err(odd(&format!("`{name}` in it would unpack to far more than it takes")));
            }
            if zip.names.insert(name, index).is_some() {
                return Err(odd("it holds a file twice"));
            }
        }
        if zip.archive.has_duplicate_names() {
            return Err(odd("it holds a file twice"));
        }
        Ok(zip)
    }
}

impl<R: Read + Seek> Files for Zip<R> {
    fn names(&self) -> Vec<String> {
        self.names.keys().cloned().collect()
    }

    fn read(&mut self, name: &str, most: u64) -> Result<Box<dyn Read + '_>, Fault> {
        let missing = || Fault::new("LG2311", format!("`{name}` is missing"));
        let index = self.names.get(name).copied().ok_or_else(missing)?;
        let entry = self.archive.by_index(index).map_err(|_| zip_fault(&self.broken))?;
        Ok(Box::new(entry.take(most.saturating_add(1))))
    }

    fn failed(&self, name: &str) -> Fault {
        if self.broken.get() { cut() } else { odd(&format!("`{name}` in it does not unpack")) }
    }
}

fn end_mark<R: Read + Seek>(reader: &mut R) -> Result<(), Option<Fault>> {
    let mut read = || {
        let size = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(size.saturating_sub(LONGEST_END)))?;
        let mut tail = Vec::new();
        reader.take(LONGEST_END).read_to_end(&mut tail)?;
        reader.rewind()?;
        io::Result::Ok(tail)
    };
    let tail = read().map_err(|_| None)?;
    if tail.windows(4).any(|w| w == b"PK\x05\x06") { Ok(()) } else { Err(Some(odd("it is no whole zip"))) }
}

fn odd(what: &str) -> Fault {
    Fault::new("LG2309", format!("the file inside is no bundle: {what}"))
}

fn cut() -> Fault {
    Fault::new("LG2308", "the sealed file is cut short or was changed")
}

fn zip_fault(broken: &Cell<bool>) -> Fault {
    if broken.get() { cut() } else { odd("its directory does not read") }
}

/// Remembers that what lies below failed, so that a broken seal is told from a broken zip.
struct Watched<R> {
    inner: R,
    broken: Rc<Cell<bool>>,
}

impl<R> Watched<R> {
    fn watch<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.is_err() {
            self.broken.set(true);
        }
        result
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        self.watch(result)
    }
}

impl<R: Seek> Seek for Watched<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // A directory that points before the beginning is the zip's fault, and not the seal's.
        match to {
            SeekFrom::Start(_) | SeekFrom::End(0) => {
                let result = self.inner.seek(to);
                self.watch(result)
            }
            _ => self.inner.seek(to),
        }
    }
}
