//! The connections to PulseAudio: one to look and record by, and one for each speaker that is played to at a time.
//!
//! They are kept and used again. The library never closes one (pulseaudio 0.3.2: its thread does not end), and a server takes
//! 64: with a new one for every look at the devices, nobody on the machine had sound any more after some minutes. And of all
//! that is played over one connection the server makes one thing that runs in step, which it refuses to do at two speakers.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cpal::traits::HostTrait;
use cpal::{Host, HostId};

use crate::device::DeviceProblem;

/// A server that does not hang answers within milliseconds.
const ANSWERS: Duration = Duration::from_secs(2);

/// To look and to record by.
static CONNECTION: Mutex<Option<Connection>> = Mutex::new(None);

/// To play by. As many as were ever needed at once.
static PLAYERS: Mutex<Vec<Option<Connection>>> = Mutex::new(Vec::new());

struct Connection {
    host: Arc<Host>,
    /// What the server was asked and has not answered yet. A hung one holds up one thread, however often it is needed.
    asked: Option<Receiver<bool>>,
}

enum Answer {
    Given,
    /// Not yet: the connection may still be good.
    Late,
    /// None will come: that server has ended.
    None,
}

/// The connection that there is, or another one if its server has ended. Takes twice [`ANSWERS`] at the most, and as long
/// again for each who asks at the same time.
pub(super) fn connection() -> Result<Arc<Host>, DeviceProblem> {
    Connection::made(&mut lock(&CONNECTION))
}

/// A connection that nobody else plays over until what is given here is dropped. Takes as long as [`connection`].
pub(super) fn connection_to_play() -> Result<Arc<Host>, DeviceProblem> {
    let mut players = lock(&PLAYERS);
    let free = players.iter().position(|it| match it {
        Some(connection) => connection.is_free(),
        None => true,
    });
    let free = free.unwrap_or_else(|| {
        players.push(None);
        players.len() - 1
    });
    Connection::made(&mut players[free])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connection {
    /// The one that there is in this place, if it still is one, or another.
    fn made(place: &mut Option<Self>) -> Result<Arc<Host>, DeviceProblem> {
        if let Some(there_is) = place {
            match there_is.answer() {
                Answer::Given => return Ok(there_is.host.clone()),
                Answer::Late => return Err(DeviceProblem::None),
                Answer::None => *place = None,
            }
        }
        let host = cpal::host_from_id(HostId::PulseAudio).map_err(|_| DeviceProblem::None)?;
        let host = Arc::new(host);
        *place = Some(Self {
            host: host.clone(),
            asked: None,
        });
        Ok(host)
    }

    /// Nobody has it; who has not been answered yet has it too.
    fn is_free(&self) -> bool {
        Arc::strong_count(&self.host) == 1
    }

    /// Whether the server answers something, however often it was asked before.
    fn answer(&mut self) -> Answer {
        let asked = self.asked.take().unwrap_or_else(|| ask(&self.host));
        match asked.recv_timeout(ANSWERS) {
            Ok(true) => Answer::Given,
            Ok(false) | Err(RecvTimeoutError::Disconnected) => Answer::None,
            Err(RecvTimeoutError::Timeout) => {
                self.asked = Some(asked);
                Answer::Late
            }
        }
    }
}

/// Asks on a thread that may be left waiting.
fn ask(host: &Arc<Host>) -> Receiver<bool> {
    let (tell, told) = mpsc::channel();
    let host = host.clone();
    let asking = move || {
        // Nobody may want to know any more.
        let _ = tell.send(host.devices().is_ok());
    };
    if let Err(why) = std::thread::Builder::new()
        .name("audio-ask".into())
        .spawn(asking)
    {
        tracing::error!(%why, "no thread to ask the sound server on");
    }
    told
}
