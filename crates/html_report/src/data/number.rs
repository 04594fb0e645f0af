//! Numbers of the server's JSON, which writes those that are not finite as words.

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrWord {
    Number(f64),
    Word(String),
}

impl NumberOrWord {
    fn value(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Word(word) => word.parse().ok(),
        }
    }
}

/// A number that may be missing or infinite; NaN is missing.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let found = Option::<NumberOrWord>::deserialize(deserializer)?;
    Ok(found.and_then(NumberOrWord::value).filter(|number| !number.is_nan()))
}

/// An array of numbers, where what is missing is NaN.
pub fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<f64>>, D::Error> {
    let found = Option::<Vec<Option<NumberOrWord>>>::deserialize(deserializer)?;
    let value = |number: Option<NumberOrWord>| number.and_then(NumberOrWord::value);
    Ok(found.map(|all| all.into_iter().map(|n| value(n).unwrap_or(f64::NAN)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "number")]
        value: Option<f64>,
    }

    #[test]
    fn what_is_not_finite_comes_as_a_word() {
        let read = |json: &str| serde_json::from_str::<Row>(json).expect(json).value;
        assert_eq!(read(r#"{"value": 0.25}"#), Some(0.25));
        assert_eq!(read(r#"{"value": "Infinity"}"#), Some(f64::INFINITY));
        assert_eq!(read(r#"{"value": "-Infinity"}"#), Some(f64::NEG_INFINITY));
        assert_eq!(read(r#"{"value": "NaN"}"#), None);
        assert_eq!(read(r#"{"value": null}"#), None);
        assert_eq!(read("{}"), None);
    }
}
