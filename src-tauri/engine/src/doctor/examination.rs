//! All looks at once, each told as soon as something came of it.

use visio_protocol::{Invite, ServerUrl};

use super::finding::{Check, Finding, Verdict};
use super::{devices, network};
use crate::audio::{MicrophoneSpec, SpeakerSpec};
use crate::video::CameraSpec;

/// What is examined.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What films.
    pub camera: CameraSpec,
    /// What records.
    pub microphone: MicrophoneSpec,
    /// What plays.
    pub speaker: SpeakerSpec,
    /// An invite: with it the relay of its server is really used, and not only asked whether it is there.
    pub invite: Option<Invite>,
    /// The server where there is no invite; without either only this computer is looked at.
    pub server: Option<ServerUrl>,
}

/// Examines everything. Each check is told once, in any order.
pub async fn examine(examined: Examined, tell: impl Fn(Finding) + Send + Sync) {
    let Examined {
        camera,
        microphone,
        speaker,
        server,
        invite,
    } = examined;
    // The microphone is done before the speaker's test sound begins: it would hear that, and its own room is what counts.
    let sound = async {
        tell(devices::microphone(microphone).await);
        tell(devices::speaker(speaker).await);
    };
    let film = async { tell(devices::camera(camera).await) };
    let network = async {
        let invited_to = invite.as_ref().map(|invite| invite.server.clone());
        match invited_to.or(server) {
            Some(server) => {
                let (finding, reached) = network::server(&server, invite.as_ref()).await;
                tell(finding);
                match reached {
                    Some(reached) => ways(&reached, &tell).await,
                    None => skip(&Check::WAYS, "doctor.needsServer", &tell),
                }
            }
            None => {
                skip(&[Check::Server], "doctor.noServer", &tell);
                skip(&Check::WAYS, "doctor.needsServer", &tell);
            }
        }
    };
    tokio::join!(sound, film, network);
}

async fn ways(reached: &network::Reached, tell: &(impl Fn(Finding) + Sync)) {
    let datagrams = async {
        for finding in network::datagrams(reached).await {
            tell(finding);
        }
    };
    let relay = async |check| tell(network::relay(reached, check).await);
    tokio::join!(
        datagrams,
        relay(Check::RelayUdp),
        relay(Check::RelayTcp),
        relay(Check::RelayTls),
    );
}

fn skip(checks: &[Check], words: &str, tell: &impl Fn(Finding)) {
    for check in checks {
        tell(Finding::new(*check, Verdict::Skipped, words));
    }
}
