//! A look from outside, by the way that everybody takes: the name, the certificate, the answer, the
//! clock; then each way to the relay.

use super::line::Line;
use std::net::{IpAddr, UdpSocket};
use visio_protocol::ServerUrl;
use visio_protocol::relay::RelayAccess;
use visio_reach::place::Place;
use visio_reach::turn::{self, RelayUrl, Way};
use visio_reach::web;

/// The port of STUN, where a URL names none (RFC 7064, section 3.2).
const STUN_PORT: u16 = 3478;

/// Looks at a server through its URL. `access` opens its relay; `here`: this is its machine.
pub(super) async fn look(
    url: &ServerUrl,
    access: Option<&RelayAccess>,
    here: bool,
    tell: &mut impl FnMut(Line),
) {
    let default_port = if url.is_secure() { 443 } else { 80 };
    if let Some(place) = Place::read(&url.authority(), default_port)
        && let Some(line) = name(&place, here).await
    {
        tell(line);
    }
    let seen = match web::look(url).await {
        Ok(seen) => seen,
        Err(why) => {
            tell(Line::bad("server", format!("{url}: {why}")));
            return;
        }
    };
    let proof = if url.is_secure() {
        "its certificate is good, "
    } else {
        ""
    };
    tell(Line::good(
        "server",
        format!(
            "{url} answers within {} ms, {proof}and its clock agrees with this machine's",
            seen.took.as_millis().max(1)
        ),
    ));
    let urls = access.map_or(&seen.info.relays, |access| &access.urls);
    if urls.is_empty() {
        tell(Line::doubtful(
            "relay",
            "there is none: people who find no direct way to each other can't call",
        ));
    }
    for stun in urls.iter().filter_map(|url| url.strip_prefix("stun:")) {
        if let Some(place) = Place::read(stun, STUN_PORT) {
            tell(address(&place).await);
        }
    }
    for relay in urls.iter().filter_map(|url| RelayUrl::read(url)) {
        tell(relayed(&relay, access).await);
    }
}

/// Where a name leads; nothing is said of an address that leads where it should.
async fn name(place: &Place, here: bool) -> Option<Line> {
    const OF: &str = "name";
    let host = &place.host;
    if let Ok(ip) = host.parse::<IpAddr>() {
        let elsewhere = here && !is_own(ip);
        return elsewhere.then(|| {
            Line::doubtful(
                OF,
                format!("{host} is not an address of this machine: right if a router or the provider passes it on to here"),
            )
        });
    }
    let addresses = match place.addresses().await {
        Ok(addresses) => addresses,
        Err(_) => {
            return Some(Line::bad(
                OF,
                format!(
                    "{host} leads nowhere: make a DNS record (A, and AAAA if there is IPv6) with the server's address"
                ),
            ));
        }
    };
    let listed: Vec<_> = addresses.iter().map(|it| it.ip().to_string()).collect();
    let listed = listed.join(" and ");
    Some(if !here {
        Line::good(OF, format!("{host} leads to {listed}"))
    } else if addresses.iter().all(|address| is_own(address.ip())) {
        Line::good(
            OF,
            format!("{host} leads to {listed}, which is this machine"),
        )
    } else {
        Line::doubtful(
            OF,
            format!(
                "{host} leads to {listed}, which is not an address of this machine: right if a router or the provider passes it on to here, else correct the DNS record"
            ),
        )
    })
}

/// Whether this machine has the address: another one's can't be listened on.
fn is_own(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

async fn address(place: &Place) -> Line {
    const OF: &str = "STUN";
    let port = place.port;
    match turn::mapped(place).await {
        Ok(mapped) => Line::good(
            OF,
            format!("port {port} answers: we come from {}", mapped.address.ip()),
        ),
        Err(why) => Line::bad(OF, format!("UDP port {port}: {why}")),
    }
}

async fn relayed(url: &RelayUrl, access: Option<&RelayAccess>) -> Line {
    let of = match url.way {
        Way::Udp => "relay, UDP",
        Way::Tcp => "relay, TCP",
        Way::Tls => "relay, TLS",
    };
    let port = url.place.port;
    match turn::look(url, access).await {
        Ok(answered) => Line::good(
            of,
            match answered.relayed {
                Some(relayed) => format!(
                    "port {port} relays, {} ms there and back",
                    relayed.round_trip.as_millis().max(1)
                ),
                None => {
                    format!("port {port} answers; that it relays shows on the server's machine")
                }
            },
        ),
        Err(why) => Line::bad(of, format!("port {port}: {why}")),
    }
}
