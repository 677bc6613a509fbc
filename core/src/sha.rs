//! SHA-256 of what is short: the library's blocks without the buffers of a digest that grows, which cost as much as the
//! blocks do where a row takes twenty digests.

use crate::hash::Digest;
use sha2::block_api::compress256;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;
/// Where the bytes of a message end in its last block: its length stands behind them.
const ROOM: usize = BLOCK - 8;

/// Where a digest stands after whole blocks.
#[derive(Clone, Copy)]
pub(crate) struct Begun {
    state: [u32; 8],
    /// Bytes so far.
    length: u64,
}

impl Begun {
    /// Before anything: the initial hash value of FIPS 180-4, 5.3.3.
    pub(crate) const EMPTY: Self = Self {
        state: [
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ],
        length: 0,
    };

    /// After one block.
    pub(crate) fn with(block: &[u8; BLOCK]) -> Self {
        let mut begun = Self::EMPTY;
        begun.take(block);
        begun
    }

    fn take(&mut self, block: &[u8; BLOCK]) {
        compress256(&mut self.state, core::slice::from_ref(block));
        self.length = self.length.wrapping_add(BLOCK as u64);
    }

    /// The digest of all so far with these parts behind it, padded as in FIPS 180-4, 5.1.1.
    pub(crate) fn digest<'a>(mut self, parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
        let (mut block, mut used) = ([0; BLOCK], 0);
        for part in parts {
            let mut rest = part;
            while let Some((now, later)) = rest.split_at_checked(BLOCK - used) {
                put(&mut block, used, now);
                self.take(&block);
                (rest, used) = (later, 0);
            }
            put(&mut block, used, rest);
            used += rest.len();
        }
        let bits = self.length.wrapping_add(used as u64).wrapping_mul(8);
        put(&mut block, used, &[0x80]);
        block.iter_mut().skip(used + 1).for_each(|byte| *byte = 0);
        if used >= ROOM {
            self.take(&block);
            block = [0; BLOCK];
        }
        put(&mut block, ROOM, &bits.to_be_bytes());
        self.take(&block);
        let mut out = [0; 32];
        for (to, word) in out.chunks_exact_mut(4).zip(self.state) {
            to.copy_from_slice(&word.to_be_bytes());
        }
        Digest(out)
    }
}

/// Copies into a block; nobody asks for more than there is room.
fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    if let Some(room) = block.get_mut(at..at + bytes.len()) {
        room.copy_from_slice(bytes);
    }
}
