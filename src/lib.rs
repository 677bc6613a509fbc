//! Lockgate's program as a library: the rooms that talk to the world, around a core that decides.

pub mod bundle;
