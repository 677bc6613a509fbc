//! STUB postcode
