//! The desktop portal's part in sharing a screen: it asks the person, and gives what they chose (org.freedesktop.portal.ScreenCast).
//!
//! Blocks for as long as the person takes. A thread of its own hears what the portal says by itself: its answers, and that the
//! person has ended the sharing by the desktop's own means.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use zbus::blocking::connection::Builder;
use zbus::blocking::{Connection, MessageIterator};
use zbus::message::Type;
use zbus::names::OwnedUniqueName;
use zbus::zvariant::{self, OwnedObjectPath, OwnedValue, Value};
use zbus::{MatchRule, Message};

use crate::device::DeviceProblem;

const PORTAL: &str = "org.freedesktop.portal.Desktop";
const PATH: &str = "/org/freedesktop/portal/desktop";
const SCREEN_CAST: &str = "org.freedesktop.portal.ScreenCast";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// How long the portal may take to answer what needs no person. The first call starts it, and what it stands on.
const ANSWER: Duration = Duration::from_secs(30);

/// How often a wait for the person looks whether anybody still wants to know.
const TICK: Duration = Duration::from_millis(100);

/// A person's answer: yes, no, or anything else.
const GRANTED: u32 = 0;
const DECLINED: u32 = 1;

/// Kinds of sources: whole monitors, and windows.
const SOURCES: u32 = 1 | 2;

/// The cursor is part of the picture.
const CURSOR_EMBEDDED: u32 = 2;

/// Waits that began before this number was raised are over.
static LET_GO: AtomicU64 = AtomicU64::new(0);

/// Ends every wait for a person that is under way.
pub fn unblock() {
    LET_GO.fetch_add(1, Ordering::Relaxed);
}

type Options<'a> = HashMap<&'a str, Value<'a>>;
type Results = HashMap<String, OwnedValue>;

/// What the portal says by itself.
enum Word {
    Answer {
        request: OwnedObjectPath,
        code: u32,
        results: Results,
    },
    Closed {
        session: OwnedObjectPath,
    },
}

/// What the person shares. Dropping it ends that, and takes an open question back.
pub struct Session {
    connection: Connection,
    words: Receiver<Word>,
    path: OwnedObjectPath,
}

impl Session {
    /// Asks the person what they want to share.
    ///
    /// # Errors
    /// [`DeviceProblem::None`] where there is no portal for screens; [`DeviceProblem::Ended`] when the person chose nothing or the
    /// question was taken back; [`DeviceProblem::Failed`] when the portal does not answer.
    pub fn ask() -> Result<(Self, Choice), DeviceProblem> {
        let begun = LET_GO.load(Ordering::Relaxed);
        let connection = Builder::session()
            .and_then(|builder| builder.method_timeout(ANSWER).build())
            .map_err(absent)?;
        let words = listen(&connection)?;
        let mut this = Self {
            connection,
            words,
            path: OwnedObjectPath::default(),
        };
        // Asking for what it does not have is an error.
        let kinds = this.property("AvailableSourceTypes").map_err(absent)? & SOURCES;
        if kinds == 0 {
            return Err(DeviceProblem::None);
        }
        let cursors = this.property("AvailableCursorModes").unwrap_or_default();

        let session = Options::from([("session_handle_token", Value::from("visio"))]);
        let created = this.request("CreateSession", &(session,), Some(ANSWER), begun)?;
        this.path = created
            .get("session_handle")
            .and_then(path_in)
            .ok_or_else(|| strange("no session"))?;

        let mut sources = Options::from([("types", Value::from(kinds))]);
        if cursors & CURSOR_EMBEDDED != 0 {
            sources.insert("cursor_mode", Value::from(CURSOR_EMBEDDED));
        }
        let sources = (this.path.clone(), sources);
        this.request("SelectSources", &sources, Some(ANSWER), begun)?;

        let nowhere = "";
        let start = (this.path.clone(), nowhere, Options::new());
        let started = this.request("Start", &start, None, begun)?;
        let node = started
            .get("streams")
            .and_then(first_node)
            .ok_or_else(|| strange("no stream"))?;
        let remote = this
            .call("OpenPipeWireRemote", &(this.path.clone(), Options::new()))
            .and_then(|reply| reply.body().deserialize::<zvariant::OwnedFd>())
            .map_err(failed)?;
        let choice = Choice {
            node,
            remote: remote.into(),
        };
        Ok((this, choice))
    }

