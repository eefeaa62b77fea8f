//! Which of the app's languages a person reads.

use serde::Serialize;
use serde_json::Value;

const ENGLISH: &str = include_str!("../../ui/i18n/en.json");
const FRENCH: &str = include_str!("../../ui/i18n/fr.json");

/// The languages that every word of the app exists in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Language {
    /// English, also for whoever asks for a language that the app doesn't have.
    #[serde(rename = "en")]
    English,
    /// French.
    #[serde(rename = "fr")]
    French,
}

impl Language {
    /// The language that the system is set to.
    pub fn of_the_system() -> Language {
        Self::preferred(sys_locale::get_locales())
    }

    /// A sentence of the page's, for when there is no page to say it; the key itself where there is none.
    pub fn say(self, key: &str) -> String {
        let words: Value = serde_json::from_str(match self {
            Language::English => ENGLISH,
            Language::French => FRENCH,
        })
        .unwrap_or_default();
        words[key].as_str().unwrap_or(key).to_owned()
    }

    /// The first of a person's locales (`fr-CA`, `fr_FR.UTF-8`, `en`…), in their order of preference, that the app speaks.
    fn preferred(locales: impl IntoIterator<Item = String>) -> Language {
        locales
            .into_iter()
            .find_map(|locale| Self::of_locale(&locale))
            .unwrap_or(Language::English)
    }

    fn of_locale(locale: &str) -> Option<Language> {
        match locale
            .split(['-', '_', '.', '@'])
            .next()?
            .to_ascii_lowercase()
            .as_str()
        {
            "en" => Some(Language::English),
            "fr" => Some(Language::French),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(locales: &[&str]) -> Language {
        Language::preferred(locales.iter().map(|&locale| locale.to_owned()))
    }

    #[test]
    fn french_is_spoken_wherever_french_is_read() {
        for locale in ["fr", "fr-FR", "fr_CA.UTF-8", "FR-be", "fr_FR@euro"] {
            assert_eq!(preferred(&[locale]), Language::French, "{locale}");
        }
    }

    #[test]
    fn the_first_language_that_the_app_speaks_wins() {
        assert_eq!(preferred(&["de-DE", "fr-FR", "en-US"]), Language::French);
        assert_eq!(preferred(&["de-DE", "en-US", "fr-FR"]), Language::English);
    }

    #[test]
    fn what_is_said_without_a_window_has_words_in_both_languages() {
        let said =
            [Language::English, Language::French].map(|language| language.say("app.noDisplay"));
        assert!(said.iter().all(|sentence| sentence.contains("visio-cli")));
        assert_ne!(said[0], said[1]);
    }

    #[test]
    fn anything_else_is_answered_in_english() {
        for locales in [&[][..], &["C"], &["de-DE"], &["frr-DE"], &[""]] {
            assert_eq!(preferred(locales), Language::English, "{locales:?}");
        }
    }
}
