//! Every message code of every room, for `lockgate explain` and for the "why" of a problem.

use lockgate_core::problem::{self, CodeDoc};

/// All codes.
pub fn all() -> impl Iterator<Item = &'static CodeDoc> {
    problem::codes()
        .chain(lockgate_connectors::CODES)
        .chain(crate::approval::CODES)
        .chain(crate::backup::CODES)
        .chain(crate::config::CODES)
        .chain(crate::correction::CODES)
        .chain(crate::deliver::CODES)
        .chain(crate::deliver::push_codes::CODES)
        .chain(crate::operate::CODES)
        .chain(crate::link::CODES)
        .chain(crate::register::CODES)
        .chain(crate::schedule::CODES)
        .chain(crate::register::LINK_CODES)
        .chain(crate::seal::CODES)
        .chain(crate::serve::CODES)
        .chain(crate::store::CODES)
        .chain(crate::vault::CODES)
        .chain(crate::worker::CODES)
}

/// The explanation of a code.
pub fn of(code: &str) -> Option<&'static CodeDoc> {
    all().find(|c| c.code == code)
}
