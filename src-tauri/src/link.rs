//! The invite link (`visio://…`) that the system hands over when a person opens one: to this start, or while the app runs.
//!
//! It waits here until the page takes it, and is not looked at: what is wrong with it, the page is told when it asks what
//! invite this is. Called on whichever thread the system's word arrives on.

use std::env;
use std::sync::{Mutex, PoisonError};

use tauri::{AppHandle, Emitter, Manager};

use crate::window;

/// The scheme that Visio is registered for.
const SCHEME: &str = "visio:";

/// The event that tells the page that there is a link to take.
const LINK: &str = "link";

/// What is kept of a link, in bytes: twice the longest text that may be an invite, so that what was cut is still too long.
const MAX_LINK_BYTES: usize = 4096;

/// The newest link, until the page takes it. A newer one replaces it: nobody goes to two calls at once.
#[derive(Default)]
pub struct Link(Mutex<Option<String>>);

impl Link {
    /// The one that this process was started with, if any.
    pub fn of_this_start() -> Link {
        // Not `env::args`, which panics at what is not Unicode.
        let arguments = env::args_os().map(|argument| argument.to_string_lossy().into_owned());
        Link(Mutex::new(among(arguments)))
    }

    /// The link, once.
    pub fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, link: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(link);
    }
}

/// Visio was started again with these arguments, or is told of these links: its window comes to the front, and goes where the
/// link among them leads.
pub fn open(app: &AppHandle, arguments: impl IntoIterator<Item = String>) {
    if let Some(link) = among(arguments) {
        app.state::<Link>().put(link);
        if let Err(error) = app.emit(LINK, ()) {
            tracing::warn!(%error, "the page could not be told of a link");
        }
    }
    window::to_front(app);
}

/// The first link among a start's arguments, no longer than is kept.
fn among(arguments: impl IntoIterator<Item = String>) -> Option<String> {
    let is_link = |argument: &String| {
        let start = argument.trim_start().as_bytes().get(..SCHEME.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(SCHEME.as_bytes()))
    };
    let mut link = arguments.into_iter().find(is_link)?;
    link.truncate(link.floor_char_boundary(MAX_LINK_BYTES));
    Some(link)
}

#[cfg(test)]
mod tests {
    use visio_protocol::{Invite, InviteError};

    use super::*;

    fn link_among(arguments: &[&str]) -> Option<String> {
        among(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn the_link_is_found_wherever_it_stands() {
        let link = "VISIO://call.example.org/j#K7QF";
        assert_eq!(
            link_among(&["/usr/bin/visio", "--flag", link]).as_deref(),
            Some(link)
        );
        assert_eq!(
            link_among(&["visio:", "visio://second"]).as_deref(),
            Some("visio:")
        );
    }

    #[test]
    fn a_start_without_a_link_has_none() {
        for arguments in [
            &[][..],
            &["/opt/visio"],
            &["visio", "https://example.org"],
            &["é"],
        ] {
            assert_eq!(link_among(arguments), None, "{arguments:?}");
        }
    }

    #[test]
    fn an_endless_link_is_cut_and_still_no_invite() {
        let endless = format!("visio://{}", "é".repeat(100_000));
        let kept = link_among(&[&endless]).unwrap();
        assert!(kept.len() <= MAX_LINK_BYTES && kept.len() > MAX_LINK_BYTES - 4);
        assert_eq!(Invite::parse(&kept), Err(InviteError::Mistyped));
    }

    #[test]
    fn a_link_is_given_once_and_the_newest_wins() {
        let link = Link::default();
        link.put("visio://one".into());
        link.put("visio://two".into());
        assert_eq!(link.take().as_deref(), Some("visio://two"));
        assert_eq!(link.take(), None);
    }
}
