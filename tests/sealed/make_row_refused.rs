use lockgate::bundle::BundleWriter;
use lockgate_core::bundle::{Meta, Parcel, Tables};

fn smuggle(writer: &mut BundleWriter, tables: &Tables, meta: &Meta) {
    let mut parcel = Parcel::default();
    let _ = parcel.add(tables, meta, ["000000000000000000aa", "1", "new"]);
    let _ = writer.take(&[0; 32]);
}

fn main() {
    let _: fn(&mut BundleWriter, &Tables, &Meta) = smuggle;
}
