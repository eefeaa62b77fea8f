//! The engine's face: start a call, watch it, steer it, leave it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use visio_protocol::PersonId;

use super::actor::{Actor, Request};
use super::frames::FrameHub;
use super::options::SessionOptions;
use crate::call::{CallState, Command};
use crate::stats::Report;

/// Wishes that wait for the session's task. People click at most a few times a second; when the task is that far behind, more are dropped.
const REQUESTS: usize = 64;

/// A call, from the lobby to the end. Dropped, it ends at once; [`Session::leave`] says goodbye first.
pub struct Session {
    requests: mpsc::Sender<Request>,
    state: watch::Receiver<Arc<CallState>>,
    frames: FrameHub,
}

impl Session {
    /// Opens the devices, goes to the server, and from there into the lobby or the call. Returns at once; what comes of it is in
    /// [`Session::state`]. Must be called within a tokio runtime.
    pub fn start(options: SessionOptions) -> Self {
        let (requests, inbox) = mpsc::channel(REQUESTS);
        let frames = FrameHub::default();
        let (actor, state) = Actor::new(options, PersonId::random(), frames.clone());
        tokio::spawn(actor.run(inbox));
        Self {
            requests,
            state,
            frames,
        }
    }

    /// The call as it stands, and every change of it.
    pub fn state(&self) -> watch::Receiver<Arc<CallState>> {
        self.state.clone()
    }

    /// Asks for something; what comes of it shows in the state.
    pub fn send(&self, command: Command) {
        if self.requests.try_send(Request::Command(command)).is_err() {
            tracing::warn!("the session is over or far behind: a command was dropped");
        }
    }

    /// The newest picture of every tile.
    pub fn frames(&self) -> FrameHub {
        self.frames.clone()
    }

    /// What was measured so far; none when the session is over.
    pub async fn report(&self) -> Option<Report> {
        let (reply, report) = oneshot::channel();
        self.requests.send(Request::Report(reply)).await.ok()?;
        report.await.ok()
    }

    /// Says goodbye, ends all connections, releases all devices, and returns what was measured.
    pub async fn leave(self) -> Option<Report> {
        let (reply, report) = oneshot::channel();
        self.requests.send(Request::Leave(reply)).await.ok()?;
        report.await.ok()
    }
}
