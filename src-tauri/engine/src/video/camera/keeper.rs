//! What to do about a camera or a screen: pure decisions from orders, events and times.

use std::time::{Duration, Instant};

use super::reader::ReaderEvent;
use crate::device::{DeviceEvent, DeviceProblem};
use crate::video::source::Spec;

/// A camera that was opened has this long to deliver its first picture: some need seconds to wake.
const FIRST_FRAME: Duration = Duration::from_secs(8);

/// A camera that has delivered and then does not for this long has stopped.
const SILENCE: Duration = Duration::from_secs(3);

/// A camera that does not work is tried again after this. Listing cameras takes milliseconds, and one
/// that is plugged in should be seen at once.
const RETRY: Duration = Duration::from_secs(1);

/// How often a running camera is looked at.
const WATCH: Duration = Duration::from_millis(250);

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Action<S> {
    /// Start a reader; its events carry this number.
    Start { generation: u64, spec: S },
    /// Stop the reader, and show no picture.
    Stop,
    /// Tell the person's side.
    Tell(DeviceEvent),
}

#[derive(Debug, PartialEq)]
enum State {
    /// No reader, and none wanted until an order comes.
    Resting,
    /// No reader; one is to be started then.
    Waiting { until: Option<Instant> },
    /// A reader runs since then.
    Reading { since: Instant },
    /// The reader has ended or must end; it is to be cleared away.
    Ending { then: Then },
}

/// What follows when a reader was cleared away.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// What is wanted now is opened.
    Open,
    /// It is opened again after [`RETRY`].
    Retry,
    /// Nothing, until an order comes.
    Rest,
}

/// Keeps one camera, or one screen, going.
pub struct Keeper<S> {
    spec: S,
    off: bool,
    state: State,
    generation: u64,
    told: Option<DeviceEvent>,
    to_tell: Vec<DeviceEvent>,
    /// It has worked since it was selected: when it goes, it is lost and not absent.
    has_worked: bool,
}

impl<S: Spec> Keeper<S> {
    /// One that begins by opening this.
    pub fn new(spec: S) -> Self {
        Self {
            spec,
            off: false,
            state: State::Waiting { until: None },
            generation: 0,
            told: None,
            to_tell: Vec::new(),
            has_worked: false,
        }
    }

    /// Another camera is wanted.
    pub fn select(&mut self, spec: S) {
        if spec == self.spec {
            return;
        }
        self.spec = spec;
        self.told = None;
        self.has_worked = false;
        self.begin_anew();
    }

    /// The camera is switched off or on.
    pub fn set_off(&mut self, off: bool) {
        if off == self.off {
            return;
        }
        self.off = off;
        self.told = None;
        self.begin_anew();
    }

    /// The reader of this generation tells something.
    pub fn reader_event(&mut self, generation: u64, event: ReaderEvent, _now: Instant) {
        if generation != self.generation || !matches!(self.state, State::Reading { .. }) {
            return;
        }
        match event {
            ReaderEvent::Opened(name) => {
                self.has_worked = true;
                self.tell(DeviceEvent::Opened { name });
            }
            ReaderEvent::Ended(problem) => self.fail(problem),
        }
    }

    /// What is to be done now. `last_frame` is when the present reader last delivered.
    pub fn poll(&mut self, last_frame: Option<Instant>, now: Instant) -> Vec<Action<S>> {
        let mut actions = Vec::new();
        if let State::Reading { since } = self.state
            && self.is_silent(since, last_frame, now)
        {
            self.fail(DeviceProblem::Silent);
        }
        if let State::Ending { then } = self.state {
            actions.push(Action::Stop);
            self.state = match then {
                _ if self.off || self.spec == S::NONE => State::Resting,
                Then::Open => State::Waiting { until: None },
                Then::Retry => State::Waiting {
                    until: Some(now + RETRY),
                },
                Then::Rest => State::Resting,
            };
        }
        if let State::Waiting { until } = self.state
            && until.is_none_or(|until| now >= until)
        {
            if self.off || self.spec == S::NONE {
                self.state = State::Resting;
            } else {
                self.generation += 1;
                self.state = State::Reading { since: now };
                actions.push(Action::Start {
                    generation: self.generation,
                    spec: self.spec.clone(),
                });
            }
        }
        actions.extend(self.to_tell.drain(..).map(Action::Tell));
        actions
    }

