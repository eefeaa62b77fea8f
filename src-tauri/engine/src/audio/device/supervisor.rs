//! When to open a device, when to give up on it, and what to tell about it.
//!
//! Pure: reports and times in, decisions out. A device is judged by what it does and not by what it says, because a sink
//! removed from PulseAudio, for one, just stops asking for sound, without any error.

use std::time::{Duration, Instant};

use super::Wanted;
use crate::device::{DeviceEvent, DeviceProblem};

/// A sound server that takes longer to open a device hangs.
const LONGEST_OPENING: Duration = Duration::from_secs(6);

/// A device that was just opened may take this long to settle: an idle one of PulseAudio takes a first gulp, or nothing,
/// and then sleeps for another 2 s.
const SETTLES_WITHIN: Duration = Duration::from_secs(4);

/// A device that has settled must go on delivering; Bluetooth headsets pause for a second when they switch profiles.
const SILENT_AFTER: Duration = Duration::from_millis(1_500);

/// The first retry after a failure, doubled with each in a row.
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// The longest between two retries: about as long as people wait after plugging something in.
const LONGEST_RETRY: Duration = Duration::from_secs(2);

/// What a device's session reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Report {
    /// It is open under this name.
    Opened(String),
    /// It could not be opened.
    Failed(DeviceProblem),
    /// What was wanted is another device now.
    Superseded,
    /// The system says that the stream is over, or that the device is gone.
    Broke(DeviceProblem),
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Close what is open, if anything is, and forget what is being opened.
    Close,
    /// Open this.
    Open(Wanted),
    /// Tell the person.
    Tell(DeviceEvent),
}

#[derive(Debug)]
enum State {
    Resting {
        until: Instant,
    },
    Opening {
        since: Instant,
    },
    Running {
        opened: Instant,
        frames: u64,
        since: Instant,
        name: Option<String>,
    },
}

/// Watches over one wanted device.
#[derive(Debug)]
pub(super) struct Supervisor {
    wanted: Wanted,
    state: State,
    retry: Duration,
    was_open: bool,
    told: Option<DeviceEvent>,
}

impl Supervisor {
    /// Starts by opening the device.
    pub(super) fn new(wanted: Wanted, now: Instant) -> (Self, Vec<Act>) {
        let open = Act::Open(wanted.clone());
        let state = State::Opening { since: now };
        (
            Self {
                wanted,
                state,
                retry: FIRST_RETRY,
                was_open: false,
                told: None,
            },
            vec![open],
        )
    }

    /// The session says something.
    pub(super) fn report(&mut self, report: Report, now: Instant) -> Vec<Act> {
        match report {
            Report::Opened(name) => {
                self.was_open = true;
                // Told once it delivers: a device that opens and stays silent is of no use to anybody.
                self.state = State::Running {
                    opened: now,
                    frames: 0,
                    since: now,
                    name: Some(name),
                };
                Vec::new()
            }
            Report::Failed(problem) => {
                let problem = if problem == DeviceProblem::None && self.was_open {
                    DeviceProblem::Lost
                } else {
                    problem
                };
                self.stand_in(&problem);
                let mut acts = self.rest(now);
                acts.extend(self.tell(DeviceEvent::Problem(problem)));
                acts
            }
            Report::Superseded => {
                if let Wanted::InsteadOf(id) = &self.wanted {
                    self.wanted = Wanted::Named(id.clone());
                }
                self.reopen(now)
            }
            Report::Broke(problem) => {
                let mut acts = self.tell(DeviceEvent::Problem(problem));
                acts.extend(self.reopen(now));
                acts
            }
        }
    }

