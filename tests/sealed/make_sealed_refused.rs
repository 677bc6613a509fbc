use lockgate::seal::Sealed;
use lockgate_core::hash::Digest;
use std::path::PathBuf;

fn main() {
    let _ = Sealed {
        name: String::from("lockgate"),
        recipient: String::from("two"),
        folder: PathBuf::from("outbox"),
        bytes: 0,
        digest: Digest([0; 32]),
    };
}
