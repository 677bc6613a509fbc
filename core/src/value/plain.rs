//! STUB plain