    /// Time has passed; the device has delivered so many frames since it was opened.
    pub(super) fn tick(&mut self, delivered: u64, now: Instant) -> Vec<Act> {
        match &mut self.state {
            State::Resting { until } if now >= *until => {
                self.state = State::Opening { since: now };
                vec![Act::Open(self.wanted.clone())]
            }
            State::Opening { since } if now.duration_since(*since) >= LONGEST_OPENING => {
                let mut acts = self.rest(now);
                acts.extend(self.tell(DeviceEvent::Problem(DeviceProblem::Silent)));
                acts
            }
            State::Running {
                frames,
                since,
                name,
                ..
            } if delivered > *frames => {
                *frames = delivered;
                *since = now;
                self.retry = FIRST_RETRY;
                match name.take() {
                    Some(name) => self.tell(DeviceEvent::Opened { name }),
                    None => Vec::new(),
                }
            }
            State::Running { opened, since, .. } => {
                let settled = now.duration_since(*opened) >= SETTLES_WITHIN;
                if !settled || now.duration_since(*since) < SILENT_AFTER {
                    return Vec::new();
                }
                let mut acts = self.tell(DeviceEvent::Problem(DeviceProblem::Silent));
                acts.extend(self.reopen(now));
                acts
            }
            _ => Vec::new(),
        }
    }

    /// A named device that was there and is gone is stood in for by the default one, until it is back.
    fn stand_in(&mut self, problem: &DeviceProblem) {
        match &self.wanted {
            Wanted::Named(id) if *problem == DeviceProblem::Lost => {
                self.wanted = Wanted::InsteadOf(id.clone())
            }
            // The default is no help either: the named one may come back first.
            Wanted::InsteadOf(id) => self.wanted = Wanted::Named(id.clone()),
            _ => {}
        }
    }

    fn reopen(&mut self, now: Instant) -> Vec<Act> {
        self.state = State::Opening { since: now };
        vec![Act::Close, Act::Open(self.wanted.clone())]
    }

    fn rest(&mut self, now: Instant) -> Vec<Act> {
        self.state = State::Resting {
            until: now + self.retry,
        };
        self.retry = (self.retry * 2).min(LONGEST_RETRY);
        vec![Act::Close]
    }

