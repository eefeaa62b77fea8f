//! The thread that keeps a microphone or a speaker going: carries out what the [`Supervisor`] decides.
//!
//! It wakes ten times a second to look at the device's frame counter, and touches no sample.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::session::{News, Session};
use super::supervisor::{Act, Report, Supervisor};
use super::{Open, Wanted};
use crate::device::{DeviceEvent, DeviceProblem};

/// How often the frame counter is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

enum Message<End> {
    Keep(Option<Wanted>),
    Tell(DeviceEvent),
    News { session: u64, news: News<End> },
    Stop,
}

/// Keeps one device going until it is dropped.
pub(crate) struct Keeper<End> {
    messages: Sender<Message<End>>,
    thread: Option<JoinHandle<()>>,
}

impl<End: Send + 'static> Keeper<End> {
    /// Starts with no device. Whenever one has been opened, `hand_over` gets the media thread's end of its ring.
    ///
    /// # Errors
    /// When the system has no thread to spare.
    pub(crate) fn start(
        open: Open<End>,
        hand_over: impl Fn(End) + Send + 'static,
        on_event: impl Fn(DeviceEvent) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (messages, inbox) = mpsc::channel();
        let mut work = Work {
            open,
            hand_over,
            on_event,
            messages: messages.clone(),
            supervisor: None,
            session: None,
            sessions: 0,
        };
        let thread = std::thread::Builder::new()
            .name("audio-keeper".into())
            .spawn(move || work.run(&inbox))?;
        Ok(Self {
            messages,
            thread: Some(thread),
        })
    }

    /// Keeps this device instead of what was kept before; `None`: no device.
    pub(crate) fn keep(&self, wanted: Option<Wanted>) {
        let _ = self.messages.send(Message::Keep(wanted));
    }

    /// Sends an event of a source that is no device the same way as those of devices.
    pub(crate) fn tell(&self, event: DeviceEvent) {
        let _ = self.messages.send(Message::Tell(event));
    }
}

impl<End> Drop for Keeper<End> {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work<End, HandOver, OnEvent> {
    open: Open<End>,
    hand_over: HandOver,
    on_event: OnEvent,
    messages: Sender<Message<End>>,
    supervisor: Option<Supervisor>,
    session: Option<Session>,
    /// Sessions begun so far. News of any but the latest is stale.
    sessions: u64,
}

impl<End: Send + 'static, HandOver: Fn(End), OnEvent: Fn(DeviceEvent)>
    Work<End, HandOver, OnEvent>
{
    fn run(&mut self, inbox: &Receiver<Message<End>>) {
        loop {
            match inbox.recv_timeout(LOOK_EVERY) {
                Ok(Message::Keep(wanted)) => self.keep(wanted),
                Ok(Message::Tell(event)) => (self.on_event)(event),
                Ok(Message::News { session, news }) if session == self.sessions => self.hear(news),
                Ok(Message::News { .. }) => {}
                Err(RecvTimeoutError::Timeout) => self.look(),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn keep(&mut self, wanted: Option<Wanted>) {
        self.close();
        self.supervisor = wanted.map(|wanted| {
            let (supervisor, acts) = Supervisor::new(wanted, Instant::now());
            self.carry_out(acts);
            supervisor
        });
    }

    fn hear(&mut self, news: News<End>) {
        let report = match news {
            News::Opened { name, end } => {
                (self.hand_over)(end);
                Report::Opened(name)
            }
            News::Failed(problem) => Report::Failed(problem),
            News::Superseded => Report::Superseded,
            News::Gone => Report::Broke(DeviceProblem::Lost),
        };
        self.decide(|supervisor, now| supervisor.report(report, now));
    }

    fn look(&mut self) {
        let Some(session) = &self.session else {
            return self.decide(|supervisor, now| supervisor.tick(0, now));
        };
        let (frames, gone, refused) = (
            session.gauge.frames(),
            session.gauge.is_gone(),
            session.gauge.is_refused(),
        );
        self.decide(|supervisor, now| match (refused, gone) {
            (true, _) => supervisor.report(Report::Broke(DeviceProblem::Refused), now),
            (_, true) => supervisor.report(Report::Broke(DeviceProblem::Lost), now),
            _ => supervisor.tick(frames, now),
        });
    }

    fn decide(&mut self, ask: impl FnOnce(&mut Supervisor, Instant) -> Vec<Act>) {
        if let Some(supervisor) = &mut self.supervisor {
            let acts = ask(supervisor, Instant::now());
            self.carry_out(acts);
        }
    }

    fn carry_out(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Close => self.close(),
                Act::Tell(event) => (self.on_event)(event),
                Act::Open(wanted) => {
                    let messages = self.messages.clone();
                    let session = self.sessions + 1;
                    self.sessions = session;
                    let tell = move |news| drop(messages.send(Message::News { session, news }));
                    self.session = Some(Session::begin(self.open.clone(), wanted, tell));
                }
            }
        }
    }

    fn close(&mut self) {
        self.session = None;
        self.sessions += 1;
    }
}
