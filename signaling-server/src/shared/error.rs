//! What is wrong with Redis, and what to do about it.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// The oldest Redis that is enough: it forgets entries by their age (XTRIM MINID).
pub(super) const OLDEST: (u32, u32) = (6, 2);

/// Why rooms can't be shared.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SharedError {
    /// Nothing answers.
    #[error("Redis at {place} can't be reached ({reason}): start it, or correct --redis")]
    Unreachable {
        /// Where.
        place: String,
        /// What happened.
        reason: String,
    },
    /// It lets nobody in like that.
    #[error("Redis at {place} does not take this user and password: correct them in --redis")]
    Password {
        /// Where.
        place: String,
    },
    /// It lacks what is needed.
    #[error("Redis at {place} is version {theirs}: {}.{} or later is needed", OLDEST.0, OLDEST.1)]
    TooOld {
        /// Where.
        place: String,
        /// Its version.
        theirs: String,
    },
    /// It takes no changes.
    #[error("Redis at {place} only copies another one: name that one in --redis")]
    Copy {
        /// Where.
        place: String,
    },
    /// It has no memory left.
    #[error(
        "Redis at {place} has no memory left (maxmemory): give it more, and forbid it to throw anything away (maxmemory-policy noeviction)"
    )]
    Full {
        /// Where.
        place: String,
    },
    /// Something else.
    #[error("Redis at {place} does not do what is asked of it: {reason}")]
    Refused {
        /// Where.
        place: String,
        /// What it says.
        reason: String,
    },
}

impl SharedError {
    /// What an error of the client library means.
    pub(super) fn of(place: &str, error: &RedisError) -> Self {
        let place = place.to_owned();
        match (error.kind(), error.code()) {
            (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
                Self::Password { place }
            }
            (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => Self::Copy { place },
            (_, Some("OOM")) => Self::Full { place },
            (ErrorKind::Io, _) => Self::Unreachable {
                place,
                reason: error.to_string(),
            },
            _ => Self::Refused {
                place,
                reason: error.to_string(),
            },
        }
    }

    /// It takes too long.
    pub(super) fn slow(place: &str) -> Self {
        Self::Unreachable {
            place: place.to_owned(),
            reason: "it takes too long to answer".to_owned(),
        }
    }
}

/// The version in what `INFO server` says, if it is too old.
pub(super) fn too_old(info: &str) -> Option<String> {
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"))?;
    let version = line.trim();
    let mut numbers = version
        .split('.')
        .map(|number| number.parse::<u32>().unwrap_or(0));
    let theirs = (numbers.next()?, numbers.next().unwrap_or(0));
    (theirs < OLDEST).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_lacks_something_is_found() {
        let info = |version| format!("# Server\r\nredis_version:{version}\r\nos:Linux\r\n");
        for (version, old) in [
            ("6.0.16", true),
            ("5.0.14", true),
            ("6.2.0", false),
            ("7.0.15", false),
            ("10.0", false),
        ] {
            assert_eq!(too_old(&info(version)).is_some(), old, "{version}");
        }
        // One that does not say its version is tried.
        assert_eq!(too_old("# Server\r\n"), None);
    }

    #[test]
    fn an_error_is_one_that_somebody_can_do_something_about() {
        let of = |kind, text: &str| {
            SharedError::of("a:1", &RedisError::from((kind, "it said", text.to_owned())))
                .to_string()
        };
        assert!(of(ErrorKind::AuthenticationFailed, "").contains("user and password"));
        assert!(of(ErrorKind::Io, "refused").contains("can't be reached"));
        assert!(of(ErrorKind::Server(ServerErrorKind::ReadOnly), "").contains("copies another"));
        assert!(of(ErrorKind::Client, "why").contains("why"));
    }
}