    fn tell(&mut self, event: DeviceEvent) -> Vec<Act> {
        if self.told.as_ref() == Some(&event) {
            return Vec::new();
        }
        self.told = Some(event.clone());
        vec![Act::Tell(event)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device and a clock that only move when told to.
    struct Scene {
        supervisor: Supervisor,
        now: Instant,
        delivered: u64,
    }

    impl Scene {
        fn open(wanted: Wanted) -> Self {
            let now = Instant::now();
            let (supervisor, acts) = Supervisor::new(wanted.clone(), now);
            assert_eq!(acts, [Act::Open(wanted)]);
            Self {
                supervisor,
                now,
                delivered: 0,
            }
        }

        fn report(&mut self, report: Report) -> Vec<Act> {
            self.delivered = 0;
            self.supervisor.report(report, self.now)
        }

        /// The device opens and begins to deliver; what is told of it.
        fn deliver(&mut self, name: &str) -> Vec<Act> {
            assert_eq!(self.report(Report::Opened(name.into())), []);
            self.pass(Duration::from_millis(200), true)
        }

        /// Everything decided within `time`, while the device delivers or not.
        fn pass(&mut self, time: Duration, delivers: bool) -> Vec<Act> {
            let step = Duration::from_millis(100);
            let end = self.now + time;
            let mut acts = Vec::new();
            while self.now < end {
                self.now += step;
                self.delivered += if delivers { 4_800 } else { 0 };
                acts.extend(self.supervisor.tick(self.delivered, self.now));
            }
            acts
        }
    }

    fn opened(name: &str) -> Act {
        Act::Tell(DeviceEvent::Opened { name: name.into() })
    }

    fn told(problem: DeviceProblem) -> Act {
        Act::Tell(DeviceEvent::Problem(problem))
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_device_that_delivers_is_left_alone() {
        let mut scene = Scene::open(Wanted::Default);
        assert_eq!(scene.deliver("Headset"), [opened("Headset")]);
        assert_eq!(scene.pass(MINUTE, true), []);
    }

    #[test]
    fn a_device_that_stops_delivering_is_told_and_opened_again_within_two_seconds() {
        let mut scene = Scene::open(Wanted::Default);
        scene.deliver("Headset");
        scene.pass(MINUTE, true);
        let acts = scene.pass(Duration::from_secs(2), false);
        assert_eq!(
            acts,
            [
                told(DeviceProblem::Silent),
                Act::Close,
                Act::Open(Wanted::Default)
            ]
        );
        assert_eq!(scene.deliver("Headset"), [opened("Headset")]);
    }

    #[test]
    fn a_device_may_take_its_time_to_settle_even_after_a_first_gulp() {
        let mut scene = Scene::open(Wanted::Default);
        scene.deliver("Null sink");
        assert_eq!(scene.pass(Duration::from_secs(3), false), []);
        assert_eq!(scene.pass(Duration::from_secs(2), false).len(), 3);
    }

    #[test]
    fn a_device_that_opens_and_never_delivers_is_told_as_silent_alone() {
        let mut scene = Scene::open(Wanted::Default);
        for round in 0..5 {
            assert_eq!(scene.report(Report::Opened("Mute".into())), []);
            let told_now = scene
                .pass(Duration::from_secs(5), false)
                .contains(&told(DeviceProblem::Silent));
            assert_eq!(told_now, round == 0);
        }
    }

    #[test]
    fn a_machine_without_devices_is_told_once_and_asked_again_every_two_seconds() {
        let mut scene = Scene::open(Wanted::Default);
        assert_eq!(
            scene.report(Report::Failed(DeviceProblem::None)),
            [Act::Close, told(DeviceProblem::None)]
        );
        let mut asked = 0;
        for _ in 0..60 {
            let acts = scene.pass(Duration::from_secs(1), false);
            if acts == [Act::Open(Wanted::Default)] {
                asked += 1;
                assert_eq!(
                    scene.report(Report::Failed(DeviceProblem::None)),
                    [Act::Close]
                );
            }
        }
        assert!((28..=34).contains(&asked), "{asked}");
    }

    #[test]
    fn busy_and_refused_are_told_apart() {
        let mut scene = Scene::open(Wanted::Named("usb".into()));
        assert!(
            scene
                .report(Report::Failed(DeviceProblem::Busy))
                .contains(&told(DeviceProblem::Busy))
        );
        scene.pass(Duration::from_secs(1), false);
        assert!(
            scene
                .report(Report::Failed(DeviceProblem::Refused))
                .contains(&told(DeviceProblem::Refused))
        );
    }

    #[test]
    fn a_headset_unplugged_in_mid_call_is_stood_in_for_until_it_is_back() {
        let mut scene = Scene::open(Wanted::Named("headset".into()));
        scene.deliver("Headset");
        scene.pass(MINUTE, true);
        assert!(
            scene
                .pass(Duration::from_secs(2), false)
                .contains(&Act::Open(Wanted::Named("headset".into())))
        );
        assert_eq!(
            scene.report(Report::Failed(DeviceProblem::None)),
            [Act::Close, told(DeviceProblem::Lost)]
        );
        let instead = Act::Open(Wanted::InsteadOf("headset".into()));
        assert_eq!(scene.pass(Duration::from_secs(1), false), [instead]);
        assert_eq!(scene.deliver("Built-in"), [opened("Built-in")]);
        scene.pass(MINUTE, true);
        assert_eq!(
            scene.report(Report::Superseded),
            [Act::Close, Act::Open(Wanted::Named("headset".into()))]
        );
        assert_eq!(scene.deliver("Headset"), [opened("Headset")]);
    }

    #[test]
    fn a_named_device_that_never_was_there_is_not_replaced_behind_ones_back() {
        let mut scene = Scene::open(Wanted::Named("nonsense".into()));
        scene.report(Report::Failed(DeviceProblem::None));
        let again = Act::Open(Wanted::Named("nonsense".into()));
        assert_eq!(scene.pass(Duration::from_secs(1), false), [again]);
    }

    #[test]
    fn another_default_device_is_followed_without_a_word_of_trouble() {
        let mut scene = Scene::open(Wanted::Default);
        scene.deliver("Built-in");
        assert_eq!(
            scene.report(Report::Superseded),
            [Act::Close, Act::Open(Wanted::Default)]
        );
        assert_eq!(scene.deliver("Headset"), [opened("Headset")]);
    }

    #[test]
    fn a_sound_server_that_hangs_is_given_up_on_and_tried_again() {
        let mut scene = Scene::open(Wanted::Default);
        let acts = scene.pass(Duration::from_secs(7), false);
        assert_eq!(
            acts,
            [
                Act::Close,
                told(DeviceProblem::Silent),
                Act::Open(Wanted::Default)
            ]
        );
    }
}
