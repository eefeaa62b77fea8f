//! The name that a person goes by in a call.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The longest name, in characters.
pub const MAX_NAME: usize = 64;

/// A name fit to be shown: at most 64 characters, one line, nothing invisible that reorders the
/// text around it.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct PersonName(String);

impl PersonName {
    /// What of `text` can be shown as a name; it may be nothing.
    pub fn new(text: &str) -> Self {
        let mut name = String::new();
        for c in text
            .chars()
            .filter(|c| is_shown(*c))
            .skip_while(|c| c.is_whitespace())
            .take(MAX_NAME)
        {
            name.push(c);
        }
        name.truncate(name.trim_end().len());
        Self(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, and those that change the direction of what follows, are not.
fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl From<&str> for PersonName {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name is personal data: it does not belong in a log.
impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

impl Serialize for PersonName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PersonName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_invisible_characters() {
        assert_eq!(
            PersonName::new("  Léa\n\u{202e}Dupont\0 ").as_str(),
            "LéaDupont"
        );
        assert_eq!(PersonName::new("Zoë 🎉").as_str(), "Zoë 🎉");
    }

    #[test]
    fn a_name_ends_after_64_characters() {
        let name: PersonName = serde_json::from_str(&format!("\"{}\"", "é".repeat(1000))).unwrap();
        assert_eq!(name.as_str().chars().count(), MAX_NAME);
    }
}
