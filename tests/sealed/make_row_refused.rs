use lockgate::bundle::BundleWriter;

fn smuggle(writer: &mut BundleWriter) {
    let _ = writer.add(&["000000000000000000aa", "1", "new"]);
    let _ = writer.add_packed(&[0; 32]);
}

fn main() {
    let _: fn(&mut BundleWriter) = smuggle;
}
