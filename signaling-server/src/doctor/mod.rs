//! `visio-server doctor`: can people get here, and does the relay relay?
//!
//! On the server's own machine it looks from inside: the data folder, whether a server runs on it, whether the name
//! leads to this machine; then it goes the way that everybody goes, through the URL, and uses the
//! relay with credentials that it asks the running server for. From another machine, with `--url`
//! alone, it looks from outside: only there does it show what a firewall keeps back.
//!
//! ```text
//! line      what is said of each thing
//! inside    the data folder and the server on it
//! outside   name, certificate, clock, relay
//! ```

mod inside;
mod line;
mod outside;

pub use line::{Line, Mark};

use inside::Inside;
use std::path::Path;
use visio_protocol::ServerUrl;

/// Looks at everything and says a line for each thing as soon as it is known. `false` when something
/// keeps people from calling.
pub async fn examine(data: &Path, url: Option<ServerUrl>, mut say: impl FnMut(Line)) -> bool {
    let mut well = true;
    let mut tell = |line: Line| {
        well &= line.mark != Mark::Bad;
        say(line);
    };
    let inside = Inside::look(data, url.is_some(), &mut tell);
    let Some(url) = url.or(inside.url) else {
        if inside.runs {
            tell(Line::bad(
                "url",
                "where people reach this server is not known: say it, as in --url https://call.example.org",
            ));
        }
        return false;
    };
    outside::look(&url, inside.access.as_ref(), inside.is_here, &mut tell).await;
    if let Some(firewall) = inside.firewall {
        tell(Line::note(
            "firewall",
            format!("must let through {firewall}; that it does shows only from another network"),
        ));
    }
    if inside.is_here {
        tell(Line::note(
            "outside",
            format!(
                "now look from another network: visio-server doctor --url {url}, or visio-cli doctor --invite INVITE"
            ),
        ));
    }
    well
}
