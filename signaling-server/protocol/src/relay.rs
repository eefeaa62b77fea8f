//! What a client needs to use a relay: where it is, and credentials for a time.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// URLs in one answer, at most: every way (UDP, TCP, TLS) to two relays, for both families.
pub const MAX_URLS: usize = 16;

/// The longest URL, in bytes.
pub const MAX_URL: usize = 256;

/// The longest username, in bytes: what STUN allows (RFC 8489, section 14.3).
pub const MAX_USERNAME: usize = 508;

/// The longest password, in bytes. A relay's own have 28.
pub const MAX_PASSWORD: usize = 256;

/// Where relays are, and credentials for them that are good for a time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayAccess {
    /// Where: `stun:`, `turn:` and `turns:` URLs (RFC 7064, RFC 7065), the best way first. A client
    /// passes over those that it does not understand.
    #[serde(deserialize_with = "bounded_urls")]
    pub urls: Vec<String>,
    /// Who to say one is.
    #[serde(deserialize_with = "bounded_text::<_, MAX_USERNAME>")]
    pub username: String,
    /// The password of that name.
    #[serde(deserialize_with = "bounded_text::<_, MAX_PASSWORD>")]
    pub password: String,
    /// For how many seconds from now they are good. What was begun with them goes on for longer.
    pub seconds: u64,
}

impl fmt::Debug for RelayAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayAccess")
            .field("urls", &self.urls)
            .field("seconds", &self.seconds)
            .finish_non_exhaustive()
    }
}

/// No more URLs than there can be, and none longer.
pub(crate) fn bounded_urls<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let urls = Vec::<String>::deserialize(deserializer)?;
    if urls.len() <= MAX_URLS && urls.iter().all(|url| url.len() <= MAX_URL) {
        Ok(urls)
    } else {
        Err(serde::de::Error::custom(
            "the URLs are too many or too long",
        ))
    }
}

fn bounded_text<'de, D: Deserializer<'de>, const MOST: usize>(
    deserializer: D,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() <= MOST {
        Ok(text)
    } else {
        Err(serde::de::Error::custom("the text is too long"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> RelayAccess {
        RelayAccess {
            urls: vec!["turn:203.0.113.1:3478?transport=udp".to_owned()],
            username: "1700000000:anna".to_owned(),
            password: "c2VjcmV0".to_owned(),
            seconds: 600,
        }
    }

    #[test]
    fn it_is_written_as_the_protocol_says() {
        let json = serde_json::to_string(&access()).unwrap();
        assert_eq!(
            json,
            r#"{"urls":["turn:203.0.113.1:3478?transport=udp"],"username":"1700000000:anna","password":"c2VjcmV0","seconds":600}"#
        );
        assert_eq!(
            serde_json::from_str::<RelayAccess>(&json).unwrap(),
            access()
        );
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        let read = |access: RelayAccess| {
            serde_json::from_str::<RelayAccess>(&serde_json::to_string(&access).unwrap())
        };
        let url = || "u".repeat(MAX_URL);
        let longest = RelayAccess {
            urls: vec![url(); MAX_URLS],
            username: "n".repeat(MAX_USERNAME),
            password: "p".repeat(MAX_PASSWORD),
            seconds: u64::MAX,
        };
        assert!(read(longest.clone()).is_ok());
        for change in [
            |it: &mut RelayAccess| it.urls.push(String::new()),
            |it: &mut RelayAccess| it.urls[0].push('u'),
            |it: &mut RelayAccess| it.username.push('n'),
            |it: &mut RelayAccess| it.password.push('p'),
        ] {
            let mut longer = longest.clone();
            change(&mut longer);
            assert!(read(longer).is_err());
        }
    }

    #[test]
    fn neither_the_name_nor_the_password_shows_itself() {
        let shown = format!("{:?}", access());
        assert!(
            !shown.contains("anna") && !shown.contains("c2VjcmV0"),
            "{shown}"
        );
    }
}
