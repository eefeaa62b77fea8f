//! Sharing a screen from a terminal, and a word on those that are shared.

use std::collections::HashMap;
use std::time::Duration;

use visio_engine::call::{CallState, Command, DeviceStatus, Phase};
use visio_engine::session::Session;
use visio_engine::video::ScreenSpec;
use visio_protocol::PersonId;

use crate::words::Words;

/// Shares something, once in the call, and for a time if that is wanted.
pub struct Sharing {
    spec: ScreenSpec,
    seconds: Option<f64>,
    begun: bool,
    stop_at: Option<tokio::time::Instant>,
}

impl Sharing {
    pub fn new(spec: ScreenSpec, seconds: Option<f64>) -> Self {
        Self {
            spec,
            seconds,
            begun: false,
            stop_at: None,
        }
    }

    /// Begins as soon as it can.
    pub fn step(&mut self, session: &Session, state: &CallState) {
        if self.begun || state.phase != Phase::Calling || self.spec == ScreenSpec::None {
            return;
        }
        self.begun = true;
        session.send(Command::Share(self.spec.clone()));
        let time = self.seconds.map(|it| Duration::from_secs_f64(it.max(0.0)));
        self.stop_at = time.map(|time| tokio::time::Instant::now() + time);
    }

    /// Waits until it has been shared for long enough, or for ever.
    pub async fn time_is_up(&self) {
        match self.stop_at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Shares no more.
    pub fn stop(&mut self, session: &Session) {
        self.stop_at = None;
        session.send(Command::Share(ScreenSpec::None));
    }
}

/// Says on stderr who shares a screen, and how one's own does.
pub struct Screens<'a> {
    words: &'a Words,
    own: DeviceStatus,
    /// Whether it pauses, of each who shares one.
    others: HashMap<PersonId, (String, bool)>,
}

impl<'a> Screens<'a> {
    pub fn new(words: &'a Words) -> Self {
        Self {
            words,
            own: DeviceStatus::None,
            others: HashMap::new(),
        }
    }

    pub fn tell(&mut self, state: &CallState) {
        let own = &state.me.screen;
        if std::mem::replace(&mut self.own, own.status) != own.status {
            let key = match own.status {
                DeviceStatus::Ok => Some("screen.own"),
                DeviceStatus::None if own.is_shared() => Some("screen.none"),
                DeviceStatus::None => Some("screen.own.over"),
                DeviceStatus::Opening => None,
                DeviceStatus::Lost | DeviceStatus::Silent => Some("screen.lost"),
                DeviceStatus::Refused => Some("screen.refused"),
                DeviceStatus::Busy | DeviceStatus::Failed => Some("screen.failed"),
            };
            if let Some(key) = key {
                self.say(&self.words.here(key), "");
            }
        }
        let people = || state.people.iter();
        for person in people() {
            let Some(screen) = person.screen else {
                continue;
            };
            let now = (person.name.clone(), screen.paused);
            let before = self.others.insert(person.id, now);
            match before.map(|(_, paused)| paused) {
                None => self.say("screen.theirs", &person.name),
                Some(before) if before != screen.paused && screen.paused => {
                    self.say("screen.paused", &person.name);
                }
                Some(_) => {}
            }
        }
        let words = self.words;
        self.others.retain(|id, (name, _)| {
            let shared = people().any(|person| person.id == *id && person.screen.is_some());
            if !shared {
                eprintln!("{}", words.say("screen.over", &[("name", name)]));
            }
            shared
        });
    }

    fn say(&self, key: &str, name: &str) {
        eprintln!("{}", self.words.say(key, &[("name", name)]));
    }
}
