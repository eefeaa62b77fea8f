//! The connections there are, and what is remembered of those that were.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Instant;

use visio_protocol::{PersonId, SessionId};

use super::frames::{FrameHub, Tile};
use super::peer::Peer;
use super::receiving::Source;
use super::sending::Way;
use crate::audio::Speaker;
use crate::call::{CallState, LimitedBy, Measured, PathShown, PersonMeasured, Quality, VideoShown};
use crate::link::LinkState;
use crate::stats::{AudioReport, PeerReport, VideoReport, milliseconds, quality};

/// Reports of people who left, kept for the end of the call. More than anybody meets in one.
const DEPARTED: usize = 64;

/// One person's connection, and since when.
struct Entry {
    person: PersonId,
    peer: Peer,
}

/// What is remembered of one person.
struct Known {
    name: String,
    /// Since when their first frames count: the moment of joining, or their arrival if later.
    counted_from: Instant,
    /// What kept their picture down while there was a connection, last.
    limited_by: Option<LimitedBy>,
}

/// Every connection by session, and what is remembered.
#[derive(Default)]
pub(super) struct Roster {
    peers: HashMap<SessionId, Entry>,
    known: HashMap<PersonId, Known>,
    departed: Vec<PeerReport>,
}

impl Roster {
    pub fn insert(&mut self, session: SessionId, person: PersonId, peer: Peer) {
        self.remove(session);
        self.peers.insert(session, Entry { person, peer });
    }

    pub fn get(&self, session: SessionId) -> Option<&Peer> {
        self.peers.get(&session).map(|entry| &entry.peer)
    }

    /// Ends a connection; what it measured is kept for the report.
    pub fn remove(&mut self, session: SessionId) {
        let Some(entry) = self.peers.remove(&session) else {
            return;
        };
        if let Some(report) = self.report_of(&entry)
            && self.departed.len() < DEPARTED
        {
            self.departed.push(report);
        }
    }

    pub fn clear(&mut self) {
        for session in self.peers.keys().copied().collect::<Vec<_>>() {
            self.remove(session);
        }
    }

    /// Remembers who they are, when they came and what kept their picture down, so that a report can tell it when they are gone.
    pub fn note(&mut self, state: &CallState, now: Instant) {
        for person in &state.people {
            let known = self.known.entry(person.id).or_insert_with(|| Known {
                name: String::new(),
                counted_from: now,
                limited_by: None,
            });
            known.name.clone_from(&person.name);
            if person.linked() {
                known.limited_by = person.limited_by;
            }
        }
    }

    /// The connections that pictures can be sent on now.
    pub fn ways(&self) -> Vec<Way> {
        let mut ways: Vec<_> = self
            .peers
            .iter()
            .filter_map(|(session, entry)| {
                let link = entry.peer.link()?;
                let open = matches!(
                    link.stats().state,
                    LinkState::Connected | LinkState::Disconnected
                );
                open.then(|| Way {
                    session: *session,
                    link,
                    rows: entry.peer.heard.rows(),
                    screen_rows: entry.peer.heard.screen_rows(),
                })
            })
            .collect();
        ways.sort_by_key(|way| way.session);
        ways
    }

    /// Everybody who sends to us, and how that arrives.
    pub fn sources(&self, now: Instant) -> Vec<Source> {
        self.peers
            .iter()
            .filter_map(|(session, entry)| {
                let inbound = &entry.peer.inbound;
                Some(Source {
                    session: *session,
                    link: entry.peer.link()?,
                    queue: inbound.queue(now),
                    voice: inbound.audio.packets(),
                    picture: inbound.video.is_expected() || inbound.screen.is_open(),
                })
            })
            .collect()
    }

    /// Tells the receivers whose camera is off, or who isn't shown: what does not come then is no freeze.
    pub fn expect_pictures(&self, state: &CallState) {
        for person in &state.people {
            if let Some(peer) = self.get(person.session) {
                let expected = !person.camera_off && person.shown.is_some();
                peer.inbound.video.set_expected(expected);
            }
        }
    }

