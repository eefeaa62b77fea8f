//! A look from inside: the data folder, and the server that runs on it.

use super::line::Line;
use crate::control::{self, Answer, Command, ControlError};
use std::path::Path;
use visio_protocol::ServerUrl;
use visio_protocol::relay::RelayAccess;

/// What is known of a server whose data folder is here.
#[derive(Default)]
pub(super) struct Inside {
    /// Its data folder is on this machine.
    pub(super) is_here: bool,
    /// And it is running.
    pub(super) runs: bool,
    /// Where people find it.
    pub(super) url: Option<ServerUrl>,
    /// What opens its relay.
    pub(super) access: Option<RelayAccess>,
    /// What a firewall must let through to it.
    pub(super) firewall: Option<String>,
}

impl Inside {
    /// Asks the server on this data folder. Where there is none, and the URL was given (`elsewhere`), this is another machine.
    pub(super) fn look(data: &Path, elsewhere: bool, tell: &mut impl FnMut(Line)) -> Self {
        let shown = data.display();
        match control::ask(data, Command::Where) {
            Ok(Answer::Where {
                running: true,
                url,
                firewall,
            }) => {
                tell(Line::good(
                    "data",
                    format!("{shown} is in order, and a server is running on it"),
                ));
                Self {
                    is_here: true,
                    runs: true,
                    url: url.and_then(|url| url.parse().ok()),
                    access: access(data),
                    firewall,
                }
            }
            Ok(_) => {
                tell(Line::bad(
                    "data",
                    format!(
                        "{shown} is in order, but no server is running on it: start it, as in systemctl start visio-server"
                    ),
                ));
                Self {
                    is_here: true,
                    ..Self::default()
                }
            }
            Err(ControlError::NothingThere { .. }) if elsewhere => {
                tell(Line::note(
                    "data",
                    "no data folder here: this is a look from outside. On the server's machine, --data says where it is",
                ));
                Self::default()
            }
            Err(error) => {
                tell(Line::bad("data", error.to_string()));
                Self::default()
            }
        }
    }
}

fn access(data: &Path) -> Option<RelayAccess> {
    match control::ask(data, Command::Relay) {
        Ok(Answer::Relay { access }) => access,
        // A running server of before this command.
        _ => None,
    }
}
