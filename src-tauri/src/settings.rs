//! What the app remembers between two starts.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest text that is kept of any one field, in bytes; an invite link has about a hundred.
const MAX_TEXT_BYTES: usize = 1024;

/// Invites that are kept, the first ones of the list.
const MAX_INVITES: usize = 50;

/// People remembered with an invite.
const MAX_WITH: usize = 20;

/// The settings, as the page reads and writes them. What a file lacks has its default, so that an older one stays good.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// The name that others see; empty at first.
    pub name: String,
    /// The language of the app.
    pub language: LanguageChoice,
    /// Light or dark.
    pub look: Look,
    /// The server that calls are started on.
    pub server: String,
    /// What that server's host gave, to start calls with. A secret.
    pub host_code: String,
    /// The camera: `default`, `none`, `device:ID` or `pattern`.
    pub camera: String,
    /// The microphone: `default`, `none` or `device:ID`.
    pub microphone: String,
    /// The speaker: `default`, `none` or `device:ID`.
    pub speaker: String,
    /// The noise around the microphone is made fainter.
    pub noise_suppression: bool,
    /// The microphone's sound is sent as music.
    pub music: bool,
    /// Invites used before, the latest first. Their links are secrets.
    pub invites: Vec<RememberedInvite>,
}

/// Which language the app speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum LanguageChoice {
    /// Whatever the system speaks.
    #[default]
    #[serde(rename = "system")]
    System,
    /// English.
    #[serde(rename = "en")]
    English,
    /// French.
    #[serde(rename = "fr")]
    French,
}

/// Which colours the app wears.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// Whatever the system wears.
    #[default]
    System,
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

/// An invite that was used.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RememberedInvite {
    /// The link. A secret.
    pub link: String,
    /// The name that the user gave it.
    pub label: String,
    /// When it was last used, in ISO 8601.
    pub last_used: String,
    /// Who was there.
    pub with: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            name: String::new(),
            language: LanguageChoice::default(),
            look: Look::default(),
            server: String::new(),
            host_code: String::new(),
            camera: "default".into(),
            microphone: "default".into(),
            speaker: "default".into(),
            noise_suppression: true,
            music: false,
            invites: Vec::new(),
        }
    }
}

impl Settings {
    /// The same, with nothing longer than the app would ever write.
    pub fn bounded(mut self) -> Settings {
        for text in [
            &mut self.name,
            &mut self.server,
            &mut self.host_code,
            &mut self.camera,
            &mut self.microphone,
            &mut self.speaker,
        ] {
            shorten(text);
        }
        self.invites.truncate(MAX_INVITES);
        for invite in &mut self.invites {
            for text in [&mut invite.link, &mut invite.label, &mut invite.last_used] {
                shorten(text);
            }
            invite.with.truncate(MAX_WITH);
            invite.with.iter_mut().for_each(shorten);
        }
        self
    }
}

fn shorten(text: &mut String) {
    if text.len() > MAX_TEXT_BYTES {
        let whole = (0..=MAX_TEXT_BYTES)
            .rev()
            .find(|&end| text.is_char_boundary(end));
        text.truncate(whole.unwrap_or_default());
    }
}

/// Says nothing of names, host codes and invites, which no log may hold.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("language", &self.language)
            .field("look", &self.look)
            .field("invites", &self.invites.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_reads_the_names_it_knows() {
        let settings = Settings {
            invites: vec![RememberedInvite::default()],
            ..Settings::default()
        };
        let json = serde_json::to_value(&settings).unwrap();
        for field in [
            "name",
            "language",
            "look",
            "server",
            "hostCode",
            "camera",
            "microphone",
            "speaker",
        ] {
            assert!(json[field].is_string(), "{field}");
        }
        assert_eq!(json["language"], "system");
        assert_eq!(json["noiseSuppression"], true);
        assert_eq!(json["music"], false);
        assert!(json["invites"][0]["lastUsed"].is_string());
    }

    #[test]
    fn an_older_file_stays_good() {
        let settings: Settings = serde_json::from_str(r#"{"name":"Léa","shoeSize":38}"#).unwrap();
        assert_eq!(
            settings,
            Settings {
                name: "Léa".into(),
                ..Settings::default()
            }
        );
    }

    #[test]
    fn nothing_grows_without_bound() {
        let invite = RememberedInvite {
            with: vec!["é".repeat(4000); 99],
            ..RememberedInvite::default()
        };
        let settings = Settings {
            name: "é".repeat(4000),
            invites: vec![invite; 99],
            ..Settings::default()
        }
        .bounded();
        assert_eq!(settings.name.len(), MAX_TEXT_BYTES);
        assert_eq!(settings.invites.len(), MAX_INVITES);
        assert_eq!(settings.invites[0].with.len(), MAX_WITH);
        assert_eq!(settings.invites[0].with[0].len(), MAX_TEXT_BYTES);
    }

    #[test]
    fn secrets_stay_out_of_the_logs() {
        let invite = RememberedInvite {
            link: "https://call.example.org/j#SECRET".into(),
            ..RememberedInvite::default()
        };
        let settings = Settings {
            host_code: "SECRET".into(),
            name: "SECRET".into(),
            invites: vec![invite],
            ..Settings::default()
        };
        assert!(!format!("{settings:?}").contains("SECRET"));
    }
}
