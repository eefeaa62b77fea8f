//! What the other side says over the control channel. Written by the connection's task, read ten times a second by the
//! session: however often somebody changes their mind, that is as often as it counts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use visio_protocol::Control;
use visio_protocol::control::{Limited, Video};

/// How tall somebody shows us who has not said so.
const UNSAID_ROWS: u32 = 720;

/// What one person has said.
pub(super) struct Heard {
    rows: Mutex<Option<u32>>,
    screen_rows: Mutex<Option<u32>>,
    paused: AtomicBool,
    screen_paused: AtomicBool,
    limited: Mutex<Limited>,
}

impl Default for Heard {
    fn default() -> Self {
        Self {
            rows: Mutex::new(Some(UNSAID_ROWS)),
            screen_rows: Mutex::new(None),
            paused: AtomicBool::new(false),
            screen_paused: AtomicBool::new(false),
            limited: Mutex::default(),
        }
    }
}

impl Heard {
    /// Takes one message in. What is none is ignored.
    pub fn message(&self, json: &[u8]) {
        match Control::from_json(json) {
            Ok(Control {
                show,
                video,
                screen,
                limited,
            }) => {
                let show = show.unwrap_or_default();
                for (said, rows) in [(show.camera, &self.rows), (show.screen, &self.screen_rows)] {
                    if let Some(said) = said {
                        *rows.lock().unwrap_or_else(PoisonError::into_inner) = said;
                    }
                }
                for (said, paused) in [(video, &self.paused), (screen, &self.screen_paused)] {
                    match said {
                        Some(Video::Paused) => paused.store(true, Ordering::Relaxed),
                        Some(Video::Flowing) => paused.store(false, Ordering::Relaxed),
                        Some(Video::Unknown) | None => {}
                    }
                }
                if let Some(limited) = limited {
                    *self.limited.lock().unwrap_or_else(PoisonError::into_inner) = limited;
                }
            }
            Err(error) => tracing::debug!(%error, bytes = json.len(), "no control message"),
        }
    }

    /// How tall they show our picture, in rows; none while they don't.
    pub fn rows(&self) -> Option<u32> {
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How tall they show the screen that we share, in rows; none while they don't.
    pub fn screen_rows(&self) -> Option<u32> {
        *self
            .screen_rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the screen that they share pauses.
    pub fn screen_paused(&self) -> bool {
        self.screen_paused.load(Ordering::Relaxed)
    }

    /// Whether their picture pauses.
    pub fn paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// What keeps their picture down, as far as they can tell.
    pub fn limited(&self) -> Limited {
        *self.limited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_counts_until_something_else_is_said() {
        let heard = Heard::default();
        assert_eq!((heard.rows(), heard.paused()), (Some(720), false));
        heard.message(br#"{"show":{"camera":180}}"#);
        heard.message(br#"{"video":"paused"}"#);
        heard.message(b"{}");
        heard.message(br#"{"show":{},"video":"later"}"#);
        assert_eq!((heard.rows(), heard.paused()), (Some(180), true));
        assert_eq!(heard.limited(), Limited::Nothing);
        heard.message(br#"{"limited":"uplink"}"#);
        assert_eq!(heard.limited(), Limited::Uplink);
        heard.message(br#"{"show":{"camera":null},"video":"flowing"}"#);
        assert_eq!((heard.rows(), heard.paused()), (None, false));
        assert_eq!(heard.limited(), Limited::Uplink);
        heard.message(br#"{"limited":"weather"}"#);
        assert_eq!(heard.limited(), Limited::Unknown);
    }

    #[test]
    fn a_screen_is_spoken_of_apart_from_the_camera_and_is_not_shown_until_somebody_says_so() {
        let heard = Heard::default();
        assert_eq!((heard.screen_rows(), heard.screen_paused()), (None, false));
        heard.message(br#"{"show":{"screen":1080},"screen":"paused"}"#);
        assert_eq!(
            (heard.screen_rows(), heard.screen_paused()),
            (Some(1080), true)
        );
        assert_eq!((heard.rows(), heard.paused()), (Some(720), false));
        heard.message(br#"{"show":{"camera":180,"screen":null},"screen":"flowing"}"#);
        assert_eq!((heard.screen_rows(), heard.screen_paused()), (None, false));
        assert_eq!(heard.rows(), Some(180));
    }

    #[test]
    fn what_is_no_message_changes_nothing() {
        let heard = Heard::default();
        heard.message(&[0xff; 70_000]);
        heard.message(br#"{"show":{"camera":-1},"video":"paused"}"#);
        heard.message(b"");
        assert_eq!((heard.rows(), heard.paused()), (Some(720), false));
    }
}
