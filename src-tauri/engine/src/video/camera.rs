//! The camera of this call, and the screen that is shared in it: opened, watched, opened again when it comes back, exchanged in mid-call.
//!
//! Two threads. The reader opens a source and publishes its pictures; reading a camera may block for
//! ever, so it is not relied upon to end. The keeper decides: it starts readers, watches that they
//! deliver, leaves behind those that do not, and tells of every change. Neither adds latency.

mod keeper;
mod reader;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

use super::media_thread::MediaThread;
use super::slot::FrameSlot;
use super::source::{CameraSpec, ScreenSpec, Spec};
use crate::device::DeviceEvent;
use keeper::{Action, Keeper};
use reader::{Reader, ReaderEvent};

/// What the keeper is told. Its queue is bounded by nature: a handful of orders by people, and two
/// events from each reader's life.
enum Message<S> {
    Select(S),
    Off(bool),
    /// The thread is to look whether it must end.
    Wake,
    Reader {
        generation: u64,
        event: ReaderEvent,
    },
}

/// A running camera; dropping it releases the device.
pub type Camera = Capture<CameraSpec>;

/// A screen that is shared; dropping it ends that.
pub type ScreenGrabber = Capture<ScreenSpec>;

/// Something that delivers pictures, kept going; dropping it ends that.
pub struct Capture<S> {
    orders: Sender<Message<S>>,
    thread: MediaThread,
}

impl<S: Spec> Capture<S> {
    /// Opens what `spec` names and publishes its pictures into `slot`; a slot without a camera is empty.
    /// `on_event` is called on the keeper's thread, once for each change.
    pub fn start(
        spec: S,
        slot: Arc<FrameSlot>,
        on_event: impl Fn(DeviceEvent) + Send + 'static,
    ) -> Self {
        let (orders, messages) = channel();
        let to_keeper = orders.clone();
        let mut keeper = Keeper::new(spec);
        let thread = MediaThread::spawn("camera", move |stop| {
            let mut reader: Option<Reader<S>> = None;
            while !stop.is_stopped() {
                let now = Instant::now();
                let last_frame = reader.as_ref().and_then(Reader::last_frame);
                for action in keeper.poll(last_frame, now) {
                    match action {
                        Action::Start { generation, spec } => {
                            let to_keeper = to_keeper.clone();
                            let tell = move |event| {
                                let _ = to_keeper.send(Message::Reader { generation, event });
                            };
                            reader = Some(Reader::start(spec, Arc::clone(&slot), tell));
                        }
                        Action::Stop => {
                            reader = None;
                            slot.clear();
                        }
                        Action::Tell(event) => on_event(event),
                    }
                }
                match messages.recv_timeout(keeper.patience(Instant::now())) {
                    Ok(Message::Select(spec)) => keeper.select(spec),
                    Ok(Message::Off(off)) => keeper.set_off(off),
                    Ok(Message::Reader { generation, event }) => {
                        keeper.reader_event(generation, event, Instant::now());
                    }
                    Ok(Message::Wake) | Err(_) => {}
                }
            }
            drop(reader);
            slot.clear();
        });
        Self { orders, thread }
    }

    /// Takes pictures from something else from now on.
    pub fn select(&self, spec: S) {
        let _ = self.orders.send(Message::Select(spec));
    }

    /// Off releases the device, so that its light goes out.
    pub fn set_off(&self, off: bool) {
        let _ = self.orders.send(Message::Off(off));
    }
}

impl<S> Drop for Capture<S> {
    fn drop(&mut self) {
        self.thread.stop();
        let _ = self.orders.send(Message::Wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceProblem;
    use std::sync::mpsc::Receiver;
    use std::time::Duration;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn start(spec: &str) -> (Camera, Arc<FrameSlot>, Receiver<DeviceEvent>) {
        let slot = FrameSlot::new();
        let (sender, events) = channel();
        let camera = Camera::start(spec.parse().unwrap(), Arc::clone(&slot), move |event| {
            let _ = sender.send(event);
        });
        (camera, slot, events)
    }

    #[test]
    fn the_pattern_delivers_and_another_takes_its_place_in_mid_call() {
        let (camera, slot, events) = start("pattern:320x180@30");
        let (seen, frame) = slot.wait_newer(0, PATIENCE).unwrap();
        assert_eq!((frame.width, frame.height), (320, 180));
        assert!(matches!(
            events.recv_timeout(PATIENCE),
            Ok(DeviceEvent::Opened { .. })
        ));
        camera.select("pattern:640x360@30".parse().unwrap());
        let mut newest = (seen, frame);
        while newest.1.width != 640 {
            newest = slot.wait_newer(newest.0, PATIENCE).unwrap();
        }
    }

    #[test]
    fn a_camera_that_is_off_shows_nothing_and_comes_back() {
        let (camera, slot, _) = start("pattern:320x180@60");
        slot.wait_newer(0, PATIENCE).unwrap();
        let mut changes = slot.subscribe();
        camera.set_off(true);
        while slot.latest().is_some() {
            changes.mark_unchanged();
            std::thread::yield_now();
        }
        let cleared = *changes.borrow_and_update();
        camera.set_off(false);
        assert!(slot.wait_newer(cleared, PATIENCE).is_some());
    }

    #[test]
    fn a_camera_that_does_not_exist_is_said_to_be_missing() {
        let (_camera, slot, events) = start("device:no such camera");
        assert_eq!(
            events.recv_timeout(PATIENCE),
            Ok(DeviceEvent::Problem(DeviceProblem::None))
        );
        assert!(slot.latest().is_none());
    }

    #[test]
    fn a_file_that_is_no_video_is_a_problem_with_words() {
        let (_camera, _, events) = start("file:/dev/null");
        match events.recv_timeout(PATIENCE) {
            Ok(DeviceEvent::Problem(DeviceProblem::Failed(why))) => {
                assert!(why.contains("y4m"), "{why}")
            }
            other => panic!("{other:?}"),
        }
    }
}
