//! What somebody wrote, fit to be shown.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The longest message, in characters.
pub const MAX_CHAT_TEXT: usize = 2000;

/// Line breaks in a row: more would only push what others wrote out of sight.
const MAX_BREAKS: usize = 2;

/// A text fit to be shown: at most 2,000 characters, several lines, nothing that controls a terminal or
/// changes the direction of what follows it.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct ChatText(String);

impl ChatText {
    /// What of `text` can be shown; it may be nothing. What is clean stays as it is.
    pub fn new(text: &str) -> Self {
        let mut clean = String::with_capacity(text.len().min(4 * MAX_CHAT_TEXT));
        let (mut characters, mut breaks, mut after_return) = (0, 0, false);
        for c in text.chars() {
            let shown = match c {
                '\n' if after_return => None,
                '\r' | '\n' | '\u{2028}' | '\u{2029}' => Some('\n'),
                '\t' => Some(' '),
                c => Some(c).filter(|c| is_shown(*c)),
            };
            after_return = c == '\r';
            let Some(c) = shown else { continue };
            // Nothing is shown before the first character that can be seen.
            if clean.is_empty() && c.is_whitespace() {
                continue;
            }
            breaks = if c == '\n' { breaks + 1 } else { 0 };
            if breaks > MAX_BREAKS {
                continue;
            }
            if characters == MAX_CHAT_TEXT {
                break;
            }
            clean.push(c);
            characters += 1;
        }
        clean.truncate(clean.trim_end().len());
        Self(clean)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left to be shown.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Control characters, and those that begin or end another direction, are not. The marks that only say in which direction a single
/// character belongs are: Arabic and Hebrew need them.
fn is_shown(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl From<&str> for ChatText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for ChatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What people write to one another does not belong in a log.
impl fmt::Debug for ChatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChatText(…)")
    }
}

impl Serialize for ChatText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ChatText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Cow<'de, str>>::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        ChatText::new(text).to_string()
    }

    #[test]
    fn several_lines_stay_and_what_controls_a_terminal_or_a_direction_goes() {
        assert_eq!(clean("Hello,\r\nLéa 🎉"), "Hello,\nLéa 🎉");
        assert_eq!(clean("\u{1b}[31mred\u{7}"), "[31mred");
        assert_eq!(clean("pay \u{202e}moc.evil\u{2066}"), "pay moc.evil");
        assert_eq!(clean("a\tb"), "a b");
        assert_eq!(clean("שלום\u{200f}!"), "שלום\u{200f}!");
    }

    #[test]
    fn a_wall_of_empty_lines_is_two_breaks() {
        assert_eq!(clean(&format!("a{}b", "\n".repeat(1_000))), "a\n\nb");
        assert_eq!(clean(" \n\u{a0}\u{3000}"), "");
    }

    #[test]
    fn a_text_ends_after_2000_characters() {
        let long = clean(&"é".repeat(5_000));
        assert_eq!(long.chars().count(), MAX_CHAT_TEXT);
        let cut_in_space = clean(&format!("{}   b", "a".repeat(MAX_CHAT_TEXT - 1)));
        assert_eq!(cut_in_space, "a".repeat(MAX_CHAT_TEXT - 1));
    }

    #[test]
    fn what_is_clean_stays_as_it_is() {
        for text in [
            "a\n\nb",
            "\r\n a\r\r\n b \u{2028}c",
            "a \n\n\n b",
            "\u{feff}x",
        ] {
            let once = ChatText::new(text);
            assert_eq!(ChatText::new(once.as_str()), once, "{text:?}");
        }
    }

    #[test]
    fn a_text_does_not_show_itself_in_a_log() {
        assert_eq!(format!("{:?}", ChatText::new("secret")), "ChatText(…)");
    }
}
