//! The archive: every received file, encrypted, under the digest of its plain bytes.
//!
//! Layout of a kept file: a 24-byte head (8 bytes of form, 16 random bytes of file id), then chunks of
//! 64 KiB of plain text (the last may be shorter), then a foot. Each file has a key of its own,
//! derived from its id, so that a chunk needs no random nonce: its nonce is its place. Chunk number
//! and "last" mark are in the associated data, and the foot repeats digest and length, so that a
//! file that was cut, reordered, changed or put under another name does not open.

use super::{Vault, VaultError, private_folder, random, sync_folder};
use lockgate_core::hash::{Digest, Digester, hmac};
use lockgate_core::rest::{NONCE_LEN, RestKey};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const FORM: &[u8; 8] = b"LGKEPT1\n";
const HEAD: usize = 24;
const CHUNK: usize = 64 * 1024;
const SEAL: usize = NONCE_LEN + 16;
const FOOT_PLAIN: usize = 32 + 8;
const FOOT: usize = FOOT_PLAIN + SEAL;
const TEMPORARY: &str = ".incoming-";

/// Received files, kept encrypted for their retention.
pub struct Archive {
    folder: PathBuf,
    key: [u8; 32],
}

impl Archive {
    /// The archive in `folder`, which is made when it is not there.
    pub fn at(folder: &Path, vault: &Vault) -> Result<Self, VaultError> {
        private_folder(folder).map_err(VaultError::io("making the archive's folder"))?;
        Ok(Self { folder: folder.to_owned(), key: vault.archive_key() })
    }

    /// The same form in the folder in which processes hand things to each other, under a key for that alone.
    pub(crate) fn of_bench(folder: &Path, vault: &Vault) -> Self {
        Self { folder: folder.to_owned(), key: vault.bench_key() }
    }

    /// Removes what a killed run left half-written; nothing refers to it. Only for the process that holds the
    /// store's lock, or it would take away what another is just writing.
    pub fn sweep(&self) -> Result<(), VaultError> {
        for entry in self.entries()?.iter().filter(|entry| entry.starts_with(TEMPORARY)) {
            fs::remove_file(self.folder.join(entry)).map_err(VaultError::io("sweeping the archive"))?;
        }
        Ok(())
    }

    /// Keeps all bytes of `reader`; gives their digest and number. The same bytes again replace the
    /// kept copy, so a damaged copy heals when the partner sends the file once more.
    pub fn put(&self, mut reader: impl Read) -> Result<(Digest, u64), VaultError> {
        let keeping = "keeping a received file";
        let temporary = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(&self.folder)
            .map_err(VaultError::io(keeping))?;
        let (digest, bytes) = {
            let mut sealer =
                Sealer::start(BufWriter::with_capacity(2 * CHUNK, temporary.as_file()), &self.key)?;
            let total = sealer.all(&mut reader)?;
            sealer.out.flush().map_err(VaultError::io(keeping))?;
            total
        };
        temporary.as_file().sync_all().map_err(VaultError::io(keeping))?;
        temporary
            .persist(self.path(&digest))
            .map_err(|fault| VaultError::Io { what: keeping, source: fault.error })?;
        sync_folder(&self.folder).map_err(VaultError::io(keeping))?;
        Ok((digest, bytes))
    }

