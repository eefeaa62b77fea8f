//! The invite: a server and a secret, as a link or as a code to read aloud.

use crate::keys::RoomKeys;
use crate::secret::InviteSecret;
use crate::server_url::ServerUrl;
use crate::{PROTOCOL_VERSION, crockford};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// Characters of a code, dashes not counted.
pub const CODE_LENGTH: usize = 32;

/// Bytes of the check at the end of a code: a mistyped one passes once in 16 million.
const CHECK: usize = 3;

/// The longest text that is looked at, in bytes. An invite with the longest host there is has about
/// 320.
const MAX_TEXT: usize = 2048;

/// A way into a room.
///
/// `Debug` and `Display` show the server and not the secret; [`Invite::link`] and [`Invite::code`]
/// are the ones that do.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// Where the room is.
    pub server: ServerUrl,
    /// From which everything else is derived.
    pub secret: InviteSecret,
}

/// What is wrong with an invite, found without asking anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// There is no text.
    #[error("there is no invite")]
    Empty,
    /// A code, but nothing says of which server.
    #[error("the invite does not say which server it is for")]
    NoServer,
    /// The code stops early.
    #[error("the invite has only {have} of {need} characters")]
    Incomplete {
        /// Characters there are.
        have: usize,
        /// Characters there should be.
        need: usize,
    },
    /// A character that no code has, one too many, or a check that does not match.
    #[error("the invite has a typing mistake")]
    Mistyped,
    /// A correct code, made by a later (or an earlier) Visio.
    #[error("the invite is from version {theirs} of Visio's invites")]
    OtherVersion {
        /// The version that made it.
        theirs: u8,
    },
}

impl Invite {
    /// A new room's invite.
    pub fn generate(server: ServerUrl) -> Self {
        Self {
            server,
            secret: InviteSecret::random(),
        }
    }

    /// Reads `https://HOST/j#CODE`, `visio://HOST/j#CODE` or `HOST CODE`, however carelessly typed.
    ///
    /// # Errors
    /// [`InviteError`] says what to tell the person who typed it.
    pub fn parse(text: &str) -> Result<Self, InviteError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InviteError::Empty);
        }
        if text.len() > MAX_TEXT {
            return Err(InviteError::Mistyped);
        }
        if let Some((address, code)) = text.split_once('#') {
            let server = server_of_link(address)?;
            let secret = read_code(code)?;
            return Ok(Self { server, secret });
        }
        if text.contains("://") {
            // A link that lost everything after its `#`, as some messengers do.
            server_of_link(text)?;
            return Err(InviteError::Incomplete {
                have: 0,
                need: CODE_LENGTH,
            });
        }
        let (host, code) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        if !looks_like_a_host(host) {
            return Err(match read_code(text) {
                Ok(_) => InviteError::NoServer,
                Err(error) => error,
            });
        }
        let server = host.parse().map_err(|_| InviteError::NoServer)?;
        let secret = read_code(code)?;
        Ok(Self { server, secret })
    }

    /// The code: 32 characters in groups of four.
    pub fn code(&self) -> String {
        let mut bytes = Zeroizing::new([0; 1 + 16 + CHECK]);
        bytes[0] = PROTOCOL_VERSION;
        bytes[1..17].copy_from_slice(self.secret.as_bytes());
        let check = check(&bytes[..17]);
        bytes[17..].copy_from_slice(&check);
        crockford::encode(&bytes[..])
    }

    /// The link to send: `https://HOST/j#CODE`.
    pub fn link(&self) -> String {
        format!("{}/j#{}", self.server, self.code())
    }

    /// The link that opens the app: `visio://HOST/j#CODE`.
    pub fn app_link(&self) -> String {
        // Only where it is not what the form means by itself.
        let query = match (self.server.is_secure(), self.server.is_near()) {
            (false, false) => "?plain",
            (true, true) => "?tls",
            _ => "",
        };
        format!(
            "visio://{}/j{query}#{}",
            self.server.authority(),
            self.code()
        )
    }

    /// What is derived from the secret.
    pub fn keys(&self) -> RoomKeys {
        RoomKeys::derive(&self.secret)
    }
}

/// The server of a link without its `#CODE`.
fn server_of_link(address: &str) -> Result<ServerUrl, InviteError> {
    // People paste a link with the words around it: "join me at https://…".
    let start = address.find("://").ok_or(InviteError::NoServer)?;
    let scheme_start = address[..start]
        .rfind(|c: char| !c.is_ascii_alphanumeric())
        .map_or(0, |place| {
            place + address[place..].chars().next().map_or(1, char::len_utf8)
        });
    let scheme = address[scheme_start..start].to_ascii_lowercase();
    let rest = &address[start + 3..];
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let secure = match scheme.as_str() {
        "https" => Some(true),
        "http" => Some(false),
        "visio" if path.contains("?plain") => Some(false),
        "visio" if path.contains("?tls") => Some(true),
        "visio" => None,
        _ => return Err(InviteError::NoServer),
    };
    ServerUrl::from_parts(secure, authority).map_err(|_| InviteError::NoServer)
}

/// Whether the first word is a server rather than the first group of a code, which has neither dot
/// nor colon.
fn looks_like_a_host(word: &str) -> bool {
    word.contains(['.', ':']) || word.eq_ignore_ascii_case("localhost")
}

fn read_code(text: &str) -> Result<InviteSecret, InviteError> {
    // What a sentence leaves behind a pasted code.
    let text = text.trim_end_matches(['.', ',', ';', ')', '>', '"', '\'', '»', '”', '!', '?', ' ']);
    let values = Zeroizing::new(crockford::read(text).ok_or(InviteError::Mistyped)?);
    let have = values.len();
    let bytes = Zeroizing::new(crockford::pack(&values));
    let body = bytes.len().saturating_sub(CHECK);
    if body > 1 && have.is_multiple_of(8) && bytes[body..] == check(&bytes[..body]) {
        // Somebody meant this code exactly so, whatever its length.
        return match <[u8; 17]>::try_from(&bytes[..body]) {
            Ok(known) if known[0] == PROTOCOL_VERSION => {
                let mut secret = [0; 16];
                secret.copy_from_slice(&known[1..]);
                Ok(InviteSecret::from_bytes(secret))
            }
            _ if bytes[0] != PROTOCOL_VERSION => {
                Err(InviteError::OtherVersion { theirs: bytes[0] })
            }
            _ => Err(InviteError::Mistyped),
        };
    }
    if have < CODE_LENGTH {
        Err(InviteError::Incomplete {
            have,
            need: CODE_LENGTH,
        })
    } else {
        Err(InviteError::Mistyped)
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let digest = Sha256::digest(bytes);
    [digest[0], digest[1], digest[2]]
}

impl FromStr for Invite {
    type Err = InviteError;

    fn from_str(text: &str) -> Result<Self, InviteError> {
        Self::parse(text)
    }
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an invite to {}", self.server.authority())
    }
}

impl fmt::Debug for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invite({}, …)", self.server)
    }
}

#[cfg(test)]
#[path = "invite_tests.rs"]
mod tests;
