use lockgate_core::agreement::PartnerId;
use lockgate_core::gate::Disclosed;
use lockgate_core::record::{PersonId, RecordId};
use lockgate_core::schema::CategoryId;

fn main() {
    let _ = Disclosed {
        recipient: PartnerId(1),
        category: CategoryId(0),
        originator: PartnerId(0),
        record: RecordId(1),
        person: PersonId(1),
        version: 1,
        record_ref: Default::default(),
        person_ref: Default::default(),
        clause: "",
        purpose: "",
        handling: Default::default(),
        cells: Vec::new(),
    };
}
