//! A look at the server, and at each way to it that a call can take.

use std::time::Duration;

use visio_protocol::relay::RelayAccess;
use visio_protocol::request::ServerInfo;
use visio_protocol::{Invite, ServerUrl};
use visio_reach::place::{NoWay, Place};
use visio_reach::trust::Doubt;
use visio_reach::turn::{self, RelayFault, RelayUrl, Way};
use visio_reach::web::{self, Unreached};

use super::finding::{Check, Finding, Verdict};
use crate::call::Trouble;
use crate::signaling::{Role, Signaling, SignalingError};

/// The port of STUN, where a URL names none (RFC 7064, section 3.2).
const STUN_PORT: u16 = 3478;

/// A server that was reached, and what is known of its relay.
pub(super) struct Reached {
    /// What people call it.
    server: String,
    /// `stun:`, `turn:` and `turns:` URLs.
    urls: Vec<String>,
    /// What opens the relay: an invite leads to it.
    access: Option<RelayAccess>,
}

/// Looks at the server and, with an invite, asks it for the credentials of its relay. `None` where there is no going on.
pub(super) async fn server(url: &ServerUrl, invite: Option<&Invite>) -> (Finding, Option<Reached>) {
    let server = url.authority();
    let seen = match web::look(url).await {
        Ok(seen) => seen,
        Err(why) => return (unreached(&server, &why), None),
    };
    let ServerInfo {
        version, relays, ..
    } = seen.info;
    let fine = Finding::new(Check::Server, Verdict::Fine, "doctor.server.fine")
        .with("server", &server)
        .with("milliseconds", milliseconds(seen.took))
        .with("version", version);
    let mut reached = Reached {
        server,
        urls: relays,
        access: None,
    };
    let Some(invite) = invite else {
        return (fine, Some(reached));
    };
    match access(invite).await {
        Ok(access) => {
            if let Some(access) = &access {
                reached.urls.clone_from(&access.urls);
            }
            reached.access = access;
            (fine, Some(reached))
        }
        // The invite is of no use, but the ways can be looked at all the same.
        Err(error) => {
            let trouble = Trouble::from(error);
            (
                Finding::trouble(Check::Server, Verdict::Weak, &trouble),
                Some(reached),
            )
        }
    }
}

/// Enters the room for a moment, unseen: it is in the lobby and says nothing.
async fn access(invite: &Invite) -> Result<Option<RelayAccess>, SignalingError> {
    let (signaling, _events, _) = Signaling::enter(invite, Role::Watching).await?;
    let access = signaling.relay();
    signaling.leave().await;
    Ok(access)
}

/// Whether datagrams get to the server and back, and what it says of where they come from: two findings of one question.
pub(super) async fn datagrams(reached: &Reached) -> [Finding; 2] {
    let stun = reached.urls.iter().find_map(|url| {
        let place = url.strip_prefix("stun:")?;
        Place::read(place, STUN_PORT)
    });
    let Some(place) = stun else {
        let none = |check| Finding::new(check, Verdict::Skipped, "doctor.notOffered");
        return [none(Check::Udp), none(Check::Stun)];
    };
    let udp = |verdict, words| Finding::new(Check::Udp, verdict, words).with("port", place.port);
    let stun = |verdict, words| Finding::new(Check::Stun, verdict, words);
    match turn::mapped(&place).await {
        Ok(mapped) => [
            udp(Verdict::Fine, "doctor.udp.fine")
                .with("milliseconds", milliseconds(mapped.round_trip)),
            stun(Verdict::Fine, "doctor.stun.fine").with("address", mapped.address.ip()),
        ],
        // Something came back, and be it only that nobody listens.
        Err(RelayFault::NoWay(NoWay::Closed)) => [
            udp(Verdict::Weak, "doctor.udp.closed"),
            stun(Verdict::Weak, "doctor.stun.none"),
        ],
        Err(_) => [
            udp(Verdict::Weak, "doctor.udp.blocked"),
            stun(Verdict::Skipped, "doctor.stun.unknown"),
        ],
    }
}

