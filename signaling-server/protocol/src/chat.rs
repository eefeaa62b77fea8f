//! What two connected people tell each other beside voice and picture: texts, reactions, raised hands.

use serde::{Deserialize, Serialize};

use crate::chat_text::ChatText;
use crate::clock_time::ClockTime;
use crate::control::present;
use crate::id::{MessageId, PersonId};
use crate::message::{MessageError, read_object};
use crate::name::PersonName;

/// The longest message, in bytes of JSON: a text of 2,000 characters of four bytes each, or a list of all ids.
pub const MAX_CHAT: usize = 16 * 1024;

/// The most messages that anybody keeps, and therefore names in one list.
pub const MAX_KEPT: usize = 300;

/// One message. Whatever is absent, it says nothing about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChatMessage {
    /// What I have, said first of all: tell me the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub know: Option<Vec<MessageId>>,
    /// These of yours have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got: Option<Vec<MessageId>>,
    /// I wrote this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub say: Option<Said>,
    /// Somebody else wrote this, as I heard it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
    /// How I feel about what is being said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub react: Option<Reaction>,
    /// Since when my hand is raised; `Some(None)`: it is not.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub hand: Option<Option<ClockTime>>,
}

/// A text by whoever sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Chosen by its author, at random.
    pub id: MessageId,
    /// When it was written: later than all that its author had read.
    pub at: ClockTime,
    /// What was written.
    pub text: ChatText,
}

/// A text by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Who wrote it.
    pub person: PersonId,
    /// As they called themselves then.
    pub name: PersonName,
    /// As its author chose it.
    pub id: MessageId,
    /// When it was written.
    pub at: ClockTime,
    /// What was written.
    pub text: ChatText,
}

/// A feeling that is shown for a few seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// 👍
    Like,
    /// 👎
    Dislike,
    /// ❤
    Love,
    /// 😄
    Laugh,
    /// 🎉
    Celebrate,
    /// 🙁
    Sad,
    /// One of a later version, to be ignored.
    #[serde(other)]
    Unknown,
}

impl ChatMessage {
    /// I have these; and my hand.
    pub fn know(ids: Vec<MessageId>, hand: Option<ClockTime>) -> Self {
        Self {
            know: Some(ids),
            hand: Some(hand),
            ..Self::default()
        }
    }

    /// These of yours have come.
    pub fn got(ids: Vec<MessageId>) -> Self {
        Self {
            got: Some(ids),
            ..Self::default()
        }
    }

    /// I wrote this.
    pub fn say(said: Said) -> Self {
        Self {
            say: Some(said),
            ..Self::default()
        }
    }

    /// Somebody else wrote this.
    pub fn told(told: Told) -> Self {
        Self {
            told: Some(told),
            ..Self::default()
        }
    }

    /// I feel like this.
    pub fn react(reaction: Reaction) -> Self {
        Self {
            react: Some(reaction),
            ..Self::default()
        }
    }

    /// My hand is raised since then, or is not.
    pub fn hand(since: Option<ClockTime>) -> Self {
        Self {
            hand: Some(since),
            ..Self::default()
        }
    }

    /// Reads one message.
    ///
    /// # Errors
    /// [`MessageError`], when it is too long or not a message.
    pub fn from_json(json: &[u8]) -> Result<Self, MessageError> {
        let message: Self = read_object(json, MAX_CHAT)?;
        let too_many = |ids: &Option<Vec<_>>| ids.as_ref().is_some_and(|ids| ids.len() > MAX_KEPT);
        if too_many(&message.know) || too_many(&message.got) {
            return Err(MessageError::TooLong);
        }
        let empty = message.say.as_ref().is_some_and(|it| it.text.is_empty())
            || message.told.as_ref().is_some_and(|it| it.text.is_empty());
        if empty {
            return Err(MessageError::Malformed);
        }
        Ok(message)
    }

    /// Writes one message.
    pub fn to_json(&self) -> Vec<u8> {
        // Nothing in it can fail to be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ChatMessage, MessageError> {
        ChatMessage::from_json(json.as_bytes())
    }

