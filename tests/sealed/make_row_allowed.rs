use lockgate::bundle::BundleWriter;
use lockgate_core::bundle::{Meta, Parcel, Plan, Tables};

fn write(writer: &mut BundleWriter, tables: &Tables, meta: &Meta, plan: Plan<'_>) -> bool {
    let mut parcel = Parcel::default();
    let packed = plan.rows.into_iter().all(|row| parcel.add(tables, meta, row).is_ok());
    packed && writer.take(&parcel).is_ok()
}

fn main() {
    let _: fn(&mut BundleWriter, &Tables, &Meta, Plan<'_>) -> bool = write;
}
