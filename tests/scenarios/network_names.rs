//! The names behind which browsers hide their addresses, asked for and answered by real multicast.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use visio_engine::network::{LocalName, resolve};
use visio_tests::net::Namespace;
use visio_tests::{Need, Result};

use crate::scenario::{Outcome, ensure, scenario};

/// Two hosts.
const NEEDS: &[Need] = &[
    Need::System("linux"),
    Need::Root,
    Need::Program("ip", "iproute2"),
];

const NAME: &str = "9b36eaac-bb2e-49bb-bb78-21c41c499900.local";

/// Where names of the local network are asked for and answered (RFC 6762, section 3).
const PORT: u16 = 5353;
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);

/// A message's head, after which the name that is asked for stands.
const HEAD: usize = 12;

/// The name as it stands there: two labels with their lengths, and the end.
const NAME_BYTES: usize = 1 + 36 + 1 + 5 + 1;

/// Until an interface has made sure that nobody else has its IPv6 address (RFC 4862, section 5.4).
const OWN_ADDRESS: Duration = Duration::from_millis(2500);

/// How long the one who has the name listens for a question.
const LISTENING: Duration = Duration::from_secs(10);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "a name of the local network is found by multicast over either protocol",
            NEEDS,
            found,
        ),
        scenario(
            "a name that nobody has and a machine without a network cost a few seconds at most",
            NEEDS,
            not_found,
        ),
    ]
}

fn found() -> Outcome {
    let (here, there) = hosts()?;
    let v4: IpAddr = Ipv4Addr::new(10, 9, 0, 2).into();
    let v6: IpAddr = "fd00::2".parse().map_err(|_| "an address")?;
    for address in [v4, v6] {
        let found = std::thread::scope(|scope| {
            let answering = scope.spawn(|| there.inside(|| answer(address))?);
            // It listens by the time of the second question at the latest.
            let found = ask(&here);
            answering.join().map_err(|_| "the one who has the name")??;
            found
        })?;
        ensure(found == [address], || {
            format!("of {address} was found {found:?}")
        })?;
    }
    Ok(())
}

fn not_found() -> Outcome {
    let (here, _there) = hosts()?;
    let alone = Namespace::new("alone")?;
    for (host, most) in [(&here, 5), (&alone, 1)] {
        let began = Instant::now();
        let found = ask(host)?;
        let took = began.elapsed();
        ensure(found.is_empty() && took.as_secs() < most, || {
            format!("{found:?} after {took:?}")
        })?;
    }
    Ok(())
}

/// Two hosts with a cable between them and an address of each kind.
fn hosts() -> Result<(Namespace, Namespace)> {
    let (a, b) = (Namespace::new("A")?, Namespace::new("B")?);
    a.ip(&format!(
        "link add eth0 type veth peer name eth0 netns {}\n",
        b.name()
    ))?;
    for (number, host) in (1..).zip([&a, &b]) {
        host.ip(&format!(
            "link set eth0 up\naddr add 10.9.0.{number}/24 dev eth0\naddr add fd00::{number}/64 dev eth0 nodad\n"
        ))?;
    }
    // The answering side's plain sockets need to be told the way; those that ask choose it themselves.
    b.ip("route add default dev eth0\n")?;
    std::thread::sleep(OWN_ADDRESS);
    Ok((a, b))
}

/// Asks from this host who has the name.
fn ask(host: &Namespace) -> std::result::Result<Vec<IpAddr>, Failed> {
    let name = LocalName::read(NAME).ok_or("a name")?;
    let found = host.inside(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok::<_, std::io::Error>(runtime.block_on(resolve(&name)))
    })??;
    Ok(found)
}

/// Answers the first question over the protocol of `address`, as a browser does: by multicast.
fn answer(address: IpAddr) -> Result<()> {
    let (any, group): (IpAddr, SocketAddr) = match address {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED.into(), (GROUP_V4, PORT).into()),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED.into(), (GROUP_V6, PORT).into()),
    };
    let socket = UdpSocket::bind((any, PORT))?;
    let (kind, data) = match address {
        IpAddr::V4(ip) => {
            socket.join_multicast_v4(&GROUP_V4, &ip)?;
            (1u16, ip.octets().to_vec())
        }
        IpAddr::V6(ip) => {
            socket.join_multicast_v6(&GROUP_V6, 0)?;
            (28, ip.octets().to_vec())
        }
    };
    socket.set_read_timeout(Some(LISTENING))?;
    let mut question = [0; 1500];
    let length = socket.recv(&mut question)?;
    let name = question[..length].get(HEAD..HEAD + NAME_BYTES);
    let mut message = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    message.extend(name.unwrap_or_default());
    message.extend(kind.to_be_bytes());
    message.extend([0x80, 1, 0, 0, 0, 120]);
    message.extend((data.len() as u16).to_be_bytes());
    message.extend(data);
    socket.send_to(&message, group)?;
    Ok(())
}
