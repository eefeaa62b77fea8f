//! From one encoder to every connection.
//!
//! Called on the encoders' threads, once for each encoded frame or packet; hands shared packets to each link's bounded queue and never waits
//! for any of them. Costs no latency of its own.

use std::sync::{Arc, PoisonError, RwLock};

use visio_protocol::SessionId;

use crate::audio::EncodedAudio;
use crate::link::Link;
use crate::video::EncodedVideo;

/// Every connection that takes what is encoded, with the session it leads to.
type Links = Vec<(SessionId, Arc<Link>)>;

/// The connections that take what is encoded. Cheap to clone; all clones see the same connections.
#[derive(Clone, Default)]
pub(super) struct Fanout {
    links: Arc<RwLock<Links>>,
}

impl Fanout {
    /// Takes a link in, in place of an older one to the same session.
    pub fn insert(&self, session: SessionId, link: Arc<Link>) {
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        links.retain(|(other, _)| *other != session);
        links.push((session, link));
    }

    /// Takes out exactly this link; one that has replaced it stays.
    pub fn remove(&self, link: &Arc<Link>) {
        self.links
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(_, other)| !Arc::ptr_eq(other, link));
    }

    /// Whether nobody takes anything, so that nothing need be encoded.
    pub fn is_empty(&self) -> bool {
        self.links
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    /// The worst loss that the voice's own redundancy has to make good for.
    pub fn worst_loss(&self) -> f32 {
        self.links
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(_, link)| link.stats())
            .filter(|stats| !stats.audio_copies)
            .map(|stats| stats.remote_loss)
            .fold(0.0, f32::max)
    }

    pub fn audio(&self, packet: EncodedAudio) {
        let packet = Arc::new(packet);
        for (_, link) in self
            .links
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            link.send_audio(&packet);
        }
    }

    pub fn screen(&self, frame: &Arc<EncodedVideo>) {
        for (_, link) in self
            .links
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            link.send_screen(frame);
        }
    }

    pub fn video(&self, frame: &Arc<EncodedVideo>) {
        for (_, link) in self
            .links
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            link.send_video(frame);
        }
    }
}
