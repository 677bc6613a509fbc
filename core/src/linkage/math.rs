//! Logarithms and powers of two, by arithmetic alone: the core has no `std`, and the same file must give the same
//! weights on every machine.

/// A weight of evidence in hundredths of a bit: ten bits for are odds of a thousand to one.
pub type Weight = i32;

/// Hundredths in one bit.
pub const BIT: Weight = 100;

/// The binary logarithm of a positive number; of anything else a very small one.
pub fn log2(x: f64) -> f64 {
    if x.is_nan() || x < f64::MIN_POSITIVE {
        return -1022.0;
    }
    let bits = x.to_bits();
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0) - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    // ln m = 2 artanh((m - 1) / (m + 1)), which is short for m near one.
    let (mantissa, exponent) = if mantissa > core::f64::consts::SQRT_2 {
        (mantissa / 2.0, exponent + 1)
    } else {
        (mantissa, exponent)
    };
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let series = [1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];
    let sum = series.iter().fold(0.0, |sum, part| sum * square + part);
    f64::from(exponent) + 2.0 * t * sum * core::f64::consts::LOG2_E
}

/// Two to the power of a number.
pub fn exp2(x: f64) -> f64 {
    if x < -1000.0 {
        return 0.0;
    }
    let x = x.min(1000.0);
    let whole = floor(x);
    let rest = (x - f64::from(whole)) * core::f64::consts::LN_2;
    let power = (1..=16).rev().fold(1.0, |sum, n| 1.0 + sum * rest / f64::from(n));
    let scale = f64::from_bits(u64::try_from(whole + 1023).unwrap_or(0) << 52);
    power * scale
}

#[expect(clippy::cast_possible_truncation, reason = "the number lies between -1000 and 1000")]
fn floor(x: f64) -> i32 {
    let cut = x as i32;
    if f64::from(cut) > x { cut - 1 } else { cut }
}

/// Bits as a weight, rounded, within ten thousand bits.
#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
pub fn weight(bits: f64) -> Weight {
    let hundredths = (bits * 100.0).clamp(-1_000_000.0, 1_000_000.0);
    (if hundredths < 0.0 { hundredths - 0.5 } else { hundredths + 0.5 }) as Weight
}

/// A count as a number to reckon with.
pub fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The probability that stands behind a weight.
pub fn probability(weight: Weight) -> f64 {
    1.0 / (1.0 + exp2(-f64::from(weight) / 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_and_power_are_those_of_the_library() {
        for x in [1e-300, 1e-9, 0.001, 0.3, 0.5, 0.999, 1.0, 1.5, 2.0, 3.0, 1e6, 1e300] {
            assert!((log2(x) - std::primitive::f64::log2(x)).abs() < 1e-9, "{x}");
            assert!((exp2(log2(x)) / x - 1.0).abs() < 1e-9, "{x}");
        }
        assert!((exp2(-3.5) - 0.088_388_347_648).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_logarithm_counts_as_next_to_nothing() {
        for x in [0.0, -1.0, f64::NAN] {
            assert!(log2(x) < -1000.0);
        }
        assert!(exp2(-5000.0).abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn a_weight_is_rounded_to_the_hundredth() {
        assert_eq!([weight(1.004), weight(-1.006), weight(1e99)], [100, -101, 1_000_000]);
        assert!((probability(0) - 0.5).abs() < 1e-12);
    }
}