    /// How long `poll` may be left alone.
    pub fn patience(&self, now: Instant) -> Duration {
        match self.state {
            State::Waiting { until } => until.map_or(Duration::ZERO, |until| {
                until.saturating_duration_since(now).min(WATCH)
            }),
            State::Ending { .. } => Duration::ZERO,
            State::Resting | State::Reading { .. } => WATCH,
        }
    }

    fn begin_anew(&mut self) {
        self.state = State::Ending { then: Then::Open };
    }

    fn fail(&mut self, problem: DeviceProblem) {
        // A camera that worked and is not on the list any more is gone rather than absent.
        let problem = match problem {
            DeviceProblem::None if self.has_worked => DeviceProblem::Lost,
            // One that left between the listing and the opening was never there.
            DeviceProblem::Lost if !self.has_worked => DeviceProblem::None,
            other => other,
        };
        // Nobody is asked a second time by themselves, and what they have ended is not begun again.
        let then = if self.spec.asks() || problem == DeviceProblem::Ended {
            Then::Rest
        } else {
            Then::Retry
        };
        self.tell(DeviceEvent::Problem(problem));
        self.state = State::Ending { then };
    }

    fn is_silent(&self, since: Instant, last_frame: Option<Instant>, now: Instant) -> bool {
        match last_frame {
            // A person takes their time.
            None if self.spec.asks() => false,
            None => now.saturating_duration_since(since) >= FIRST_FRAME,
            Some(last) => now.saturating_duration_since(last) >= SILENCE,
        }
    }

