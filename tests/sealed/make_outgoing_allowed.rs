use lockgate_core::hash::Digest;
use lockgate_core::ledger::{LedgerCommit, Outgoing, Prepared};

async fn release<L: LedgerCommit>(ledger: &mut L) -> Result<Outgoing, L::Error> {
    Prepared::new(String::from("lockgate"), Digest([0; 32])).release(ledger).await
}

struct Book;

impl LedgerCommit for Book {
    type Error = ();

    async fn commit(&mut self, _: &Prepared) -> Result<(), ()> {
        Ok(())
    }
}

fn main() {
    drop(release(&mut Book));
}
