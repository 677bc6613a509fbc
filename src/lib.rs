//! The program's own rooms: everything that touches the world on behalf of the core.

pub mod store;
pub mod vault;