    /// Only changes are told.
    fn tell(&mut self, event: DeviceEvent) {
        if self.told.as_ref() != Some(&event) {
            self.told = Some(event.clone());
            self.to_tell.push(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::source::CameraSpec;
    use Action::{Start, Stop, Tell};

    fn opened() -> ReaderEvent {
        ReaderEvent::Opened("Cam".into())
    }

    fn told(problem: DeviceProblem) -> Action<CameraSpec> {
        Tell(DeviceEvent::Problem(problem))
    }

    fn start(generation: u64) -> Action<CameraSpec> {
        Start {
            generation,
            spec: CameraSpec::Default,
        }
    }

    /// A camera that has just delivered its first picture.
    fn running() -> (Keeper<CameraSpec>, Instant) {
        let (mut keeper, now) = (Keeper::new(CameraSpec::Default), Instant::now());
        assert_eq!(keeper.poll(None, now), [start(1)]);
        keeper.reader_event(1, opened(), now);
        assert_eq!(
            keeper.poll(Some(now), now),
            [Tell(DeviceEvent::Opened { name: "Cam".into() })]
        );
        (keeper, now)
    }

    #[test]
    fn an_unplugged_camera_is_told_of_once_and_opened_again_when_it_is_back() {
        let (mut keeper, start_time) = running();
        keeper.reader_event(1, ReaderEvent::Ended(DeviceProblem::Lost), start_time);
        assert_eq!(
            keeper.poll(None, start_time),
            [Stop, told(DeviceProblem::Lost)]
        );
        let mut now = start_time;
        for generation in 2..5 {
            assert_eq!(keeper.poll(None, now + RETRY / 2), []);
            now += RETRY;
            assert_eq!(keeper.poll(None, now), [start(generation)]);
            keeper.reader_event(generation, ReaderEvent::Ended(DeviceProblem::None), now);
            assert_eq!(keeper.poll(None, now), [Stop], "not told again");
        }
        now += RETRY;
        assert_eq!(keeper.poll(None, now), [start(5)]);
        keeper.reader_event(5, opened(), now);
        assert_eq!(keeper.poll(Some(now), now).len(), 1);
    }

    #[test]
    fn a_camera_that_stops_delivering_is_replaced() {
        let (mut keeper, now) = running();
        assert_eq!(keeper.poll(Some(now), now + SILENCE - WATCH), []);
        let silent = keeper.poll(Some(now), now + SILENCE);
        assert_eq!(silent, [Stop, told(DeviceProblem::Silent)]);
        assert_eq!(keeper.poll(None, now + SILENCE + RETRY), [start(2)]);
        // What the one left behind says at last is of no interest.
        keeper.reader_event(1, ReaderEvent::Ended(DeviceProblem::Lost), now);
        assert_eq!(keeper.poll(None, now + SILENCE + RETRY), []);
    }

    #[test]
    fn a_camera_may_take_seconds_to_wake() {
        let (mut keeper, now) = (Keeper::new(CameraSpec::Default), Instant::now());
        keeper.poll(None, now);
        assert_eq!(keeper.poll(None, now + FIRST_FRAME - WATCH), []);
        assert_eq!(
            keeper.poll(None, now + FIRST_FRAME),
            [Stop, told(DeviceProblem::Silent)]
        );
    }

    /// What asks the person.
    #[derive(Clone, Debug, PartialEq)]
    enum Asked {
        Nothing,
        Screen,
    }

    impl std::fmt::Display for Asked {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{self:?}")
        }
    }

    impl Spec for Asked {
        const NONE: Self = Self::Nothing;
        const THREAD: &'static str = "asked";

        fn open(&self) -> Result<Box<dyn crate::video::source::Source>, DeviceProblem> {
            Err(DeviceProblem::None)
        }

        fn asks(&self) -> bool {
            true
        }
    }

    #[test]
    fn what_asks_the_person_is_waited_for_and_asks_once() {
        let (mut keeper, now) = (Keeper::new(Asked::Screen), Instant::now());
        let begin = |generation| Start {
            generation,
            spec: Asked::Screen,
        };
        let hour = Duration::from_secs(3600);
        assert_eq!(keeper.poll(None, now), [begin(1)]);
        assert_eq!(keeper.poll(None, now + hour), []);
        keeper.reader_event(1, ReaderEvent::Ended(DeviceProblem::Ended), now);
        let told = Tell(DeviceEvent::Problem(DeviceProblem::Ended));
        assert_eq!(keeper.poll(None, now), [Stop, told]);
        assert_eq!(keeper.poll(None, now + hour), []);
        keeper.select(Asked::Nothing);
        assert_eq!(keeper.poll(None, now), [Stop]);
        keeper.select(Asked::Screen);
        assert_eq!(keeper.poll(None, now), [Stop, begin(2)]);
    }

    #[test]
    fn what_the_person_has_ended_is_not_opened_again() {
        let (mut keeper, now) = running();
        keeper.reader_event(1, ReaderEvent::Ended(DeviceProblem::Ended), now);
        assert_eq!(keeper.poll(None, now), [Stop, told(DeviceProblem::Ended)]);
        assert_eq!(keeper.poll(None, now + Duration::from_secs(3600)), []);
    }

    #[test]
    fn off_releases_the_camera_and_on_opens_it() {
        let (mut keeper, now) = running();
        keeper.set_off(true);
        assert_eq!(keeper.patience(now), Duration::ZERO);
        assert_eq!(keeper.poll(Some(now), now), [Stop]);
        assert_eq!(keeper.poll(None, now + SILENCE * 10), []);
        keeper.set_off(false);
        assert_eq!(keeper.poll(None, now), [Stop, start(2)]);
    }

    #[test]
    fn a_busy_camera_and_a_refused_one_are_tried_again() {
        for problem in [DeviceProblem::Busy, DeviceProblem::Refused] {
            let (mut keeper, now) = (Keeper::new(CameraSpec::Default), Instant::now());
            keeper.poll(None, now);
            keeper.reader_event(1, ReaderEvent::Ended(problem.clone()), now);
            assert_eq!(keeper.poll(None, now), [Stop, told(problem)]);
            assert_eq!(keeper.poll(None, now + RETRY), [start(2)]);
        }
    }

    #[test]
    fn no_camera_wanted_means_no_reader_and_no_complaint() {
        let (mut keeper, now) = (Keeper::new(CameraSpec::None), Instant::now());
        assert_eq!(keeper.poll(None, now), []);
        keeper.select(CameraSpec::Default);
        assert_eq!(keeper.poll(None, now), [Stop, start(1)]);
        keeper.select(CameraSpec::None);
        assert_eq!(keeper.poll(None, now), [Stop]);
    }

    #[test]
    fn the_same_choice_again_changes_nothing() {
        let (mut keeper, now) = running();
        keeper.select(CameraSpec::Default);
        keeper.set_off(false);
        assert_eq!(keeper.poll(Some(now), now), []);
    }
}
