//! Receipts: what recipients answer, taken line by line, each answer in the ledger.
//!
//! A form is taken as far as it reads: a line that answers nothing that was asked, or that nobody who may has answered, is
//! refused alone and told by its place. The same form taken twice says nothing new. A partner may sign its form with a key of
//! its own, which makes its answers stronger; a signature that does not count makes the whole form count for nothing.

mod form;
mod overdue;
pub mod review;
mod take;

pub use form::{MOST, read as read_form};
pub use overdue::{Standing, overdue, standings};
pub use take::{Form, Outcome, look_over, take};
