use lockgate::seal::{SealError, Sealed, Sealer};
use lockgate_core::ledger::Outgoing;
use std::path::Path;

fn make(outgoing: &Outgoing, sealer: &Sealer) -> Result<Sealed, SealError> {
    sealer.seal(outgoing, Path::new("staging"))
}

fn main() {
    let _: fn(&Outgoing, &Sealer) -> Result<Sealed, SealError> = make;
}