    /// Whether the person has ended it by the desktop's own means, or the portal is gone.
    pub fn is_over(&self) -> bool {
        loop {
            match self.words.try_recv() {
                Ok(Word::Closed { session }) if session == self.path => return true,
                Ok(_) => {}
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn property(&self, name: &str) -> zbus::Result<u32> {
        let asked = (SCREEN_CAST, name);
        let reply =
            self.connection
                .call_method(Some(PORTAL), PATH, Some(PROPERTIES), "Get", &asked)?;
        let value: OwnedValue = reply.body().deserialize()?;
        Ok(u32::try_from(value)?)
    }

    fn call<B>(&self, method: &str, body: &B) -> zbus::Result<Message>
    where
        B: serde::Serialize + zvariant::DynamicType,
    {
        self.connection
            .call_method(Some(PORTAL), PATH, Some(SCREEN_CAST), method, body)
    }

    /// Calls a method whose answer comes later, and waits for it.
    fn request<B>(
        &self,
        method: &str,
        body: &B,
        within: Option<Duration>,
        begun: u64,
    ) -> Result<Results, DeviceProblem>
    where
        B: serde::Serialize + zvariant::DynamicType,
    {
        let request = self
            .call(method, body)
            .and_then(|reply| reply.body().deserialize::<OwnedObjectPath>())
            .map_err(failed)?;
        let deadline = within.map(|within| Instant::now() + within);
        loop {
            if LET_GO.load(Ordering::Relaxed) != begun {
                return Err(DeviceProblem::Ended);
            }
            match self.words.recv_timeout(TICK) {
                Ok(Word::Answer {
                    request: answered,
                    code,
                    results,
                }) if answered == request => {
                    return match code {
                        GRANTED => Ok(results),
                        DECLINED => Err(DeviceProblem::Ended),
                        other => Err(strange(&format!("{method} ended with {other}"))),
                    };
                }
                Ok(Word::Closed { session }) if session == self.path => {
                    return Err(DeviceProblem::Ended);
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                        return Err(strange(&format!("no answer to {method}")));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(strange("the bus is gone")),
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The portal ends what belongs to a connection that is gone: its sessions, and its questions.
        if let Err(error) = self.connection.clone().close() {
            tracing::debug!(%error, "the bus was gone already");
        }
    }
}

/// What the person chose.
pub struct Choice {
    /// The stream's number in PipeWire.
    pub node: u32,
    /// A connection to PipeWire that shows this stream and nothing else.
    pub remote: OwnedFd,
}

/// Hears what the portal says from now on, until the connection is closed. The queue is bounded by nature: an answer to each of
/// three questions, and an end.
fn listen(connection: &Connection) -> Result<Receiver<Word>, DeviceProblem> {
    let said = MatchRule::builder()
        .msg_type(Type::Signal)
        .path_namespace(PATH)
        .map_err(failed)?
        .build();
    let said = MessageIterator::for_match_rule(said, connection, None).map_err(absent)?;
    let (sender, words) = channel();
    let connection = connection.clone();
    thread::Builder::new()
        .name("screen-portal".into())
        .spawn(move || forward(&connection, said, &sender))
        .map_err(|error| DeviceProblem::Failed(error.to_string()))?;
    Ok(words)
}

fn forward(connection: &Connection, said: MessageIterator, words: &Sender<Word>) {
    let mut portal: Option<OwnedUniqueName> = None;
    for message in said {
        let Ok(message) = message else { return };
        let header = message.header();
        let Some(sender) = header.sender() else {
            continue;
        };
        // Whoever else is on the bus could say the same words.
        if portal.as_ref().is_none_or(|portal| *portal != *sender) {
            portal = owner(connection);
        }
        if portal.as_ref().is_some_and(|portal| *portal == *sender)
            && let Some(word) = word_in(&message)
            && words.send(word).is_err()
        {
            return;
        }
    }
}

fn owner(connection: &Connection) -> Option<OwnedUniqueName> {
    let bus = zbus::blocking::fdo::DBusProxy::new(connection).ok()?;
    bus.get_name_owner(PORTAL.try_into().ok()?).ok()
}

fn word_in(message: &Message) -> Option<Word> {
    let header = message.header();
    let path = OwnedObjectPath::from(header.path()?.to_owned());
    match (header.interface()?.as_str(), header.member()?.as_str()) {
        ("org.freedesktop.portal.Request", "Response") => {
            let (code, results) = message.body().deserialize().ok()?;
            Some(Word::Answer {
                request: path,
                code,
                results,
            })
        }
        ("org.freedesktop.portal.Session", "Closed") => Some(Word::Closed { session: path }),
        _ => None,
    }
}

/// A path, which some portals say as text.
fn path_in(value: &OwnedValue) -> Option<OwnedObjectPath> {
    match &**value {
        Value::Str(text) => OwnedObjectPath::try_from(text.as_str()).ok(),
        Value::ObjectPath(path) => Some(path.to_owned().into()),
        _ => None,
    }
}

/// The number of the first stream of a list of `(number, properties)`.
fn first_node(value: &OwnedValue) -> Option<u32> {
    let Value::Array(streams) = &**value else {
        return None;
    };
    let Value::Structure(stream) = streams.first()? else {
        return None;
    };
    match stream.fields().first()? {
        Value::U32(node) => Some(*node),
        _ => None,
    }
}

fn absent(error: zbus::Error) -> DeviceProblem {
    tracing::debug!(%error, "there is no portal for screens");
    DeviceProblem::None
}

fn failed(error: zbus::Error) -> DeviceProblem {
    DeviceProblem::Failed(format!("the desktop portal: {error}"))
}

fn strange(what: &str) -> DeviceProblem {
    DeviceProblem::Failed(format!("the desktop portal: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_portal_answers_is_read_in_either_shape() {
        let path = "/org/freedesktop/portal/desktop/session/1_7/visio";
        let text = OwnedValue::try_from(Value::from(path)).unwrap();
        assert_eq!(path_in(&text).unwrap().as_str(), path);
        let object = zvariant::ObjectPath::try_from(path).unwrap();
        let object = OwnedValue::try_from(Value::from(object)).unwrap();
        assert_eq!(path_in(&object).unwrap().as_str(), path);
        let number = OwnedValue::from(7_u32);
        assert!(path_in(&number).is_none());
    }

    #[test]
    fn of_several_streams_the_first_is_shown() {
        let streams = vec![(57_u32, Options::new()), (58, Options::new())];
        let streams = OwnedValue::try_from(Value::from(streams)).unwrap();
        assert_eq!(first_node(&streams), Some(57));
        let none = OwnedValue::try_from(Value::from(Vec::<u32>::new())).unwrap();
        assert_eq!(first_node(&none), None);
    }
}
