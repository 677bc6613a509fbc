use lockgate::seal::Sealer;
use lockgate_core::ledger::Outgoing;
use std::path::Path;

fn seal(outgoing: &Outgoing, sealer: &Sealer) {
    let _ = sealer.seal(outgoing, Path::new("staging"));
}

fn main() {
    let _: fn(&Outgoing, &Sealer) = seal;
}
