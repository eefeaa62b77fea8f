//! Who is sent what of our picture, decided ten times a second and carried out: what each link takes, which layers are
//! encoded at which rate, and a word to whom no picture is sent, or less than they ask for.
//!
//! On the session's task; costs microseconds.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use visio_protocol::control::Limited;
use visio_protocol::{Control, SessionId};

use super::limits::{Hold, Means, ours, words};
use super::load::Load;
use super::per_link::PerLink;
use super::screen_sending;
use super::shared_line::{Flow, SharedLine};
use crate::link::{Link, LinkStats};
use crate::transport::bitrate::Bitrate;
use crate::transport::ladder::{Chosen, Ladder, Offer, Want};
use crate::transport::layer::Layer;
use crate::transport::take::Take;
use crate::video::{LayerEncoders, Strain};

/// A screen gets a share of what there is: for its most, that much more must be known to be there.
const SCREEN_AND_ROOM: f64 = 1.2;

/// One connection that pictures can be sent on, and how tall they are shown at its other end.
pub(super) struct Way {
    pub session: SessionId,
    pub link: Arc<Link>,
    pub rows: Option<u32>,
    /// How tall the screen that we share is shown there.
    pub screen_rows: Option<u32>,
}

/// Our own picture, as it is now.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnPicture {
    /// Its size; none before the first one.
    pub size: Option<(u32, u32)>,
    /// There is none, and nobody expects one.
    pub off: bool,
}

/// What was decided last.
#[derive(Default)]
pub(super) struct Sending {
    /// The most that one person's picture may cost.
    most: Option<Bitrate>,
    ladder: Ladder<SessionId>,
    strain: Strain,
    uplink: SharedLine,
    lines: PerLink<Link, Line>,
    limited: Limited,
}

/// What one link was told last.
struct Line {
    take: Option<Take>,
    paused: bool,
    load: Load,
    hold: Hold,
    /// What keeps the picture down, as they were told; none when it may be forgotten.
    limited: Option<Limited>,
}

impl Sending {
    /// Nothing is decided yet; no picture will cost more than `most`.
    pub fn new(most: Option<Bitrate>) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// Whether the machine does not keep up.
    pub fn slow(&self) -> bool {
        self.strain.slow()
    }

    /// What our own line carries to each of them, where all of them are held up.
    pub fn bound(&self) -> Option<Bitrate> {
        self.uplink.bound()
    }

    /// What of the network keeps the others from seeing us better.
    pub fn limited(&self) -> Limited {
        self.limited
    }

    /// A link has come up, for the first time or again: what it was told before may be forgotten.
    pub fn renew(&mut self, session: SessionId) {
        for line in self.lines.of(session) {
            line.take = None;
            line.limited = None;
        }
    }

