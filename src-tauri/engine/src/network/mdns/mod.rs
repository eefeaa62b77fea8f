//! Asks who has a name of the local network: the names behind which browsers hide their addresses
//! (draft-ietf-mmusic-mdns-ice-candidates, RFC 8828) are answered by the browser itself, by multicast.
//!
//! A question of our own in place of the library's mode, whose multicast socket ends a connection's
//! driver for good on a machine that is offline: here whatever fails costs the name and nothing
//! else. Runs as one task of the caller's for at most [`PATIENCE`].

mod message;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use futures_util::future::select_all;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until, timeout};

use super::addresses::Address;
use super::system;
pub use message::{LocalName, addresses_in};

/// Who answers has to be found in this time. On a local network it is milliseconds; a Wi-Fi in power
/// saving delivers multicast every few hundred.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// When the question is asked again: multicast on a Wi-Fi is lost easily. After RFC 6762, section
/// 5.2, the first repetition comes no sooner than a second after; of one-shot questions nothing is
/// said, and these go to nobody but a browser on the same network.
const ASKED_AT: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(400),
    Duration::from_millis(1300),
];

/// Where names of the local network are asked for (RFC 6762, section 3).
const PORT: u16 = 5353;
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);

/// Sockets for one question, at most: two for each of some interfaces.
const MAX_SOCKETS: usize = 16;

/// The addresses of a name, as the first to answer says; empty when nobody does.
pub async fn resolve(name: &LocalName) -> Vec<IpAddr> {
    let sockets = match system::running_addresses() {
        Ok(addresses) => sockets(&addresses),
        Err(error) => {
            tracing::debug!(%error, "nobody can be asked for a name");
            return Vec::new();
        }
    };
    ask(name, &sockets).await
}

/// A socket and where to ask by it.
struct Mouth {
    socket: UdpSocket,
    to: SocketAddr,
}

/// By each interface a socket of its own, and one at the port at which answers by multicast come:
/// some responders give no other.
fn sockets(addresses: &[Address]) -> Vec<Mouth> {
    let wanted = addresses.iter().filter(|at| can_ask_from(at));
    let both = wanted.flat_map(|at| [(at, PORT), (at, 0)]);
    let opened = both.filter_map(|(at, port)| {
        open(at, port)
            .inspect_err(|error| tracing::debug!(%error, ?at, port, "no multicast"))
            .ok()
    });
    opened.take(MAX_SOCKETS).collect()
}

/// IPv4 is asked by each of its addresses, IPv6 by the address that each interface has of it.
fn can_ask_from(at: &Address) -> bool {
    match at.ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_unspecified(),
        IpAddr::V6(_) => at.scope != 0,
    }
}

fn open(at: &Address, port: u16) -> io::Result<Mouth> {
    let domain = match at.ip {
        IpAddr::V4(_) => Domain::IPV4,
        IpAddr::V6(_) => Domain::IPV6,
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if port != 0 {
        // Others on this machine answer and ask at the same port (RFC 6762, section 15.1).
        socket.set_reuse_address(true)?;
        #[cfg(unix)]
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    let to = match at.ip {
        IpAddr::V4(ip) => {
            socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
            socket.set_multicast_if_v4(&ip)?;
            if port != 0 {
                socket.join_multicast_v4(&GROUP_V4, &ip)?;
            }
            SocketAddr::from((GROUP_V4, PORT))
        }
        IpAddr::V6(_) => {
            socket.set_only_v6(true)?;
            socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)).into())?;
            socket.set_multicast_if_v6(at.scope)?;
            if port != 0 {
                socket.join_multicast_v6(&GROUP_V6, at.scope)?;
            }
            SocketAddrV6::new(GROUP_V6, PORT, 0, at.scope).into()
        }
    };
    let socket = UdpSocket::from_std(socket.into())?;
    Ok(Mouth { socket, to })
}

