//! Receipts: what recipients answer, taken line by line, each answer in the ledger.
//!
//! A form is taken as far as it reads: a line that answers nothing that was asked, or that nobody who may has answered, is
//! refused alone and told by its place. The same form taken twice says nothing new.

mod form;
mod overdue;
mod take;

pub use form::{MOST, read as read_form};
pub use overdue::{Standing, overdue, standings};
pub use take::{Outcome, look_over, take};
