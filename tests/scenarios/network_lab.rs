//! The networks that the other scenarios stand on: what they are told to do to packets must be what they do.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use visio_tests::net::{Impairment, Lab, NEEDS, Namespace, Nat, SERVER, Site};

use crate::scenario::{Outcome, ensure, scenario};

const PORT: u16 = 5000;

/// How long a packet that should come may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait for one that should not come.
const SILENCE: Duration = Duration::from_millis(300);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario("a packet takes as long as the links say", NEEDS, delay),
        scenario(
            "a link that is cut carries nothing until it is mended",
            NEEDS,
            cut,
        ),
        scenario("a download fills a link and no more", NEEDS, download),
        scenario(
            "a host that changes its address is reached at the new one",
            NEEDS,
            address,
        ),
        scenario("each kind of router lets in whom it should", NEEDS, routers),
        scenario(
            "a lab leaves nothing behind, even after a panic",
            NEEDS,
            cleanup,
        ),
    ]
}

/// A socket in a namespace, on any of its addresses.
fn socket(namespace: &Namespace, port: u16) -> Result<UdpSocket, Failed> {
    let socket = namespace.inside(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)))??;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// Sends one packet; gives who it came from, and how long it took. `None`: it did not come.
fn carry(
    from: &UdpSocket,
    to: SocketAddr,
    at: &UdpSocket,
) -> Result<Option<(SocketAddr, Duration)>, Failed> {
    let sent = Instant::now();
    from.send_to(b"hello", to)?;
    let mut packet = [0; 16];
    Ok(at
        .recv_from(&mut packet)
        .ok()
        .map(|(_, whence)| (whence, sent.elapsed())))
}

fn delay() -> Outcome {
    let links = [60, 20].map(|round_trip| Site::new(Impairment::round_trip(round_trip)));
    let lab = Lab::build(1, &links)?;
    let (a, b) = (
        socket(lab.site(0).host(), PORT)?,
        socket(lab.site(1).host(), PORT)?,
    );
    let there = SocketAddr::from(([10, 2, 0, 2], PORT));
    // The first one also asks for the hardware addresses on the way.
    carry(&a, there, &b)?;
    let Some((whence, took)) = carry(&a, there, &b)? else {
        return Err("a packet was lost".into());
    };
    ensure(whence == SocketAddr::from(([10, 1, 0, 2], PORT)), || {
        format!("it came from {whence}")
    })?;
    ensure((40..140).contains(&took.as_millis()), || {
        format!("it took {took:?} instead of 40 ms")
    })
}

fn cut() -> Outcome {
    let lab = Lab::build(1, &[Site::new(Impairment::NONE)])?;
    let (a, server) = (
        socket(lab.site(0).host(), PORT)?,
        socket(lab.server(), PORT)?,
    );
    let there = SocketAddr::from((SERVER, PORT));
    let arrives = || Ok::<_, Failed>(carry(&a, there, &server)?.is_some());
    ensure(arrives()?, || "nothing arrived at first".to_owned())?;
    server.set_read_timeout(Some(SILENCE))?;
    lab.site(0).cable().set(Impairment::NONE.cut());
    ensure(!arrives()?, || {
        "it arrived over a link that is cut".to_owned()
    })?;
    server.set_read_timeout(Some(PATIENCE))?;
    lab.site(0).cable().set(Impairment::NONE);
    ensure(arrives()?, || "nothing arrived after that".to_owned())
}

fn download() -> Outcome {
    let lab = Lab::build(1, &[Site::new(Impairment::round_trip(20).at_kbits(3000))])?;
    let download = lab.download(0)?;
    std::thread::sleep(Duration::from_secs(1));
    let (before, started) = (download.received(), Instant::now());
    std::thread::sleep(Duration::from_secs(3));
    let bits = (download.received() - before) as f64 * 8.0 / started.elapsed().as_secs_f64();
    ensure((2.4e6..3.0e6).contains(&bits), || {
        format!("{bits} of 3,000,000 bit/s")
    })
}

fn address() -> Outcome {
    let lab = Lab::build(1, &[Site::new(Impairment::NONE)])?;
    let (a, server) = (
        socket(lab.site(0).host(), PORT)?,
        socket(lab.server(), PORT)?,
    );
    let there = SocketAddr::from((SERVER, PORT));
    lab.site(0).change_address()?;
    let came = carry(&a, there, &server)?.map(|(whence, _)| whence);
    let new = SocketAddr::from(([10, 1, 0, 3], PORT));
    ensure(came == Some(new), || format!("it came from {came:?}"))?;
    let back = carry(&server, new, &a)?;
    ensure(back.is_some(), || {
        "nothing reached the new address".to_owned()
    })?;
    lab.site(0).switch_off()?;
    let lost = a.send_to(b"hello", there).is_err();
    lab.site(0).switch_on()?;
    ensure(lost, || "a host that is off could send".to_owned())?;
    ensure(carry(&a, there, &server)?.is_some(), || {
        "nothing arrived after switching on".to_owned()
    })
}

/// A host writes to the server; then the server answers from there, and from another port, to where that came from.
fn routers() -> Outcome {
    for (nat, answered, let_in) in [
        (Nat::None, true, true),
        (Nat::FullCone, true, true),
        (Nat::PortRestricted, true, false),
        (Nat::Symmetric, true, false),
        (Nat::UdpBlocked, false, false),
    ] {
        let lab = Lab::build(1, &[Site::new(Impairment::NONE).behind(nat)])?;
        let host = socket(lab.site(0).host(), PORT)?;
        let (server, stranger) = (socket(lab.server(), PORT)?, socket(lab.server(), PORT + 1)?);
        server.set_read_timeout(Some(SILENCE))?;
        host.set_read_timeout(Some(SILENCE))?;
        let Some((outside, _)) = carry(&host, SocketAddr::from((SERVER, PORT)), &server)? else {
            ensure(!answered, || format!("{nat:?}: nothing came out"))?;
            continue;
        };
        let translated = outside.ip() != Ipv4Addr::new(10, 1, 0, 2);
        ensure(translated == (nat != Nat::None), || {
            format!("{nat:?}: it came from {outside}")
        })?;
        let heard = carry(&server, outside, &host)?.is_some();
        let strange = carry(&stranger, outside, &host)?.is_some();
        ensure((heard, strange) == (answered, let_in), || {
            format!("{nat:?}: answered {heard}, a stranger let in {strange}")
        })?;
        // Whether each destination is shown another port.
        let other = carry(&host, SocketAddr::from((SERVER, PORT + 1)), &stranger)?;
        let same_port = other.is_some_and(|(whence, _)| whence == outside);
        ensure(same_port == (nat != Nat::Symmetric), || {
            format!("{nat:?}: {outside}, then {other:?}")
        })?;
    }
    Ok(())
}

fn cleanup() -> Outcome {
    let names = || -> Result<Vec<String>, Failed> {
        let mine = format!("visio-{}-", std::process::id());
        let entries = std::fs::read_dir("/run/netns")?.flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        Ok(names.filter(|name| name.starts_with(&mine)).collect())
    };
    let panicked = std::thread::spawn(|| {
        let _lab =
            Lab::build(1, &[Site::new(Impairment::NONE)]).map_err(|trouble| trouble.to_string());
        // As a failed assertion would, without its words.
        std::panic::resume_unwind(Box::new(()));
    });
    ensure(panicked.join().is_err(), || "it did not panic".to_owned())?;
    let left = names()?;
    ensure(left.is_empty(), || format!("left behind: {left:?}"))
}
