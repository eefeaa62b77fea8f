//! The user's words: the same files as the window's, so that a thing is said in one way only.

use serde_json::Value;
use visio_engine::call::Trouble;

const ENGLISH: &str = include_str!("../../../../../ui/i18n/en.json");
const FRENCH: &str = include_str!("../../../../../ui/i18n/fr.json");

/// All words of one language.
pub struct Words {
    words: Value,
}

impl Words {
    /// The system's language when there are words for it, else English.
    pub fn of_the_system() -> Self {
        let locale = sys_locale::get_locale().unwrap_or_default();
        Self::of(if locale.to_lowercase().starts_with("fr") {
            FRENCH
        } else {
            ENGLISH
        })
    }

    fn of(file: &str) -> Self {
        Self {
            words: serde_json::from_str(file).unwrap_or_default(),
        }
    }

    /// The sentence of a key such as `cli.left`, with `{name}` and the like filled in. The key itself where there is no sentence.
    pub fn say(&self, key: &str, fill: &[(&str, &str)]) -> String {
        let Some(sentence) = self.words.get(key).and_then(Value::as_str) else {
            return key.to_owned();
        };
        fill.iter()
            .fold(sentence.to_owned(), |sentence, (name, value)| {
                sentence.replace(&format!("{{{name}}}"), value)
            })
    }

    /// The key of what is to be said on this system: some words have others for it, where something else helps.
    pub fn here(&self, key: &str) -> String {
        let own = format!("{key}.{}", std::env::consts::OS);
        if self.words.get(&own).is_some() {
            own
        } else {
            key.to_owned()
        }
    }

    /// What is wrong and what to do.
    pub fn trouble(&self, trouble: &Trouble) -> String {
        let fields = serde_json::to_value(trouble).unwrap_or_default();
        let fill: Vec<(String, String)> = fields
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                (
                    name.clone(),
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned),
                )
            })
            .collect();
        let fill: Vec<(&str, &str)> = fill
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.say(&format!("trouble.{}", trouble.kind()), &fill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_may_have_words_of_its_own() {
        let own = format!(
            r#"{{"a": "x", "a.{}": "y", "b": "z"}}"#,
            std::env::consts::OS
        );
        let words = Words::of(&own);
        let said = |key| words.say(&words.here(key), &[]);
        assert_eq!((said("a"), said("b")), ("y".into(), "z".into()));
    }

    #[test]
    fn every_trouble_has_words_in_both_languages() {
        let server = || "call.example.org".to_owned();
        for trouble in [
            Trouble::InviteEmpty,
            Trouble::InviteMistyped,
            Trouble::InviteIncomplete { have: 20, need: 32 },
            Trouble::InviteNoServer,
            Trouble::InviteOtherVersion,
            Trouble::ServerAddress,
            Trouble::Offline,
            Trouble::ServerUnreachable { server: server() },
            Trouble::HostUnreachable { server: server() },
            Trouble::ServerLost { server: server() },
            Trouble::NotAVisioServer { server: server() },
            Trouble::OtherVersion { server: server() },
            Trouble::WrongClock {
                server: server(),
                minutes: 12,
            },
            Trouble::RoomGone,
            Trouble::RoomFull,
            Trouble::HostCodeWrong,
            Trouble::ServerCertificate { server: server() },
            Trouble::ServerTrouble { server: server() },
            Trouble::ServerBusy { server: server() },
            Trouble::Tampering { server: server() },
            Trouble::Internal { detail: "x".into() },
        ] {
            for file in [ENGLISH, FRENCH] {
                let sentence = Words::of(file).trouble(&trouble);
                assert!(
                    sentence.contains(' ') && !sentence.contains('{'),
                    "{}: {sentence}",
                    trouble.kind()
                );
            }
        }
    }
}
