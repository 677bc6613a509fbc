use lockgate::deliver::folder;
use lockgate::seal::Sealed;
use std::path::Path;

fn deliver(sealed: &Sealed) {
    let _ = folder::put(sealed, Path::new("doors"));
}

fn main() {
    let _: fn(&Sealed) = deliver;
}
