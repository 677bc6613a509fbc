//! How many files the system lets this process hold open at once. What it begins with is often 1024 for the sake of very old programs,
//! and as many more as are wanted may be asked for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than any night needs.
const MANY: u64 = 1 << 16;

/// Asks for as many as the system gives without being asked by an administrator. Where it gives none, things stay as they are.
pub fn raise() {
    let now = getrlimit(Resource::Nofile);
    let Some(current) = now.current else { return };
    let wanted = now.maximum.unwrap_or(MANY).min(MANY);
    if wanted > current {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum });
    }
}

/// How many there may be.
pub fn limit() -> usize {
    getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{limit, raise};

    #[test]
    fn what_is_asked_for_is_given_as_far_as_the_system_goes() {
        let before = limit();
        raise();
        let most = super::getrlimit(super::Resource::Nofile).maximum.unwrap_or(super::MANY);
        assert!(limit() >= before && limit() as u64 >= most.min(super::MANY));
    }
}
