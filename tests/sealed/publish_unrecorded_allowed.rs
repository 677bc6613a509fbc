use lockgate::bundle::{Finished, publish};
use lockgate_core::ledger::LedgerCommit;
use std::path::Path;

async fn send<L: LedgerCommit>(finished: &Finished, ledger: &mut L) {
    if let Ok(outgoing) = finished.prepared().release(ledger).await {
        let _ = publish(&outgoing, Path::new("staging"), Path::new("published"));
    }
}

struct Book;

impl LedgerCommit for Book {
    type Error = ();

    async fn commit(&mut self, _: &lockgate_core::ledger::Prepared) -> Result<(), ()> {
        Ok(())
    }
}

fn main() {
    let _ = |finished: &Finished| drop(send(finished, &mut Book));
}
