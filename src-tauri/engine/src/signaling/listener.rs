//! Holds the event stream, and brings it back when it breaks.

use super::SignalingEvent;
use super::api::{ApiError, Events, Next};
use super::scout;
use super::shared::Shared;
use std::sync::Arc;
use std::time::{Duration, Instant};
use visio_protocol::event::Event;
use visio_protocol::refusal::Refusal;
use visio_protocol::sealing::OpenError;
use visio_protocol::secret::SessionSecret;
use visio_protocol::sse::StreamEvent;

/// The waits between tries: short at first, for a server that is only being restarted, and never so
/// long that it is not found within five seconds of being back.
const WAITS: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// For so long a stream may be away without anybody being told: a cut that is mended at once is
/// none.
const UNNOTICED: Duration = Duration::from_secs(1);

/// A stream that has lasted so long was no accident: when it breaks, the waits begin anew.
const STEADY: Duration = Duration::from_secs(3);

/// Until it is over, or it is aborted.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut listener = Listener {
        shared,
        away: Instant::now(),
        lost: false,
    };
    let mut failures = 0;
    loop {
        let step = match listener.open().await {
            Ok(events) => {
                let opened = Instant::now();
                let step = listener.read(events).await;
                if opened.elapsed() > STEADY {
                    failures = 0;
                }
                step
            }
            Err(error) => listener.recover(error).await,
        };
        match step {
            Step::Again => {}
            Step::Wait => {
                let wait = WAITS[failures.min(WAITS.len() - 1)];
                listener.shared.pause(wait).await;
                failures += 1;
            }
            Step::End => return,
        }
    }
}

/// What to do next.
enum Step {
    /// Open the stream.
    Again,
    /// Open it after a while.
    Wait,
    /// Nothing: nobody listens, or there is no going on.
    End,
}

struct Listener {
    shared: Arc<Shared>,
    /// Since when there has been no stream.
    away: Instant,
    /// The caller was told that the server is lost.
    lost: bool,
}

impl Listener {
    /// Opens the stream, and says so when that takes long.
    async fn open(&mut self) -> Result<Events, ApiError> {
        let shared = Arc::clone(&self.shared);
        let (secret, _) = shared.credentials();
        let last_id = shared.place().last_id.clone();
        let mut opening = std::pin::pin!(shared.api.events(&secret, last_id.as_deref()));
        let unnoticed = UNNOTICED.saturating_sub(self.away.elapsed());
        match tokio::time::timeout(unnoticed, &mut opening).await {
            Ok(opened) => opened,
            Err(_) => {
                self.lose().await;
                tokio::select! {
                    opened = &mut opening => opened,
                    // What was begun while there was no network hangs on for seconds after it is back.
                    turn = scout::find(&shared.api, &secret) => {
                        shared.api.renew_at(turn);
                        shared.api.events(&secret, last_id.as_deref()).await
                    }
                }
            }
        }
    }

    /// Reads the stream to its end.
    async fn read(&mut self, mut events: Events) -> Step {
        self.shared.set_online(true);
        if std::mem::take(&mut self.lost) && !self.shared.emit(SignalingEvent::Resumed).await {
            return Step::End;
        }
        let step = loop {
            let next = tokio::select! {
                next = events.next() => next,
                () = self.shared.doubted() => break Step::Again,
            };
            match next {
                Next::Event(event) => {
                    if !self.hear(event).await {
                        return Step::End;
                    }
                }
                Next::End => break Step::Wait,
                Next::Malformed => {
                    self.refuse().await;
                    break Step::Wait;
                }
            }
        };
        // Whatever ended it has ended the other connections to the server too, most likely.
        self.shared.api.renew();
        self.shared.set_online(false);
        self.away = Instant::now();
        let mut place = self.shared.place();
        place.lost = Some(self.away);
        // Behind one name there may be several servers, each with its own.
        place.doubt_relay();
        drop(place);
        step
    }

    /// False when nobody listens any more.
    async fn hear(&mut self, event: StreamEvent) -> bool {
        self.shared.place().last_id = event.id;
        let Ok(event) = Event::parse(&event.name, &event.data) else {
            return self.refuse().await;
        };
        let Some(event) = event else { return true };
        let meant = self.shared.place().hear(event, Instant::now());
        self.emit_all(meant).await
    }

    /// The stream could not be opened.
    async fn recover(&mut self, error: ApiError) -> Step {
        match error {
            ApiError::Refused(Refusal::SessionUnknown) => self.come_back().await,
            error if error.is_final() => self.end(error).await,
            error => {
                tracing::debug!(?error, "the event stream can't be opened");
                self.lose().await;
                Step::Wait
            }
        }
    }

    /// The server has forgotten us: it was restarted, or has told the others that we left.
    async fn come_back(&mut self) -> Step {
        match self.shared.announce().await {
            Ok(answer) => {
                let meant = self.shared.place().returned(&answer, Instant::now());
                self.shared.count_return();
                if self.emit_all(meant).await {
                    Step::Again
                } else {
                    Step::End
                }
            }
            Err(ApiError::Refused(Refusal::SessionOver)) => self.begin_anew().await,
            Err(error) if error.is_final() => self.end(error).await,
            Err(_) => {
                self.lose().await;
                Step::Wait
            }
        }
    }

    /// The others have been told that we left: a new session, which they have not seen leave.
    async fn begin_anew(&mut self) -> Step {
        let secret = SessionSecret::random();
        let (room, entrance) = {
            let place = self.shared.place();
            (place.keys.room, place.entrance(false))
        };
        match self.shared.api.enter(&secret, &room, &entrance).await {
            Ok(answer) => {
                let entered = {
                    let mut place = self.shared.place();
                    place.replace(secret);
                    place.learn_relay(answer.relay.as_ref(), Instant::now());
                    place.entered(&answer)
                };
                self.lost = false;
                if self.shared.emit(SignalingEvent::Replaced(entered)).await {
                    Step::Again
                } else {
                    Step::End
                }
            }
            Err(error) if error.is_final() => self.end(error).await,
            Err(_) => {
                self.lose().await;
                Step::Wait
            }
        }
    }

    /// Tells the caller that the server is lost, once, and not before that is worth a word.
    async fn lose(&mut self) {
        if self.away.elapsed() >= UNNOTICED && !std::mem::replace(&mut self.lost, true) {
            self.shared.emit(SignalingEvent::Lost).await;
        }
    }

    async fn end(&mut self, error: ApiError) -> Step {
        let error = error.for_people(self.shared.api.server());
        self.shared.emit(SignalingEvent::Ended(error)).await;
        Step::End
    }

    /// What came is nothing that a Visio server sends.
    async fn refuse(&mut self) -> bool {
        let refused = SignalingEvent::Refused {
            from: None,
            why: OpenError::Malformed,
        };
        self.shared.emit(refused).await
    }

    async fn emit_all(&mut self, events: Vec<SignalingEvent>) -> bool {
        for event in events {
            if !self.shared.emit(event).await {
                return false;
            }
        }
        true
    }
}
