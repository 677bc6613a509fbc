//! STUB date