    /// Opens a kept file; its end and name are proven here, each chunk when it is read. A read error
    /// of kind `InvalidData` means damage.
    pub fn open(&self, digest: &Digest) -> Result<Archived, VaultError> {
        let file = File::open(self.path(digest)).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => VaultError::Missing(*digest),
            _ => VaultError::Io { what: "opening a kept file", source },
        })?;
        Archived::start(file, &self.key, digest)
    }

    /// Whether the file is kept.
    pub fn holds(&self, digest: &Digest) -> bool {
        self.path(digest).exists()
    }

    /// Destroys a kept file whose retention has passed; `false` when it was not there.
    pub fn remove(&self, digest: &Digest) -> Result<bool, VaultError> {
        let removing = "removing a kept file";
        match fs::remove_file(self.path(digest)) {
            Ok(()) => sync_folder(&self.folder).map(|()| true).map_err(VaultError::io(removing)),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(VaultError::Io { what: removing, source }),
        }
    }

    /// The digests of all kept files, in hexadecimal order: what retention walks over.
    pub fn digests(&self) -> Result<Vec<String>, VaultError> {
        let mut names = self.entries()?;
        names.retain(|name| name.len() == 64 && name.bytes().all(|c| c.is_ascii_hexdigit()));
        names.sort_unstable();
        Ok(names)
    }

    fn entries(&self) -> Result<Vec<String>, VaultError> {
        let reading = "reading the archive's folder";
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(VaultError::io(reading))? {
            names.extend(entry.map_err(VaultError::io(reading))?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }
}

fn file_key(key: &[u8; 32], id: &[u8; 16]) -> RestKey {
    RestKey::new(&hmac(key, &[b"file\0", id]).0)
}

/// What a sealed piece is: a chunk by its place, the last one marked, or the foot.
#[derive(Clone, Copy)]
enum Piece {
    Chunk { index: u64, last: bool },
    Foot,
}

impl Piece {
    /// Place and kind; as the key is the file's own, the same bytes serve as the nonce.
    fn nonce(self) -> [u8; NONCE_LEN] {
        let (kind, index) = match self {
            Self::Chunk { index, last: false } => (0u32, index),
            Self::Chunk { index, last: true } => (1, index),
            Self::Foot => (2, 0),
        };
        let mut nonce = [0; NONCE_LEN];
        let (left, right) = nonce.split_at_mut(4);
        left.copy_from_slice(&kind.to_be_bytes());
        right.copy_from_slice(&index.to_be_bytes());
        nonce
    }

    fn seal(self, key: &RestKey, plain: &[u8]) -> Vec<u8> {
        key.seal(self.nonce(), &self.nonce(), plain)
    }

    fn open(self, key: &RestKey, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        key.open(&self.nonce(), sealed).map_err(|_| VaultError::Damaged)
    }
}

struct Sealer<W> {
    out: W,
    key: RestKey,
    digest: Digester,
    bytes: u64,
}

impl<W: Write> Sealer<W> {
    fn start(mut out: W, key: &[u8; 32]) -> Result<Self, VaultError> {
        let id = random::<16>()?;
        out.write_all(FORM)
            .and_then(|()| out.write_all(&id))
            .map_err(VaultError::io("keeping a received file"))?;
        Ok(Self { out, key: file_key(key, &id), digest: Digester::new(), bytes: 0 })
    }

    fn all(&mut self, reader: &mut impl Read) -> Result<(Digest, u64), VaultError> {
        // One chunk of look-ahead: only when nothing follows is the chunk in hand the last.
        let (mut chunk, mut ahead) = (fill(reader, Vec::new())?, Vec::new());
        let mut index = 0;
        loop {
            ahead = if chunk.len() == CHUNK { fill(reader, ahead)? } else { Vec::new() };
            let last = ahead.is_empty();
            self.digest.update(&chunk);
            self.bytes += chunk.len() as u64;
            self.piece(Piece::Chunk { index, last }, &chunk)?;
            if last {
                break;
            }
            core::mem::swap(&mut chunk, &mut ahead);
            index += 1;
        }
        let digest = core::mem::take(&mut self.digest).finish();
        let mut foot = digest.0.to_vec();
        foot.extend_from_slice(&self.bytes.to_be_bytes());
        self.piece(Piece::Foot, &foot)?;
        Ok((digest, self.bytes))
    }

    fn piece(&mut self, piece: Piece, plain: &[u8]) -> Result<(), VaultError> {
        let sealed = piece.seal(&self.key, plain);
        self.out.write_all(&sealed).map_err(VaultError::io("keeping a received file"))
    }
}

fn fill(reader: &mut impl Read, mut chunk: Vec<u8>) -> Result<Vec<u8>, VaultError> {
    chunk.clear();
    chunk.reserve_exact(CHUNK);
    reader
        .by_ref()
        .take(CHUNK as u64)
        .read_to_end(&mut chunk)
        .map_err(VaultError::io("reading a partner's file"))?;
    Ok(chunk)
}

/// A kept file, decrypted as it is read; can be read from any place, as workbooks need.
pub struct Archived {
    file: File,
    key: RestKey,
    len: u64,
    at: u64,
    /// The opened chunk and its number.
    chunk: Vec<u8>,
    index: Option<u64>,
}

impl Archived {
    fn start(mut file: File, key: &[u8; 32], digest: &Digest) -> Result<Self, VaultError> {
        let reading = "reading a kept file";
        let size = file.metadata().map_err(VaultError::io(reading))?.len();
        let sealed = size.checked_sub((HEAD + SEAL + FOOT) as u64).ok_or(VaultError::Damaged)?;
        let mut head = [0; HEAD];
        file.read_exact(&mut head).map_err(VaultError::io(reading))?;
        let (form, id) = head.split_first_chunk::<8>().ok_or(VaultError::Damaged)?;
        let id: &[u8; 16] = id.try_into().map_err(|_| VaultError::Damaged)?;
        if form != FORM {
            return Err(VaultError::Damaged);
        }
        let key = file_key(key, id);
        let mut foot = [0; FOOT];
        file.seek(SeekFrom::Start(size - FOOT as u64)).map_err(VaultError::io(reading))?;
        file.read_exact(&mut foot).map_err(VaultError::io(reading))?;
        let foot = Piece::Foot.open(&key, &foot)?;
        let (named, len) = foot.split_at_checked(32).ok_or(VaultError::Damaged)?;
        let len = u64::from_be_bytes(len.try_into().map_err(|_| VaultError::Damaged)?);
        let expected = len + chunks(len).saturating_sub(1) * SEAL as u64;
        if named != digest.0 || expected != sealed {
            return Err(VaultError::Damaged);
        }
        Ok(Self { file, key, len, at: 0, chunk: Vec::new(), index: None })
    }

    /// Number of plain bytes.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether the partner sent an empty file.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn load(&mut self, index: u64) -> io::Result<()> {
        if self.index == Some(index) {
            return Ok(());
        }
        let start = HEAD as u64 + index * (CHUNK + SEAL) as u64;
        let plain = (self.len - index * CHUNK as u64).min(CHUNK as u64);
        let last = index + 1 == chunks(self.len);
        self.index = None;
        let size = usize::try_from(plain).unwrap_or(CHUNK) + SEAL;
        let mut sealed = vec![0; size];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut sealed)?;
        self.chunk = Piece::Chunk { index, last }
            .open(&self.key, &sealed)
            .map_err(|damage| io::Error::new(io::ErrorKind::InvalidData, damage))?;
        self.index = Some(index);
        Ok(())
    }
}

