//! Numbers with as many digits as their standard errors deserve.

/// Digits behind the point where nothing says how sure a number is.
const DIGITS: usize = 2;
/// No more than these, however small the standard error.
const MOST_DIGITS: usize = 4;

/// How many digits behind the point a number with this standard error deserves.
///
/// # Source
/// Particle Data Group, Review of Particle Physics, introduction, section 5.3: the error's three
/// highest digits from 100 to 354 are rounded to two, from 355 to 949 to one, from 950 to 1000, and
/// two are kept.
pub fn digits(standard_error: f64) -> usize {
    if !standard_error.is_finite() || standard_error <= 0.0 {
        return DIGITS;
    }
    let exponent = standard_error.log10().floor();
    let three = (standard_error / 10f64.powf(exponent - 2.0)).round();
    // Place of the first digit behind the point is 1.
    let first = -exponent;
    let wanted = if three < 355.0 {
        first + 1.0
    } else if three < 950.0 {
        first
    } else {
        first.max(1.0)
    };
    (wanted.max(0.0) as usize).min(MOST_DIGITS)
}

/// A number with so many digits behind the point, and a true minus.
pub fn fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|byte| matches!(byte, b'0' | b'.')) => zero.to_owned(),
        Some(positive) => format!("−{positive}"),
        None => text,
    }
}

/// A number as sure as its standard error; `–` where there is none.
pub fn sure(value: Option<f64>, standard_error: Option<f64>) -> String {
    value
        .map_or_else(|| "–".to_owned(), |value| fixed(value, standard_error.map_or(DIGITS, digits)))
}

/// The same, with its sign.
pub fn signed(value: f64, standard_error: Option<f64>) -> String {
    let text = fixed(value, standard_error.map_or(DIGITS, digits));
    if value > 0.0 { format!("+{text}") } else { text }
}

/// A number and its standard error.
pub fn with_error(value: Option<f64>, standard_error: Option<f64>) -> String {
    match (value, standard_error) {
        (Some(_), Some(error)) => {
            format!("{} ± {}", sure(value, standard_error), fixed(error, digits(error)))
        }
        _ => sure(value, None),
    }
}

/// A share in percent.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    format!("{} %", fixed(percent, usize::from(percent.abs() < 9.95 && percent != 0.0)))
}

/// A count, with its thousands apart.
pub fn count(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = if count < 0 { "−".to_owned() } else { String::new() };
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count that may be unknown.
pub fn count_or_dash(found: Option<i64>) -> String {
    found.map_or_else(|| "–".to_owned(), count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_standard_error() {
        let shown = |value, error| with_error(Some(value), Some(error));
        assert_eq!(shown(-1.8470, 0.2431), "−1.85 ± 0.24");
        assert_eq!(shown(0.7831, 0.0951), "0.78 ± 0.10");
        assert_eq!(shown(0.7831, 0.0361), "0.78 ± 0.04");
        assert_eq!(shown(0.78314, 0.0121), "0.783 ± 0.012");
        assert_eq!(shown(-12.34, 3.21), "−12.3 ± 3.2");
        assert_eq!(shown(-12.34, 47.0), "−12 ± 47");
        assert_eq!(sure(None, Some(0.1)), "–");
        assert_eq!(sure(Some(0.123_456), None), "0.12");
    }

    #[test]
    fn zero_has_no_sign_and_infinity_a_symbol() {
        assert_eq!(fixed(-0.0001, 2), "0.00");
        assert_eq!(fixed(f64::NEG_INFINITY, 2), "−∞");
        assert_eq!(signed(0.254, Some(0.1)), "+0.25");
        assert_eq!(percent(0.4), "40 %");
        assert_eq!(percent(0.051), "5.1 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(-999), "−999");
    }
}
