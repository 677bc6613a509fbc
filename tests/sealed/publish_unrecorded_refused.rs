use lockgate::bundle::{Finished, publish};
use std::path::Path;

fn send(finished: &Finished) {
    let _ = publish(&finished.prepared(), Path::new("staging"), Path::new("published"));
}

fn main() {
    let _: fn(&Finished) = send;
}
