//! Networks that change under a call: away for a while, another address, no IPv4 at all.

use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

use libtest_mimic::Trial;
use visio_tests::net::{Impairment, Meeting, Namespace, Place, Site};
use visio_tests::{Binaries, Joined, Need, Participant, Result, Server};

use crate::scenario::{Outcome, ensure, scenario};

/// A call, and a lab for it.
const NEEDS: &[Need] = &[
    Need::Own("visio-server"),
    Need::Own("visio-cli"),
    Need::System("linux"),
    Need::Root,
    Need::File("/dev/net/tun", "none: the kernel's tun module makes it"),
    Need::Program("ip", "iproute2"),
];

/// Long enough for two programs to be in a call on a busy machine.
const MEETING: Duration = Duration::from_secs(20);

/// A call before and after what happens to it.
const QUIET: Duration = Duration::from_secs(6);

/// Small, so that what is measured is the network and not the encoder.
const CAMERA: &str = "pattern:320x180@30";

/// What a picture may stand still for in all when nothing is wrong: a busy machine's stumbling.
const STUMBLING: Duration = Duration::from_millis(500);

/// The server's address where there is no IPv4.
const SERVER: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x10);
const PORT: u16 = 8080;

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (sentence, run) in [
        (
            "after three seconds without a network picture and sound are back within one",
            short_absence as fn() -> Outcome,
        ),
        (
            "after twenty seconds without a network they are back within four under the same tile",
            long_absence,
        ),
        (
            "a network that is switched off and on is said to be and is back within four seconds",
            switched_off,
        ),
        (
            "when the address changes in mid call the picture is back within three seconds",
            another_address,
        ),
        ("a network of ipv6 alone is as good as any", ipv6_alone),
    ] {
        trials.push(scenario(sentence, NEEDS, run));
    }
    trials
}

fn short_absence() -> Outcome {
    let outage = Duration::from_secs(3);
    let call = Call::begin()?;
    call.cut_for(outage);
    call.ends_with(outage + Duration::from_secs(1))
}

fn long_absence() -> Outcome {
    let outage = Duration::from_secs(20);
    let call = Call::begin()?;
    call.cut_for(outage);
    call.ends_with(outage + Duration::from_secs(4))
}

fn switched_off() -> Outcome {
    let outage = Duration::from_secs(5);
    let call = Call::begin()?;
    call.anna_place().switch_off()?;
    call.anna.says("You are offline", Duration::from_secs(2))?;
    std::thread::sleep(outage - Duration::from_secs(1));
    call.anna_place().switch_on()?;
    // What was said was said after at most two seconds.
    call.ends_with(outage + Duration::from_secs(1 + 4))
}

fn another_address() -> Outcome {
    let call = Call::begin()?;
    call.anna_place().change_address()?;
    call.ends_with(Duration::from_secs(3))
}

/// Two people who see each other, the first of them behind a network that is changed.
struct Call {
    anna: Joined,
    ben: Joined,
    meeting: Meeting,
}

impl Call {
    fn begin() -> Result<Self> {
        let link = Impairment::round_trip(20);
        let binaries = Binaries::beside_me()?;
        let meeting = Meeting::open(&binaries, 1, &[Site::new(link), Site::new(link)])?;
        let (anna, ben) = meet(meeting.guest(0, "Anna")?, meeting.guest(1, "Ben")?)?;
        Ok(Self { anna, ben, meeting })
    }

    fn anna_place(&self) -> &Place {
        self.meeting.lab.site(0)
    }

    /// For so long nothing gets to Anna or from her, the server's words included.
    fn cut_for(&self, outage: Duration) {
        let cable = self.anna_place().cable();
        cable.set(Impairment::round_trip(20).cut());
        std::thread::sleep(outage);
        cable.set(Impairment::round_trip(20));
    }

    /// All goes on, and neither has seen the other stand still for longer than this.
    fn ends_with(self, standstill: Duration) -> Outcome {
        std::thread::sleep(QUIET);
        let (of_anna, anna_said) = self.anna.leave_and_tell()?;
        let (of_ben, _) = self.ben.leave_and_tell()?;
        ensure(!anna_said.contains("Ben has left"), || {
            format!("Anna, who was cut off, was told that Ben left: {anna_said}")
        })?;
        for (whose, report, other) in [("Anna", of_anna, "Ben"), ("Ben", of_ben, "Anna")] {
            ensure(report.peers.len() == 1, || {
                format!("{whose} has met {} people", report.peers.len())
            })?;
            let video = report.peers[0].video.as_ref();
            let frozen = video.map_or(f64::MAX, |video| video.total_freezes_duration_ms);
            println!("{whose} saw {other} stand still for {frozen:.0} ms in all");
            let most = (standstill + STUMBLING).as_secs_f64() * 1e3;
            ensure(frozen <= most, || {
                format!("{whose} saw {other} stand still for {frozen:.0} ms")
            })?;
        }
        Ok(())
    }
}

/// They join, and come to see each other.
fn meet(anna: Participant, ben: Participant) -> Result<(Joined, Joined)> {
    let anna = anna.camera(CAMERA).microphone("tone:440").join()?;
    let ben = ben.camera(CAMERA).microphone("tone:660").join()?;
    anna.says("Ben is here", MEETING)?;
    ben.says("Anna is here", MEETING)?;
    std::thread::sleep(QUIET);
    Ok((anna, ben))
}

fn ipv6_alone() -> Outcome {
    let server = Namespace::new("S")?;
    server.ip("link add bridge type bridge\nlink set bridge up\n")?;
    let hosts = ["A", "B"].map(|name| ipv6_host(&server, name));
    let [a, b] = hosts;
    let (a, b) = (a?, b?);
    server.ip(&format!("addr add {SERVER}/64 dev bridge nodad\n"))?;
    let binaries = Binaries::beside_me()?;
    let address = SocketAddr::from((SERVER, PORT));
    let visio = Server::start_at(&binaries.inside(&server), address)?;
    let invite = visio.invite()?;
    let guest = |host, name| Participant::new(&binaries.inside(host), &invite, name);
    let (anna, ben) = meet(guest(&a, "Anna")?, guest(&b, "Ben")?)?;
    let (of_anna, of_ben) = (anna.leave()?, ben.leave()?);
    for report in [of_anna, of_ben] {
        let peer = report.peers.first().ok_or("nobody was met")?;
        let frames = peer.video.as_ref().map_or(0, |video| video.frames_decoded);
        ensure(frames > 60, || format!("{frames} pictures came"))?;
        let remote = peer.remote.as_deref().unwrap_or_default();
        ensure(remote.starts_with("[fd00:"), || {
            format!("they met at {remote}")
        })?;
    }
    Ok(())
}

/// A host with an IPv6 address and no other.
fn ipv6_host(server: &Namespace, name: &str) -> Result<Namespace> {
    let host = Namespace::new(name)?;
    let number = name.as_bytes()[0] - b'A' + 1;
    server.ip(&format!(
        "link add port{name} type veth peer name eth0 netns {}\nlink set port{name} master bridge up\n",
        host.name()
    ))?;
    host.ip(&format!(
        "link set eth0 up\naddr add fd00::{number}/64 dev eth0 nodad\nroute add default via {SERVER}\n"
    ))?;
    Ok(host)
}
