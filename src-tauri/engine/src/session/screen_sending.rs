//! Who is sent the screen that we share, and what it may cost: decided ten times a second, before the camera's picture, which
//! gets what is left.
//!
//! It is encoded once, in one size, at one rate: the least that any of those who are sent it has for it. Whose way carries less
//! than can be read is sent none, and told so; then they hold up nobody. On the session's task; costs microseconds.

use std::time::Instant;

use bytes::Bytes;
use visio_protocol::Control;

use super::per_link::PerLink;
use super::sending::Way;
use crate::link::Link;
use crate::transport::bitrate::Bitrate;
use crate::transport::layer::Layer;
use crate::transport::take::Take;
use crate::video::ScreenEncoder;

/// The most that a screen is given, payload: at 1920 by 1080 a page of small text is sharp a second after it was turned.
pub(super) const MOST: Bitrate = Bitrate::from_kbps(2_500);

/// With less than this a page takes several seconds until it can be read.
const LEAST: Bitrate = Bitrate::from_kbps(200);

/// Who was sent none is sent it again once there is so much more than the least, so that it does not come and go.
const AGAIN: f64 = 1.3;

/// Of what a way carries beside the voice, the screen gets this share, and the camera the rest: what is shared is what is
/// looked at.
const SHARE: f64 = 0.7;

/// Kept for the voice, headers included.
const VOICE: Bitrate = Bitrate::from_kbps(60);

/// What is assumed of a way of which nothing is known yet.
const UNKNOWN: Bitrate = Bitrate::from_kbps(600);

/// Headers of its packets, as a share of its payload.
const HEADERS: f64 = 1.06;

/// The screen that we share, as it is now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OwnScreen {
    /// It is shared.
    pub shared: bool,
    /// There are pictures of it: its window is not gone or hidden.
    pub there: bool,
}

/// What was decided last.
#[derive(Default)]
pub(super) struct ScreenSending {
    lines: PerLink<Link, Line>,
}

/// What one link was told last.
#[derive(Default)]
struct Line {
    taken: bool,
    carried: Option<bool>,
    paused: bool,
}

impl ScreenSending {
    /// Decides anew, for the connections there are now; `bound` is what our own line carries to each. What is to be kept for the
    /// screen on each of them, in the same order.
    pub fn decide(
        &mut self,
        ways: &[Way],
        encoder: &ScreenEncoder,
        screen: OwnScreen,
        bound: Option<Bitrate>,
        now: Instant,
    ) -> Vec<Bitrate> {
        self.lines
            .keep(ways.iter().map(|way| (way.session, &way.link)));
        let rooms: Vec<_> = ways
            .iter()
            .zip(self.lines.iter_mut())
            .map(|(way, line)| {
                let stats = way.link.stats();
                let estimate = stats.estimate.unwrap_or(UNKNOWN);
                let carries = bound
                    .into_iter()
                    .chain(stats.most)
                    .fold(estimate, Bitrate::min);
                let asked = screen.shared && way.screen_rows.is_some();
                let room = room(carries, line.carried != Some(false));
                line.carried = asked.then_some(room.is_some());
                room.filter(|_| asked)
            })
            .collect();
        let rate = rate(&rooms);
        for ((way, line), room) in ways.iter().zip(self.lines.iter_mut()).zip(&rooms) {
            line.take(&way.link, room.is_some());
            let paused = line
                .carried
                .is_some_and(|carried| !carried || !screen.there);
            line.tell_paused(&way.link, paused);
        }
        // The links have been told first, so that none misses the keyframe that it begins with.
        encoder.set(rate);
        encoder.poll(now);
        let kept = rate.map_or(Bitrate::ZERO, |rate| rate * HEADERS);
        rooms
            .iter()
            .map(|room| room.map_or(Bitrate::ZERO, |_| kept))
            .collect()
    }
}

/// What a way that carries so much has for the screen, payload; none when that is too little, by what it was before.
fn room(carries: Bitrate, before: bool) -> Option<Bitrate> {
    let room = carries.saturating_sub(VOICE) * (SHARE / HEADERS);
    let least = if before { LEAST } else { LEAST * AGAIN };
    (room >= least).then_some(room)
}

/// What it may cost, when those who are sent it have so much room; none when nobody is.
fn rate(rooms: &[Option<Bitrate>]) -> Option<Bitrate> {
    let least = rooms.iter().flatten().min()?;
    Some((*least).min(MOST))
}

impl Line {
    fn take(&mut self, link: &Link, wanted: bool) {
        if self.taken != wanted {
            self.taken = wanted;
            link.take_screen(Take {
                layer: wanted.then_some(Layer::Full),
                every_frame: true,
            });
        }
    }

    fn tell_paused(&mut self, link: &Link, paused: bool) {
        let message = || Bytes::from(Control::screen_paused(paused).to_json());
        // What can't be said now is said a tenth of a second later.
        if self.paused != paused && link.send_control(message()).is_ok() {
            self.paused = paused;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kbps(rate: u64) -> Bitrate {
        Bitrate::from_kbps(rate)
    }

    #[test]
    fn the_narrowest_way_that_carries_a_screen_says_what_it_may_cost() {
        let rooms = [1_000, 5_000, 250].map(|it| room(kbps(it), true));
        assert!(rooms[2].is_none(), "too narrow to be read on");
        let cost = rate(&rooms).unwrap();
        assert!((kbps(600)..kbps(640)).contains(&cost), "{cost}");
        assert_eq!(rate(&[room(kbps(50_000), true)]), Some(MOST));
        assert_eq!(rate(&[None, None]), None);
    }

    #[test]
    fn a_way_that_was_too_narrow_must_be_clearly_wider_before_it_is_used_again() {
        assert!(room(kbps(380), true).is_some());
        assert!(room(kbps(380), false).is_none());
        assert!(room(kbps(480), false).is_some());
    }

    #[test]
    fn the_camera_keeps_its_part() {
        let room = room(kbps(2_000), true).unwrap();
        assert!(room * HEADERS + VOICE + kbps(500) < kbps(2_000));
    }
}
