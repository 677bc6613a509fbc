//! Recorded, then sent: a finished bundle is `Prepared`; only the ledger's commit makes it `Outgoing`.

use crate::hash::Digest;
use alloc::string::String;
use core::future::Future;

/// A finished bundle in the staging folder, known by its manifest's digest. It cannot be sent.
#[derive(Debug)]
pub struct Prepared {
    name: String,
    manifest: Digest,
}

/// A bundle that the ledger has committed, and that may therefore be sent. There is no other way to
/// one than [`Prepared::release`].
#[derive(Debug)]
pub struct Outgoing {
    name: String,
    manifest: Digest,
}

/// Whoever keeps the ledger: commits the bundle's entries, what the recipient holds from now on and
/// the bundle itself, all or nothing, and returns once they are durable.
pub trait LedgerCommit {
    /// What can go wrong.
    type Error;

    /// Commits.
    fn commit(&mut self, bundle: &Prepared) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

impl Prepared {
    /// A bundle whose files are written and durable, with the digest that its writer took of the manifest.
    pub const fn new(name: String, manifest: Digest) -> Self {
        Self { name, manifest }
    }

    /// The bundle's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Digest of its manifest.
    pub const fn manifest(&self) -> Digest {
        self.manifest
    }

    /// Commits to the ledger, and only then lets the bundle go.
    pub async fn release<L: LedgerCommit>(self, ledger: &mut L) -> Result<Outgoing, L::Error> {
        ledger.commit(&self).await?;
        Ok(Outgoing { name: self.name, manifest: self.manifest })
    }
}

impl Outgoing {
    /// The bundle's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Digest of the manifest that was committed: whoever sends compares it with what lies there.
    pub const fn manifest(&self) -> Digest {
        self.manifest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    struct Book {
        full: bool,
        names: alloc::vec::Vec<String>,
    }

    impl LedgerCommit for Book {
        type Error = &'static str;

        async fn commit(&mut self, bundle: &Prepared) -> Result<(), Self::Error> {
            if self.full {
                return Err("full");
            }
            self.names.push(bundle.name().into());
            Ok(())
        }
    }

    fn release(book: &mut Book) -> Result<Outgoing, &'static str> {
        let prepared = Prepared::new("b".into(), Digest::of(b"m"));
        match pin!(prepared.release(book)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => Err("pending"),
        }
    }

    #[test]
    fn nothing_goes_out_that_the_ledger_did_not_take() {
        let mut book = Book { full: true, names: alloc::vec::Vec::new() };
        assert_eq!(release(&mut book).map(|_| ()), Err("full"));
        book.full = false;
        assert_eq!(release(&mut book).map(|o| o.manifest()), Ok(Digest::of(b"m")));
        assert_eq!(book.names, ["b"]);
    }
}