/// Whether the relay relays by one way.
pub(super) async fn relay(reached: &Reached, check: Check) -> Finding {
    let way = match check {
        Check::RelayTcp => Way::Tcp,
        Check::RelayTls => Way::Tls,
        _ => Way::Udp,
    };
    let urls = reached.urls.iter().filter_map(|url| RelayUrl::read(url));
    let of_this_way: Vec<_> = urls.filter(|url| url.way == way).collect();
    let mut finding = Finding::new(check, Verdict::Skipped, "doctor.notOffered");
    // The same way may be offered on two ports: one that works is enough, and the second is looked at only without the first.
    for url in of_this_way {
        let port = url.place.port;
        match turn::look(&url, reached.access.as_ref()).await {
            Ok(answered) => {
                let (words, took) = match answered.relayed {
                    Some(relayed) => ("doctor.relay.fine", relayed.round_trip),
                    None => ("doctor.relay.answers", answered.took),
                };
                return Finding::new(check, Verdict::Fine, words)
                    .with("milliseconds", milliseconds(took))
                    .with("port", port);
            }
            Err(fault) => {
                finding = Finding::new(check, Verdict::Weak, fault_words(&fault))
                    .with("server", &reached.server)
                    .with("port", port);
                if let RelayFault::Refused(code) = fault {
                    finding = finding.with("code", code);
                }
            }
        }
    }
    finding
}

/// Why the server is of no use from here.
fn unreached(server: &str, why: &Unreached) -> Finding {
    let server = server.to_owned();
    let trouble = match why {
        Unreached::NotVisio => Trouble::NotAVisioServer { server },
        Unreached::OtherVersion(_) => Trouble::OtherVersion { server },
        Unreached::Clock { minutes } => Trouble::WrongClock {
            server,
            minutes: *minutes,
        },
        Unreached::NoWay(NoWay::NoRoute) => Trouble::Offline,
        Unreached::NoWay(why) => return bad(no_way_words(*why)).with("server", server),
        Unreached::Doubtful(doubt) => return bad(doubt_words(*doubt)).with("server", server),
        Unreached::NotEncrypted => {
            return bad("doctor.server.notEncrypted").with("server", server);
        }
    };
    Finding::trouble(Check::Server, Verdict::Bad, &trouble)
}

fn bad(words: &str) -> Finding {
    Finding::new(Check::Server, Verdict::Bad, words)
}

fn no_way_words(why: NoWay) -> &'static str {
    match why {
        NoWay::NameUnknown => "doctor.server.nameUnknown",
        NoWay::Closed => "doctor.server.closed",
        NoWay::Silent => "doctor.server.silent",
        NoWay::NoRoute => "trouble.offline",
    }
}

fn doubt_words(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Expired => "doctor.certificate.expired",
        Doubt::NotYet => "doctor.certificate.notYet",
        Doubt::OtherName => "doctor.certificate.otherName",
        Doubt::Stranger => "doctor.certificate.stranger",
        Doubt::Unusable => "doctor.certificate.unusable",
    }
}

fn fault_words(fault: &RelayFault) -> &'static str {
    match fault {
        RelayFault::NoWay(NoWay::NameUnknown) => "doctor.relay.nameUnknown",
        RelayFault::NoWay(NoWay::Closed) => "doctor.relay.closed",
        RelayFault::NoWay(NoWay::Silent | NoWay::NoRoute) => "doctor.relay.silent",
        RelayFault::Doubtful(doubt) => doubt_words(*doubt),
        RelayFault::NotARelay => "doctor.relay.notARelay",
        RelayFault::Credentials => "doctor.relay.credentials",
        RelayFault::Full => "doctor.relay.full",
        RelayFault::NothingArrives => "doctor.relay.nothingArrives",
        RelayFault::Refused(_) => "doctor.relay.refused",
    }
}

/// Never 0, which would look like a mistake.
fn milliseconds(time: Duration) -> u128 {
    time.as_millis().max(1)
}
