//! `[check]`: when a file is held.

use super::syntax::OptionValue;
use alloc::string::String;

/// The limits of a feed's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// Refused rows above which the file is held.
    pub error_budget: Budget,
    /// How far a snapshot may shrink against the last accepted one.
    pub shrink: Budget,
    /// What a file without rows means.
    pub empty: EmptyRule,
    /// Whether the source declares a trailer with the row count.
    pub trailer: bool,
}

/// What a file without rows means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyRule {
    /// Something is wrong: the file is held.
    Held,
    /// Nothing happened that day: the file is accepted.
    Accepted,
}

/// A share of all rows, or a number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Hundredths of a per cent.
    Share(u32),
    /// Rows.
    Count(u64),
}

impl Budget {
    /// Reads `"5%"`, `"0.5%"` or a whole number of rows; a share above 100 % is refused.
    pub(crate) fn parse(value: &OptionValue) -> Option<Self> {
        match value {
            OptionValue::Whole(count) => u64::try_from(*count).ok().map(Self::Count),
            OptionValue::Text(text) => match text.trim().strip_suffix('%') {
                Some(share) => share_of(share.trim_end()).map(Self::Share),
                None => text.trim().parse().ok().map(Self::Count),
            },
            _ => None,
        }
    }

    /// Whether `part` of `whole` rows is more than this.
    pub fn exceeded(self, part: u64, whole: u64) -> bool {
        match self {
            Self::Share(share) => u128::from(part) * 10_000 > u128::from(share) * u128::from(whole),
            Self::Count(count) => part > count,
        }
    }

    /// As the configuration writes it.
    pub fn words(self) -> String {
        match self {
            Self::Share(share) if share % 100 == 0 => alloc::format!("{}%", share / 100),
            Self::Share(share) => alloc::format!("{}.{:02}%", share / 100, share % 100),
            Self::Count(count) => alloc::format!("{count} rows"),
        }
    }
}

fn share_of(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.len() > 2 || ![whole, part].iter().all(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))
    {
        return None;
    }
    let tenths: u32 = part.parse().ok()?;
    let hundredths = if part.len() == 1 { tenths * 10 } else { tenths };
    let share = whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(hundredths)?;
    (share <= 10_000).then_some(share)
}

impl Default for Checks {
    /// 5 % refused rows, 30 % shrink, an empty file is held, no trailer.
    fn default() -> Self {
        let (error_budget, shrink) = (Budget::Share(500), Budget::Share(3000));
        Self { error_budget, shrink, empty: EmptyRule::Held, trailer: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<Budget> {
        Budget::parse(&OptionValue::Text(text.into()))
    }

    #[test]
    fn budgets_read_as_share_or_count() {
        assert_eq!(text("5%"), Some(Budget::Share(500)));
        assert_eq!(text("0.5 %"), Some(Budget::Share(50)));
        assert_eq!(text("0.05%"), Some(Budget::Share(5)));
        assert_eq!(text("12"), Some(Budget::Count(12)));
        assert_eq!(Budget::parse(&OptionValue::Whole(3)), Some(Budget::Count(3)));
        for bad in ["101%", "-1%", "5,5%", "%", ".5%", "some", "1e2%", "+5%"] {
            assert_eq!(text(bad), None, "{bad}");
        }
        assert_eq!(Budget::parse(&OptionValue::Whole(-1)), None);
    }

    #[test]
    fn a_budget_is_exceeded_only_above_it() {
        assert!(!Budget::Share(500).exceeded(5, 100));
        assert!(Budget::Share(500).exceeded(6, 100));
        assert!(!Budget::Count(0).exceeded(0, 0));
        assert!(Budget::Count(0).exceeded(1, 1_000_000));
        assert!(!Budget::Share(10_000).exceeded(u64::MAX, u64::MAX));
    }

    #[test]
    fn a_budget_says_itself() {
        assert_eq!(Budget::Share(500).words(), "5%");
        assert_eq!(Budget::Share(5).words(), "0.05%");
        assert_eq!(Budget::Count(7).words(), "7 rows");
    }
}