    fn id(n: u8) -> MessageId {
        MessageId::from_bytes([n; 16])
    }

    #[test]
    fn every_message_survives_being_written_and_read() {
        let at = ClockTime::from_millis(1_764_412_708_000);
        let (text, one) = (ChatText::from("Hello\nthere"), "01".repeat(16));
        let said = Said {
            id: id(1),
            at,
            text: text.clone(),
        };
        let told = Told {
            person: PersonId::from_bytes([2; 16]),
            name: "Léa".into(),
            id: id(1),
            at,
            text,
        };
        for (message, json) in [
            (
                ChatMessage::know(vec![id(1)], None),
                format!(r#"{{"know":["{one}"],"hand":null}}"#),
            ),
            (
                ChatMessage::got(vec![id(1)]),
                format!(r#"{{"got":["{one}"]}}"#),
            ),
            (
                ChatMessage::say(said),
                format!(r#"{{"say":{{"id":"{one}","at":1764412708000,"text":"Hello\nthere"}}}}"#),
            ),
            (
                ChatMessage::told(told),
                format!(
                    r#"{{"told":{{"person":"{}","name":"Léa","id":"{one}","at":1764412708000,"text":"Hello\nthere"}}}}"#,
                    "02".repeat(16)
                ),
            ),
            (
                ChatMessage::react(Reaction::Celebrate),
                r#"{"react":"celebrate"}"#.to_owned(),
            ),
            (
                ChatMessage::hand(Some(at)),
                r#"{"hand":1764412708000}"#.to_owned(),
            ),
            (ChatMessage::hand(None), r#"{"hand":null}"#.to_owned()),
        ] {
            assert_eq!(String::from_utf8(message.to_json()).unwrap(), json);
            assert_eq!(read(&json), Ok(message));
        }
    }

    #[test]
    fn the_longest_there_can_be_fits() {
        let said = Said {
            id: id(1),
            at: ClockTime::from_millis(u64::MAX),
            text: ChatText::new(&"😀".repeat(9_999)),
        };
        for message in [
            ChatMessage::say(said),
            ChatMessage::know(vec![id(1); MAX_KEPT], None),
        ] {
            assert_eq!(ChatMessage::from_json(&message.to_json()), Ok(message));
        }
        let many = ChatMessage::got(vec![id(1); MAX_KEPT + 1]);
        assert_eq!(
            ChatMessage::from_json(&many.to_json()),
            Err(MessageError::TooLong)
        );
    }

    #[test]
    fn what_a_later_version_adds_is_passed_over() {
        assert_eq!(read("{}"), Ok(ChatMessage::default()));
        assert_eq!(read(r#"{"typing":true}"#), Ok(ChatMessage::default()));
        let later = read(r#"{"react":"sparkle"}"#).unwrap();
        assert_eq!(later.react, Some(Reaction::Unknown));
    }

    #[test]
    fn a_foreign_text_is_cleaned_and_one_of_nothing_is_no_message() {
        let say = |text: &str| {
            let id = "01".repeat(16);
            read(&format!(
                r#"{{"say":{{"id":"{id}","at":1,"text":"{text}"}}}}"#
            ))
        };
        let said = say("a\\u202eb\\u0000").unwrap().say.unwrap();
        assert_eq!(said.text.as_str(), "ab");
        assert_eq!(say(" \\n "), Err(MessageError::Malformed));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for json in [
            "",
            "null",
            "[]",
            r#"{"know":"all"}"#,
            r#"{"know":["12"]}"#,
            r#"{"say":"hello"}"#,
            r#"{"say":{"text":"hello"}}"#,
            r#"{"hand":-1}"#,
            r#"{"hand":"up"}"#,
            r#"{"react":1}"#,
            "{}{}",
            "\u{0}",
        ] {
            assert_eq!(read(json), Err(MessageError::Malformed), "{json}");
        }
        let long = format!("{{{}}}", " ".repeat(MAX_CHAT));
        assert_eq!(read(&long), Err(MessageError::TooLong));
    }
}
