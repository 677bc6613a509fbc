use lockgate_core::hash::Digest;
use lockgate_core::ledger::Outgoing;

fn main() {
    let _ = Outgoing { name: String::from("lockgate"), manifest: Digest([0; 32]) };
}
