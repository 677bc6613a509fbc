use lockgate::bundle::Finished;
use lockgate::seal::Sealer;
use std::path::Path;

fn seal(finished: &Finished, sealer: &Sealer) {
    let _ = sealer.seal(&finished.prepared(), Path::new("staging"));
}

fn main() {
    let _: fn(&Finished, &Sealer) = seal;
}
