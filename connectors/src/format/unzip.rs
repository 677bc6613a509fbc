//! A look through a zipped workbook before any parser sees it.
//!
//! Every part is unpacked once and counted, whatever its directory claims, so that the parsers
//! behind meet no bomb, no endless token and no declared size that they would reserve on trust.

use crate::codes::{BOMB, ENCRYPTED, FILE_TOO_LARGE, MACROS, WORKBOOK_BROKEN, XML_CAP, XML_DOCTYPE};
use crate::format::{ReadError, ReadSeek};
use crate::limits::{Limits, input_error};
use memchr::memmem;
use quick_xml::events::Event;
use std::io::{Read, Seek, SeekFrom};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

const CHUNK: usize = 64 << 10;

/// How the parts of a workbook are named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Package {
    Xlsx,
    Ods,
}

/// Refuses what is no such workbook, is encrypted, holds macros, or unpacks to too much.
pub(super) fn look_through(
    input: &mut (dyn ReadSeek + '_),
    package: Package,
    limits: &Limits,
) -> Result<(), ReadError> {
    let size = input.seek(SeekFrom::End(0)).map_err(|e| input_error(&e, None))?;
    if size > limits.file_bytes.min(limits.workbook_bytes) {
        return Err(ReadError::new(FILE_TOO_LARGE, None, "the file is larger than its cap"));
    }
    check_magic(input)?;
    check_tail(input, size)?;
    let mut zip = ZipArchive::new(&mut *input).map_err(|e| zip_error(&e))?;
    if zip.len() > limits.unzip_parts {
        return Err(bomb(&format!("the workbook has more than {} parts", limits.unzip_parts)));
    }
    check_manifest(&mut zip, package, limits)?;
    let mut total = 0;
    for index in 0..zip.len() {
        let mut part = zip.by_index(index).map_err(|e| zip_error(&e))?;
        total += check_part(&mut part, package, limits, total)?;
    }
    drop(zip);
    input.rewind().map_err(|e| input_error(&e, None))
}

/// The old container of Office holds either an old workbook or an encrypted new one.
fn check_magic(input: &mut (dyn ReadSeek + '_)) -> Result<(), ReadError> {
    let mut head = Vec::new();
    input.rewind().map_err(|e| input_error(&e, None))?;
    Read::take(&mut *input, 1 << 20).read_to_end(&mut head).map_err(|e| input_error(&e, None))?;
    if head.starts_with(b"PK") {
        return input.rewind().map_err(|e| input_error(&e, None));
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0") {
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        return Err(match memmem::find(&head, &name) {
            Some(_) => encrypted(),
            None => broken("an old .xls workbook").help("ask for it to be saved as .xlsx"),
        });
    }
    Err(broken("the file is no zipped workbook"))
}

/// A zip's directory is found from its end: without a mark there, the library would search the whole
/// file for one.
fn check_tail(input: &mut (dyn ReadSeek + '_), size: u64) -> Result<(), ReadError> {
    const LONGEST: u64 = 22 + 0xffff;
    let mut tail = Vec::new();
    let from = SeekFrom::Start(size.saturating_sub(LONGEST));
    input.seek(from).map_err(|e| input_error(&e, None))?;
    Read::take(&mut *input, LONGEST).read_to_end(&mut tail).map_err(|e| input_error(&e, None))?;
    if memmem::rfind(&tail, b"PK\x05\x06").is_none() {
        return Err(broken("the workbook is cut short"));
    }
    input.rewind().map_err(|e| input_error(&e, None))
}

/// An encrypted ODS workbook says so in its manifest; its parts are noise.
fn check_manifest<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    package: Package,
    limits: &Limits,
) -> Result<(), ReadError> {
    if package != Package::Ods {
        return Ok(());
    }
    let Ok(part) = zip.by_name("META-INF/manifest.xml") else { return Ok(()) };
    let mut manifest = Vec::new();
    let read = part.take(limits.part_bytes).read_to_end(&mut manifest);
    read.map_err(|_| broken("the workbook's manifest cannot be unpacked"))?;
    if memmem::find(&manifest, b"encryption-data").is_some() { Err(encrypted()) } else { Ok(()) }
}

fn check_part<R: Read>(
    part: &mut ZipFile<'_, R>,
    package: Package,
    limits: &Limits,
    before: u64,
) -> Result<u64, ReadError> {
    let name = part.name().map_err(|_| broken("a part of the workbook has no readable name"))?;
    let name = name.to_ascii_lowercase().replace('\\', "/");
    let macros = ["vbaproject.bin", "/macrosheets/", "/vbadata.xml"].iter().any(|word| name.contains(word))
        || (package == Package::Ods && (name.starts_with("basic/") || name.starts_with("scripts/")));
    if macros {
        return Err(ReadError::new(MACROS, None, "the workbook holds macros"));
    }
    let role = Role::of(&name, package);
    let cap = role.cap(limits);
    let packed = part.compressed_size();
    let mut watch = Watch::new(package == Package::Xlsx && role != Role::Other, role, limits);
    let mut size = 0_u64;
    let mut chunk = vec![0; CHUNK];
    loop {
        let got = part.read(&mut chunk).map_err(|_| broken("a part of the workbook cannot be unpacked"))?;
        if got == 0 {
            break;
        }
        size += got as u64;
        if size > cap || before + size > limits.unzip_bytes {
            return Err(bomb("the workbook unpacks to more bytes than its cap"));
        }
        if size > 1 << 20 && size / limits.unzip_ratio.max(1) > packed {
            return Err(bomb("a part of the workbook unpacks to far more than any real one"));
        }
        watch.see(chunk.get(..got).unwrap_or_default())?;
    }
    watch.check_shared(size)?;
    Ok(size)
}

/// What a part is to the parsers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Cells: streamed.
    Sheet,
    /// The texts that an XLSX workbook's cells share: held in memory.
    Shared,
    /// Anything else that a parser reads whole.
    Small,
    /// Never opened (pictures, print settings, other documents).
    Other,
}

impl Role {
    fn of(name: &str, package: Package) -> Self {
        let file = name.rsplit('/').next().unwrap_or(name);
        let kind = file.rsplit('.').next().unwrap_or("");
        let sheet = match package {
            Package::Ods => name == "content.xml",
            Package::Xlsx => name.contains("worksheets/") && file.starts_with("sheet"),
        };
        match () {
            () if sheet && kind == "xml" => Self::Sheet,
            () if file == "sharedstrings.xml" => Self::Shared,
            () if package == Package::Xlsx
                && (name.starts_with("customxml/") || name.starts_with("docprops/")) =>
            {
                Self::Other
            }
            () if kind == "xml" || kind == "rels" => Self::Small,
            () => Self::Other,
        }
    }

    fn cap(self, limits: &Limits) -> u64 {
        match self {
            Self::Sheet | Self::Other => limits.unzip_bytes,
            Self::Shared => limits.shared_bytes,
            Self::Small => limits.part_bytes,
        }
    }
}

/// Watches the text of an XLSX part go by. The parser behind collects a token (a tag, or the text
/// between two tags) without a cap of its own, so the distance between two `<` is capped here, and
/// the tokens that may hold `<` themselves (declarations, comments, CDATA) are refused: no
/// spreadsheet program writes them.
struct Watch {
    on: bool,
    shared: bool,
    token: usize,
    since: usize,
    open: bool,
    head: Vec<u8>,
}

const HEAD: usize = 4 << 10;

impl Watch {
    fn new(on: bool, role: Role, limits: &Limits) -> Self {
        let token = limits.cell_bytes.max(CHUNK);
        Self { on, shared: on && role == Role::Shared, token, since: 0, open: false, head: Vec::new() }
    }

    fn see(&mut self, chunk: &[u8]) -> Result<(), ReadError> {
        if !self.on {
            return Ok(());
        }
        if self.shared && self.head.len() < HEAD {
            self.head.extend(chunk.iter().take(HEAD - self.head.len()));
        }
        let declared = if self.open && chunk.first() == Some(&b'!') { chunk.get(1..) } else { None };
        let declared = declared.or_else(|| memmem::find(chunk, b"<!").and_then(|at| chunk.get(at + 2..)));
        match declared {
            Some([b'D', ..]) => {
                return Err(ReadError::new(XML_DOCTYPE, None, "a document type declaration in the workbook"));
            }
            Some(_) => return Err(broken("a comment or CDATA section in the workbook's parts")),
            None => {}
        }
        self.open = chunk.last() == Some(&b'<');
        // Within a chunk no distance can exceed the cap, which is no smaller than a chunk.
        let first = memchr::memchr(b'<', chunk).unwrap_or(chunk.len());
        if self.since + first > self.token {
            let what = format!("a cell of the workbook is longer than {} bytes", self.token);
            return Err(ReadError::new(XML_CAP, None, &what));
        }
        self.since = match memchr::memrchr(b'<', chunk) {
            Some(last) => chunk.len() - last,
            None => self.since + chunk.len(),
        };
        Ok(())
    }

    /// The parser reserves room for as many shared texts as their part declares.
    fn check_shared(&self, size: u64) -> Result<(), ReadError> {
        if !self.shared {
            return Ok(());
        }
        let mut reader = quick_xml::Reader::from_reader(self.head.as_slice());
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag) | Event::Empty(tag)) => {
                    let count = tag.try_get_attribute("uniqueCount").ok().flatten();
                    let count = count.map_or(Ok(0), |c| c.value.trim().parse::<u64>());
                    return match count {
                        Ok(count) if count <= size / 8 => Ok(()),
                        _ => Err(bomb("the workbook declares more shared texts than it holds")),
                    };
                }
                Ok(Event::Eof) | Err(_) => return Err(broken("the workbook's shared texts cannot be read")),
                Ok(_) => {}
            }
        }
    }
}

fn bomb(what: &str) -> ReadError {
    ReadError::new(BOMB, None, what)
}

pub(super) fn broken(what: &str) -> ReadError {
    ReadError::new(WORKBOOK_BROKEN, None, what)
}

pub(super) fn encrypted() -> ReadError {
    ReadError::new(ENCRYPTED, None, "the workbook is encrypted")
}

pub(super) fn zip_error(error: &ZipError) -> ReadError {
    match error {
        ZipError::Io(e) if e.get_ref().is_some() => input_error(e, None),
        ZipError::UnsupportedArchive(what) if *what == ZipError::PASSWORD_REQUIRED => encrypted(),
        _ => broken("the workbook's directory cannot be read"),
    }
}
