//! `Pii<T>`: a personal value that can be moved, but not looked at, outside this crate.

/// A personal value. There is no `Debug`, `Display`, `Serialize`, `Deref`, `Hash` or `Eq`: nothing
/// outside this crate can print, compare or open it, and the orphan rule keeps it so.
#[derive(Clone)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Wraps a value; anyone may.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Opens the value, for this crate only.
    pub(crate) const fn open(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_alone_opens_it() {
        assert_eq!(*Pii::new(7).clone().open(), 7);
    }
}