/// Asks by all, a few times, and takes the first answer.
async fn ask(name: &LocalName, mouths: &[Mouth]) -> Vec<IpAddr> {
    if mouths.is_empty() {
        return Vec::new();
    }
    let question = name.question();
    let began = Instant::now();
    let asking = async {
        for at in ASKED_AT {
            sleep_until(began + at).await;
            for mouth in mouths {
                if let Err(error) = mouth.socket.send_to(&question, mouth.to).await {
                    tracing::debug!(%error, to = %mouth.to, "a question was not sent");
                }
            }
        }
        std::future::pending().await
    };
    let hearing = select_all(mouths.iter().map(|m| Box::pin(hear(name, &m.socket))));
    let answer = async {
        tokio::select! {
            (addresses, ..) = hearing => addresses,
            never = asking => never,
        }
    };
    timeout(PATIENCE, answer).await.unwrap_or_default()
}

/// Waits for an answer by this socket.
async fn hear(name: &LocalName, socket: &UdpSocket) -> Vec<IpAddr> {
    let mut buffer = [0; message::MAX_BYTES];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, _)) => {
                let addresses = message::addresses_in(&buffer[..length], name);
                if !addresses.is_empty() {
                    return addresses;
                }
            }
            // Of a question that reached nobody, most likely.
            Err(error) => {
                tracing::debug!(%error, "no answer by this interface");
                tokio::time::sleep(ASKED_AT[1]).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "9b36eaac-bb2e-49bb-bb78-21c41c499900.local";

    fn name(text: &str) -> LocalName {
        LocalName::read(text).expect("a name")
    }

    /// A socket that asks at this place only.
    async fn mouth(to: SocketAddr) -> Mouth {
        let from = SocketAddr::new(to.ip(), 0);
        let socket = UdpSocket::bind(from).await.expect("a port");
        Mouth { socket, to }
    }

    /// Answers to questions for the name, after letting this many go by.
    async fn responder(at: &str, addresses: Vec<IpAddr>, deaf: usize) -> SocketAddr {
        let socket = UdpSocket::bind((at, 0)).await.expect("a port");
        let address = socket.local_addr().expect("an address");
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            for heard in 0.. {
                let (length, from) = socket.recv_from(&mut buffer).await.expect("a question");
                assert_eq!(&buffer[..length], name(NAME).question());
                if heard >= deaf {
                    let answer = name(NAME).answer(&addresses);
                    socket.send_to(&answer, from).await.expect("sent");
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn who_has_the_name_is_found_by_ipv4_and_ipv6_though_questions_get_lost() {
        for at in ["127.0.0.1", "::1"] {
            let addresses: Vec<IpAddr> =
                vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
            let place = responder(at, addresses.clone(), 1).await;
            let found = ask(&name(NAME), &[mouth(place).await]).await;
            assert_eq!(found, addresses, "{at}");
        }
    }

    #[tokio::test]
    async fn who_is_not_there_is_not_waited_for_for_long() {
        let began = Instant::now();
        let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let mouth = mouth(silent.local_addr().unwrap()).await;
        assert_eq!(ask(&name(NAME), &[mouth]).await, [] as [IpAddr; 0]);
        assert!(began.elapsed() < PATIENCE * 2);
        assert_eq!(ask(&name(NAME), &[]).await, [] as [IpAddr; 0]);
    }

    #[tokio::test]
    async fn answers_for_other_names_and_noise_are_let_go_by() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let place = socket.local_addr().unwrap();
        let other = name("00000000-0000-0000-0000-000000000000.local");
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            let (_, from) = socket.recv_from(&mut buffer).await.expect("a question");
            let (wrong, right) = ("192.0.2.66".parse().unwrap(), "192.0.2.7".parse().unwrap());
            let said = [
                vec![7; 900],
                other.answer(&[wrong]),
                name(NAME).answer(&[right]),
            ];
            for datagram in said {
                socket.send_to(&datagram, from).await.expect("sent");
            }
        });
        let found = ask(&name(NAME), &[mouth(place).await]).await;
        assert_eq!(found, ["192.0.2.7".parse::<IpAddr>().unwrap()]);
    }
}
