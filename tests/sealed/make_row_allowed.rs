use lockgate::bundle::{BundleError, BundleWriter};
use lockgate_core::bundle::Plan;

fn write(writer: &mut BundleWriter, plan: &Plan) -> Result<(), BundleError> {
    plan.rows.iter().try_for_each(|row| writer.add(row))
}

fn main() {
    let _: fn(&mut BundleWriter, &Plan) -> Result<(), BundleError> = write;
}