    /// Decides anew, for the connections there are now; on each of them so much is `kept` for the screen.
    pub fn decide(
        &mut self,
        ways: &[Way],
        encoders: &LayerEncoders,
        picture: OwnPicture,
        kept: &[Bitrate],
        now: Instant,
    ) {
        let (efforts, was_slow) = (encoders.efforts(), self.strain.slow());
        self.strain.observe(&efforts, now);
        if self.strain.slow() != was_slow {
            tracing::info!(slow = !was_slow, ?efforts, "how this machine keeps up");
        }
        self.lines
            .keep(ways.iter().map(|way| (way.session, &way.link)));
        let stats: Vec<_> = ways.iter().map(|way| way.link.stats()).collect();
        let flows = ways.iter().zip(&stats);
        let flows: Vec<_> = flows.filter_map(|(way, stats)| flow(way, stats)).collect();
        self.uplink.observe(&flows, now);
        let uplink = self.uplink.bound();
        let bounds: Vec<Option<Bitrate>> = stats
            .iter()
            .map(|stats| uplink.into_iter().chain(stats.most).min())
            .collect();
        let wants: Vec<_> = ways
            .iter()
            .zip(self.lines.iter_mut())
            .zip(&stats)
            .zip(bounds.iter().zip(kept))
            .map(|(((way, line), stats), (bound, kept))| Want {
                peer: way.session,
                estimate: stats.estimate.map(|it| bounded(it, *bound)),
                reserved: line.load.reserve(stats, now) + *kept,
                rows: way.rows,
            })
            .collect();
        let offer = |top| {
            let offer = Offer::of(picture.size, top);
            self.most.map_or(offer, |most| offer.at_most(most))
        };
        let means = Means {
            camera: offer(Layer::Full),
            encoded: offer(self.strain.top()),
            half_rate: self.strain.half_rate(),
        };
        let plan = self.ladder.plan(&wants, means.encoded, now);
        let lines = ways.iter().zip(self.lines.iter_mut()).zip(&bounds);
        for ((((way, line), bound), chosen), kept) in lines.zip(&plan.chosen).zip(kept) {
            // There is no use in finding out more than may be sent.
            let screen = if *kept > Bitrate::ZERO {
                screen_sending::MOST * SCREEN_AND_ROOM
            } else {
                Bitrate::ZERO
            };
            let useful = chosen.useful + screen;
            way.link.set_wanted(bounded(useful, *bound));
            line.obey(way, chosen);
            line.tell_paused(&way.link, chosen.paused && !picture.off);
        }
        self.tell_limits(ways, &wants, &plan.chosen, &means, picture, now);
        // The links have been told first, so that none misses the keyframe that a layer begins with.
        encoders.set(&plan.rates, means.half_rate);
        encoders.poll(now);
    }

    /// Says to each what keeps the picture down on its way there.
    fn tell_limits(
        &mut self,
        ways: &[Way],
        wants: &[Want<SessionId>],
        chosen: &[Chosen<SessionId>],
        means: &Means,
        picture: OwnPicture,
        now: Instant,
    ) {
        let lines = self.lines.iter_mut().zip(wants).zip(chosen);
        let held: Vec<_> = lines
            .map(|((line, want), chosen)| {
                let rows = want.rows.filter(|_| !picture.off);
                let want = Want { rows, ..*want };
                line.hold.observe(&want, chosen, means, now)
            })
            .collect();
        self.limited = ours(&held);
        for ((way, line), limited) in ways.iter().zip(self.lines.iter_mut()).zip(words(&held)) {
            line.tell_limited(way, limited);
        }
    }
}

fn bounded(rate: Bitrate, bound: Option<Bitrate>) -> Bitrate {
    bound.map_or(rate, |bound| rate.min(bound))
}

/// How a connection that reports is doing.
fn flow(way: &Way, stats: &LinkStats) -> Option<Flow> {
    Some(Flow {
        arrived: stats.acknowledged?,
        queue: Some(stats.queue_delay),
        loss: stats.loss,
        picture: way.rows.is_some(),
    })
}

impl Default for Line {
    fn default() -> Self {
        Self {
            take: None,
            paused: false,
            load: Load::default(),
            hold: Hold::default(),
            limited: Some(Limited::Nothing),
        }
    }
}

impl Line {
    /// Has the link take what was chosen; it asks for the keyframe that it then waits for.
    fn obey(&mut self, way: &Way, chosen: &Chosen<SessionId>) {
        if self.take.replace(chosen.take) != Some(chosen.take) {
            tracing::debug!(session = %way.session, take = ?chosen.take, "another layer");
            way.link.take(chosen.take);
        }
    }

    fn tell_paused(&mut self, link: &Link, paused: bool) {
        let message = || Bytes::from(Control::paused(paused).to_json());
        // What can't be said now is said a tenth of a second later.
        if self.paused != paused && link.send_control(message()).is_ok() {
            self.paused = paused;
        }
    }

    fn tell_limited(&mut self, way: &Way, limited: Limited) {
        let message = || Bytes::from(Control::limited(limited).to_json());
        if self.limited != Some(limited) && way.link.send_control(message()).is_ok() {
            tracing::debug!(session = %way.session, ?limited, "what keeps our picture down");
            self.limited = Some(limited);
        }
    }
}
