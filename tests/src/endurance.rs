//! A call of four that is not left in peace: one after another a network is switched off and on, a microphone is unplugged
//! and plugged in again, and somebody sends garbage. Afterwards all must see and hear all.
//!
//! Short as a scenario; ten minutes as `cargo xtask bench endurance`.

use std::time::{Duration, Instant};

use crate::net::{Impairment, Meeting, Site, Way};
use crate::report::Moment;
use crate::rooms::Mouth;
use crate::{Binaries, Joined, Need, Result, Rooms, Trouble, need, net, rooms};

/// Who is there; the index is that of the site.
const NAMES: [&str; 4] = ["Camille", "Léa", "Hugo", "Inès"];

/// Small enough for four of everything on two cores.
const SHOW: &str = "pattern:640x360@15";

/// An ordinary way to the internet.
const USUAL: Impairment = Impairment::round_trip(40).at_kbits(20_000);

/// What Hugo's machine sends while it is out of its mind: after every second packet one of garbage.
const GARBAGE: Impairment = Impairment {
    garbage: 0.5,
    ..USUAL
};

/// How long the network is off, and the microphone unplugged.
const OFF: Duration = Duration::from_secs(5);

/// How long people may take to find each other, at first and after a network was off.
const MEET: Duration = Duration::from_secs(20);

/// So many seconds in a row in which all see and hear all are a call that works.
const GOOD_SECONDS: usize = 3;

/// A picture moves when there are at least so many a second, of 15.
const MOVES: f64 = 8.0;

/// What such a call needs from the machine.
pub fn missing() -> Option<String> {
    let own = [Need::Own("visio-server"), Need::Own("visio-cli")];
    need::missing(&[net::NEEDS, rooms::NEEDS, &own].concat())
}

/// Holds such a call for `lasts`, with one disturbance after the other, and gives what was disturbed and how long it took
/// until all saw and heard all again. Fails when they did not.
pub fn endure(binaries: &Binaries, lasts: Duration) -> Result<Vec<(&'static str, Duration)>> {
    let rooms = Rooms::start()?;
    let _voice = Mouth::speak(&rooms, "a_air", |position| {
        0.3 * (std::f32::consts::TAU * 440.0 * position as f32 / 48_000.0).sin()
    })?;
    let meeting = Meeting::open(binaries, 1, &[Site::new(USUAL); NAMES.len()])?;
    let mut call = Call::begin(&meeting, &rooms)?;
    let started = Instant::now();
    let mut recovered = vec![("joining", call.until_good("joining")?)];
    let rest = lasts / 6;
    let hugo = meeting.lab.site(2);
    loop {
        meeting.lab.site(1).switch_off()?;
        std::thread::sleep(OFF);
        meeting.lab.site(1).switch_on()?;
        recovered.push((
            "a network off and on",
            call.until_good("a network that was off")?,
        ));

        rooms.remove_microphone("a")?;
        std::thread::sleep(OFF);
        rooms.add_microphone("a")?;
        recovered.push((
            "a microphone unplugged",
            call.until_good("an unplugged microphone")?,
        ));

        hugo.cable().set_way(Way::Up, GARBAGE);
        // They must not even notice.
        recovered.push(("garbage", call.until_good("garbage")?));
        std::thread::sleep(OFF);
        hugo.cable().set_way(Way::Up, USUAL);
        recovered.push(("the end of garbage", call.until_good("the end of garbage")?));
        if started.elapsed() >= lasts {
            break;
        }
        std::thread::sleep(rest.min(lasts.saturating_sub(started.elapsed())));
    }
    call.until_good("everything")?;
    call.end()?;
    Ok(recovered)
}

struct Call {
    people: Vec<Joined>,
}

impl Call {
    fn begin(meeting: &Meeting, rooms: &Rooms) -> Result<Self> {
        let join = |site: usize| {
            let guest = meeting.guest(site, NAMES[site])?.camera(SHOW);
            // One of them has a real microphone, which can be unplugged.
            let guest = match site {
                0 => guest
                    .microphone("device:pulseaudio:a_microphone")
                    .env("VISIO_AUDIO_HOST", "pulseaudio")
                    .envs(rooms.variables()),
                _ => guest.microphone(&format!("tone:{}", 440 + 110 * site)),
            };
            guest.join()
        };
        let people = (0..NAMES.len()).map(join).collect::<Result<_>>()?;
        Ok(Self { people })
    }

    /// Waits until all see and hear all for some seconds that began after this moment; gives how long until they began.
    fn until_good(&mut self, after: &str) -> Result<Duration> {
        let started = Instant::now();
        let before = self.written()?;
        loop {
            for person in &mut self.people {
                if person.process().ended().is_some() {
                    return Err(person.process().trouble(&format!("left after {after}")));
                }
            }
            let moments = self.moments()?;
            let troubles: Vec<String> = moments
                .iter()
                .zip(&before)
                .enumerate()
                .flat_map(|(who, (moments, before))| {
                    // The second in which this began belongs to what was before.
                    let new = moments.get(before + 1..).unwrap_or_default();
                    lacks(who, new)
                })
                .collect();
            if troubles.is_empty() {
                let good = Duration::from_secs(GOOD_SECONDS as u64 + 1);
                return Ok(started.elapsed().saturating_sub(good));
            }
            if started.elapsed() > MEET {
                return Err(Trouble::new(format!(
                    "{MEET:?} after {after}: {}",
                    troubles.join("; ")
                )));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn moments(&self) -> Result<Vec<Vec<Moment>>> {
        self.people.iter().map(Joined::moments).collect()
    }

    fn written(&self) -> Result<Vec<usize>> {
        Ok(self.moments()?.iter().map(Vec::len).collect())
    }

    fn end(mut self) -> Result<()> {
        for person in &mut self.people {
            person.process().interrupt();
        }
        for person in self.people {
            person.report()?;
        }
        Ok(())
    }
}

/// What somebody lacks of the others in their newest seconds; nothing when all is well.
fn lacks(who: usize, moments: &[Moment]) -> Vec<String> {
    let Some(start) = moments.len().checked_sub(GOOD_SECONDS) else {
        return vec![format!("{} has nothing to tell yet", NAMES[who])];
    };
    let others = (0..NAMES.len()).filter(|other| *other != who);
    others
        .filter_map(|other| {
            let good = moments[start..].iter().all(|moment| {
                let peer = moment.peers.iter().find(|peer| peer.name == NAMES[other]);
                peer.is_some_and(|peer| {
                    peer.video.fps >= MOVES
                        && peer.audio.bitrate_bps > 0
                        && peer.audio.concealed_ratio < 0.2
                })
            });
            (!good).then(|| {
                let peer = moments
                    .last()
                    .and_then(|moment| moment.peers.iter().find(|peer| peer.name == NAMES[other]));
                format!("{} of {}: {peer:?}", NAMES[who], NAMES[other])
            })
        })
        .collect()
}