/// An empty file has one empty chunk.
const fn chunks(len: u64) -> u64 {
    if len == 0 { 1 } else { len.div_ceil(CHUNK as u64) }
}

impl Read for Archived {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || self.at >= self.len {
            return Ok(0);
        }
        self.load(self.at / CHUNK as u64)?;
        let from = usize::try_from(self.at % CHUNK as u64).unwrap_or(CHUNK);
        let mut rest = self.chunk.get(from..).unwrap_or_default();
        let read = rest.read(out)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Archived {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::vault::Secret;

    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|i| u8::try_from((i * 31 + i / 251) % 256).unwrap()).collect()
    }

    fn archive() -> (tempfile::TempDir, Archive) {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::at(&folder.path().join("archive"), &Vault::new(Secret::new([5; 32]))).unwrap();
        (folder, archive)
    }

    fn read_all(archive: &Archive, digest: &Digest) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut kept = archive.open(digest).map_err(|fault| fault.code().to_owned())?;
        kept.read_to_end(&mut out).map_err(|fault| fault.kind().to_string())?;
        Ok(out)
    }

    #[test]
    fn files_come_back_whatever_their_size() {
        let (_folder, archive) = archive();
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
            let plain = pattern(len);
            let (digest, bytes) = archive.put(&plain[..]).unwrap();
            assert_eq!((digest, bytes), (Digest::of(&plain), len as u64));
            assert!(read_all(&archive, &digest).unwrap() == plain, "{len} bytes");
        }
        assert_eq!(archive.digests().unwrap().len(), 7);
    }

    #[test]
    fn any_place_can_be_read_first() {
        let (_folder, archive) = archive();
        let plain = pattern(2 * CHUNK + 100);
        let (digest, _) = archive.put(&plain[..]).unwrap();
        let mut kept = archive.open(&digest).unwrap();
        for (to, at) in [(SeekFrom::End(-50), 2 * CHUNK + 50), (SeekFrom::Start(CHUNK as u64 - 3), CHUNK - 3)]
        {
            kept.seek(to).unwrap();
            let mut out = [0; 40];
            kept.read_exact(&mut out).unwrap();
            assert_eq!(out, plain[at..at + 40]);
        }
        assert!(kept.seek(SeekFrom::Current(-1_000_000)).is_err());
        kept.seek(SeekFrom::End(10)).unwrap();
        assert_eq!(kept.read(&mut [0; 4]).unwrap(), 0);
    }

    #[test]
    fn nothing_of_the_plain_text_is_on_disk() {
        let (_folder, archive) = archive();
        let (digest, _) = archive.put(&b"Surname;Forename\nInvented;Person\n"[..]).unwrap();
        let kept = fs::read(archive.path(&digest)).unwrap();
        assert!(!kept.windows(8).any(|w| w == b"Invented"));
    }

    #[test]
    fn a_cut_file_does_not_open() {
        let (_folder, archive) = archive();
        let (digest, _) = archive.put(&pattern(2 * CHUNK + 5)[..]).unwrap();
        let whole = fs::read(archive.path(&digest)).unwrap();
        let chunk = CHUNK + SEAL;
        for len in [0, 10, HEAD, HEAD + chunk, HEAD + 2 * chunk, whole.len() - FOOT, whole.len() - 1] {
            fs::write(archive.path(&digest), &whole[..len]).unwrap();
            assert_eq!(read_all(&archive, &digest), Err("LG2056".into()), "{len} bytes left");
        }
        // The middle taken out, head and foot whole.
        let gap = [&whole[..HEAD + chunk], &whole[HEAD + 2 * chunk..]].concat();
        fs::write(archive.path(&digest), gap).unwrap();
        assert_eq!(read_all(&archive, &digest), Err("LG2056".into()));
    }

    #[test]
    fn a_changed_file_does_not_read() {
        let (_folder, archive) = archive();
        let (digest, _) = archive.put(&pattern(CHUNK + 5)[..]).unwrap();
        let whole = fs::read(archive.path(&digest)).unwrap();
        for at in [0, 9, HEAD + 3, HEAD + 400, HEAD + CHUNK + SEAL + 20, whole.len() - 3] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(archive.path(&digest), changed).unwrap();
            assert!(read_all(&archive, &digest).is_err(), "byte {at}");
        }
        let chunk = CHUNK + SEAL;
        let (digest, _) = archive.put(&pattern(3 * CHUNK)[..]).unwrap();
        let mut swapped = fs::read(archive.path(&digest)).unwrap();
        let (first, second) = swapped[HEAD..HEAD + 2 * chunk].split_at_mut(chunk);
        first.swap_with_slice(second);
        fs::write(archive.path(&digest), swapped).unwrap();
        assert_eq!(read_all(&archive, &digest), Err(io::ErrorKind::InvalidData.to_string()));
    }

    #[test]
    fn a_file_under_another_name_or_secret_does_not_open() {
        let (folder, archive) = archive();
        let (one, _) = archive.put(&b"one"[..]).unwrap();
        let (two, _) = archive.put(&b"two"[..]).unwrap();
        let stranger =
            Archive::at(&folder.path().join("archive"), &Vault::new(Secret::new([6; 32]))).unwrap();
        assert_eq!(read_all(&stranger, &one), Err("LG2056".into()));
        fs::copy(archive.path(&two), archive.path(&one)).unwrap();
        assert_eq!(read_all(&archive, &one), Err("LG2056".into()));
        archive.put(&b"one"[..]).unwrap();
        assert_eq!(read_all(&archive, &one).unwrap(), b"one");
    }

    #[test]
    fn a_failed_read_keeps_nothing_and_left_overs_go() {
        struct Breaks(usize);
        impl Read for Breaks {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let Some(left) = self.0.checked_sub(1) else {
                    return Err(io::ErrorKind::ConnectionReset.into());
                };
                self.0 = left;
                out.fill(b'x');
                Ok(out.len())
            }
        }
        let (_folder, archive) = archive();
        assert!(archive.put(Breaks(3)).is_err());
        assert_eq!(archive.entries().unwrap(), Vec::<String>::new());
        fs::write(archive.folder.join(".incoming-old"), b"half").unwrap();
        archive.put(&b"whole"[..]).unwrap();
        archive.sweep().unwrap();
        assert_eq!(archive.entries().unwrap(), [Digest::of(b"whole").hex()]);
    }

    #[test]
    fn expired_files_are_destroyed() {
        let (_folder, archive) = archive();
        let (digest, _) = archive.put(&b"old"[..]).unwrap();
        assert!(archive.holds(&digest));
        assert!(archive.remove(&digest).unwrap());
        assert!(!archive.remove(&digest).unwrap());
        assert_eq!(read_all(&archive, &digest), Err("LG2055".into()));
    }
}
