//! Who is who among the records of many sources: how alike two records are, and which are one person.
pub mod birth;
pub mod block;
pub mod card;
mod clean;
pub mod cluster;
pub mod compare;
pub mod facts;
pub mod field;
pub mod guard;
pub mod math;
pub mod model;
pub mod nickname;
pub mod text;
pub mod train;
pub mod words;
