//! Somebody who holds the invite and means ill: connects as everybody does, and then writes what nobody would.

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Failed;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use visio_engine::link::{Link, LinkConfig, LinkError, LinkEvent, MediaSink};
use visio_engine::signaling::{Recipient, Role, Signaling, SignalingEvent};
use visio_engine::transport::packet::RtpPacket;
use visio_protocol::{Invite, MediaState, PersonId, SessionId, Signal};

/// How long meeting may take on a busy machine.
const MEET: Duration = Duration::from_secs(20);

/// Events that wait for the one who reads them.
const EVENTS: usize = 256;

/// The connection to the one person who is there. Dropped, it ends.
pub struct Intruder {
    runtime: Runtime,
    link: Arc<Link>,
}

/// Listens to nobody.
struct Deaf;

impl MediaSink for Deaf {
    fn audio(&self, _: RtpPacket) {}
    fn video(&self, _: RtpPacket) {}
}

impl Intruder {
    /// Enters under a name, and connects to the one who is there.
    pub fn meet(invite: &str, name: &str) -> Result<Self, Failed> {
        let invite = Invite::parse(invite)?;
        let runtime = Runtime::new()?;
        let met = async { tokio::time::timeout(MEET, meet(&invite, name)).await };
        let link = runtime.block_on(met)??;
        Ok(Self { runtime, link })
    }

    /// Writes this as it is, as soon as there is room.
    pub fn writes(&self, bytes: Vec<u8>) -> Result<(), Failed> {
        let bytes = bytes::Bytes::from(bytes);
        loop {
            match self.link.send_chat(bytes.clone()) {
                Ok(()) => return Ok(()),
                Err(LinkError::Busy) => std::thread::sleep(Duration::from_millis(2)),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn meet(invite: &Invite, name: &str) -> Result<Arc<Link>, Failed> {
    let (signaling, mut heard, entered) = Signaling::enter(invite, Role::Calling).await?;
    let (other, _) = *entered.present.first().ok_or("nobody is there")?;
    let offerer = entered.me < other;
    let (told, mut events) = mpsc::channel(EVENTS);
    let config = LinkConfig {
        offerer,
        loopback: true,
        ice_servers: Vec::new(),
    };
    let link = Arc::new(Link::open(config, Arc::new(Deaf), told).await?);
    let hello = Signal::Hello {
        person: PersonId::random(),
        name: name.into(),
        media: MediaState::default(),
        session_epoch: 0,
    };
    signaling.send(Recipient::Session(other), hello);
    if offerer {
        let sdp = link.offer(false).await?;
        signaling.send(Recipient::Session(other), Signal::Offer { link: 1, sdp });
    }
    loop {
        tokio::select! {
            Some(event) = heard.recv() => {
                if let SignalingEvent::Signal { from, signal } = event && from == other {
                    answer(&link, &signaling, other, signal).await?;
                }
            }
            Some(event) = events.recv() => match event {
                LinkEvent::Candidate { candidate, mid, line } => {
                    let signal = Signal::Candidate { link: 1, candidate, mid, line };
                    signaling.send(Recipient::Session(other), signal);
                }
                LinkEvent::ChatOpen => break,
                _ => {}
            }
        }
    }
    // A link that is not listened to stands still, and a session that is let go of leaves the call.
    tokio::spawn(async move {
        let _signaling = signaling;
        loop {
            tokio::select! {
                Some(_) = heard.recv() => {}
                Some(_) = events.recv() => {}
                else => return,
            }
        }
    });
    Ok(link)
}

async fn answer(
    link: &Link,
    signaling: &Signaling,
    other: SessionId,
    signal: Signal,
) -> Result<(), LinkError> {
    match signal {
        Signal::Offer { sdp, .. } => {
            let sdp = link.accept_offer(&sdp).await?;
            let answer = Signal::Answer { link: 1, sdp };
            signaling.send(Recipient::Session(other), answer);
            Ok(())
        }
        Signal::Answer { sdp, .. } => link.accept_answer(&sdp).await,
        Signal::Candidate {
            candidate,
            mid,
            line,
            ..
        } => {
            // One that leads nowhere costs at most itself.
            let _ = link.add_candidate(&candidate, mid.as_deref(), line).await;
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Drop for Intruder {
    fn drop(&mut self) {
        self.runtime.block_on(self.link.close());
    }
}
