//! The plain zip of a bundle: the same files give the same bytes, whoever packs them and whenever.
//!
//! No top folder, the manifest first and its signature next, then the other files by name; deflate; 1980-01-01;
//! mode 0644; no extra fields and no comments. It is written as a stream, so that it never lies on a disk and memory
//! does not grow with the rows. What goes in is compared with the manifest on its way.

use super::contents::{Contents, Listed, MANIFEST, SIGNATURE};
use super::error::SealError;
use crate::bundle::Breaks;
use lockgate_core::hash::Digester;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

const BUFFER: usize = 64 * 1024;

/// Packs the bundle in `folder` into `out`, with the manifest's signature.
pub fn pack<W: Write>(
    folder: &Path,
    contents: &Contents,
    manifest: &[u8],
    signature: &str,
    out: W,
) -> Result<W, SealError> {
    let mut zip = Zip(ZipWriter::new_stream(Breaks::new(out)));
    let failed = |source: io::Error| SealError::io("packing", folder)(source);
    zip.start(MANIFEST).and_then(|()| zip.0.write_all(manifest)).map_err(failed)?;
    zip.start(SIGNATURE).and_then(|()| zip.0.write_all(signature.as_bytes())).map_err(failed)?;
    for (path, listed) in &contents.files {
        zip.start(path).map_err(failed)?;
        zip.file(folder, path, listed, &contents.name)?;
    }
    let end = zip.0.finish().map_err(|e| failed(e.into()))?;
    end.into_inner().whole().map_err(failed)
}

struct Zip<W: Write>(ZipWriter<StreamWriter<Breaks<W>>>);

impl<W: Write> Zip<W> {
    fn start(&mut self, path: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        self.0.start_file(path, options).map_err(Into::into)
    }

    fn file(&mut self, folder: &Path, path: &str, listed: &Listed, name: &str) -> Result<(), SealError> {
        let place = folder.join(path);
        let mut file = File::open(&place).map_err(SealError::io("opening", &place))?;
        let (mut digester, mut bytes, mut buffer) = (Digester::new(), 0, vec![0; BUFFER]);
        loop {
            let read = file.read(&mut buffer).map_err(SealError::io("reading", &place))?;
            let Some(part) = buffer.get(..read).filter(|p| !p.is_empty()) else { break };
            digester.update(part);
            bytes += read as u64;
            self.0.write_all(part).map_err(SealError::io("packing", &place))?;
        }
        if (Listed { bytes, hash: digester.finish() }) == *listed {
            return Ok(());
        }
        Err(SealError::Other { name: name.into(), what: "a file is not the one that its manifest lists" })
    }
}
