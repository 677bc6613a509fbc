use lockgate::deliver::folder;
use lockgate_core::ledger::Outgoing;
use std::path::Path;

fn deliver(outgoing: &Outgoing) {
    let _ = folder::put(outgoing, Path::new("doors"));
}

fn main() {
    let _: fn(&Outgoing) = deliver;
}
