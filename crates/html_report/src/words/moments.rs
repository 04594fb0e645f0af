//! Moments, as far as people care.

/// `2026-11-28T21:09:23.5+00:00` to the minute; another text as it is.
pub fn minute(moment: &str) -> String {
    let (Some(date), Some(time)) = (moment.get(..10), moment.get(11..16)) else {
        return moment.to_owned();
    };
    if moment.as_bytes().get(10) != Some(&b'T') {
        return moment.to_owned();
    }
    let rest = &moment[16..];
    let zone = rest.find(['+', '-', 'Z']).map_or("", |start| &rest[start..]);
    let zone = match zone {
        "+00:00" | "Z" => " UTC".to_owned(),
        "" => String::new(),
        other => format!(" UTC{other}"),
    };
    format!("{date} {time}{zone}")
}

/// The same of a moment that may be unknown.
pub fn minute_or_dash(moment: Option<&str>) -> String {
    moment.map_or_else(|| "–".to_owned(), minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_the_minute_and_with_its_zone() {
        assert_eq!(minute("2026-11-28T21:09:23.512345+00:00"), "2026-11-28 21:09 UTC");
        assert_eq!(minute("2026-11-28T21:09:23-03:30"), "2026-11-28 21:09 UTC-03:30");
        assert_eq!(minute("infinity"), "infinity");
    }
}
