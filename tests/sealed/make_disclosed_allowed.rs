use lockgate_core::agreement::PartnerId;
use lockgate_core::gate::Disclosed;

fn recipient(disclosed: &Disclosed) -> PartnerId {
    disclosed.recipient()
}

fn main() {
    let _: fn(&Disclosed) -> PartnerId = recipient;
}