    /// Receives the screens of those who share one, and tells them how tall it is shown.
    pub fn expect_screens(&mut self, state: &CallState, frames: &FrameHub, speaker: &Speaker) {
        for person in &state.people {
            if let Some(entry) = self.peers.get_mut(&person.session) {
                let shared = person.screen.is_some();
                let rows = person.screen_shown.filter(|_| shared);
                let to = || {
                    let picture = frames.slot_for(Tile::Screen(person.id));
                    (picture, speaker.add_source())
                };
                entry.peer.show_screen(shared, rows, to);
            }
        }
    }

    /// From now on, first frames count from here: the moment of joining.
    pub fn restart_times(&mut self, now: Instant) {
        for known in self.known.values_mut() {
            known.counted_from = now;
        }
    }

    /// The figures of this moment, for showing.
    pub fn measure(&self, measured: &mut Measured) {
        for entry in self.peers.values() {
            let video = entry.peer.inbound.video.stats();
            let audio = entry.peer.inbound.audio.stats();
            let link = entry.peer.link().map(|link| link.stats());
            let path = link.as_ref().map(PathShown::from).unwrap_or_default();
            let quality = link
                .as_ref()
                .map_or(Quality::Unknown, |link| quality(link, &video, &audio));
            measured.people.push((
                entry.person,
                PersonMeasured {
                    speaking: entry.peer.inbound.audio.is_speaking(),
                    picture: video.frames_decoded > 0,
                    paused: entry.peer.heard.paused(),
                    screen: entry.peer.inbound.screen_measured(&entry.peer.heard),
                    limited: entry.peer.heard.limited(),
                    behind: video.behind,
                    video: (video.frames_decoded > 0).then_some(VideoShown {
                        width: video.width,
                        height: video.height,
                        fps: video.fps,
                    }),
                    path,
                    quality,
                },
            ));
        }
    }

    /// What was measured of everybody, those who left included. Of one person the newest connection counts that carried
    /// anything: one that was tried anew while they were on their way out did not.
    pub fn reports(&self) -> Vec<PeerReport> {
        let present = self
            .peers
            .values()
            .filter_map(|entry| self.report_of(entry));
        let mut newest_first: Vec<PeerReport> =
            present.chain(self.departed.iter().rev().cloned()).collect();
        newest_first.sort_by_key(|report| {
            report.first_video_ms.is_none() && report.first_audio_ms.is_none()
        });
        let mut reports: Vec<PeerReport> = Vec::new();
        for report in newest_first {
            if !reports.iter().any(|known| known.person == report.person) {
                reports.push(report);
            }
        }
        reports.sort_by(|a, b| a.name.cmp(&b.name));
        reports
    }

    fn report_of(&self, entry: &Entry) -> Option<PeerReport> {
        let known = self.known.get(&entry.person)?;
        let inbound = &entry.peer.inbound;
        let link = entry.peer.link().map(|link| link.stats());
        let since = |at: &OnceLock<Instant>| {
            at.get()
                .map(|at| at.saturating_duration_since(known.counted_from))
        };
        let mut report = PeerReport::new(
            entry.person,
            known.name.clone(),
            known.counted_from.elapsed(),
            link,
            inbound.video.stats(),
            inbound.audio.stats(),
        );
        if let Some((picture, sound)) = inbound.screen.stats() {
            report.screen = Some(VideoReport::from(picture));
            report.sound = Some(AudioReport::from(sound));
        }
        report.first_screen_ms = since(&inbound.screen.first).map(milliseconds);
        report.first_video_ms = since(&inbound.first_picture).map(milliseconds);
        report.first_audio_ms = since(&inbound.first_sound).map(milliseconds);
        report.limited_by = known.limited_by.map(LimitedBy::word);
        Some(report)
    }
}
