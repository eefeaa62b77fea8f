//! Every place where the protocol reads foreign bytes, as a function that must neither panic nor
//! take long, whatever it gets.
//!
//! `cargo +nightly fuzz run TARGET` drives them without end; `tests/foreign_bytes.rs` drives the
//! same functions with the seeds in `corpus/` and some thousands of their mutations, on any
//! toolchain, in every run of the tests.

use visio_protocol::chat::ChatMessage;
use visio_protocol::control::Control;
use visio_protocol::event::Event;
use visio_protocol::host_code::HostCode;
use visio_protocol::message::Signal;
use visio_protocol::refusal::Refusal;
use visio_protocol::request::{
    CreateRoom, EnterRoom, HeardAlive, RoomCreated, RoomEntered, SendSignals, ServerInfo,
    SignalsSent,
};
use visio_protocol::sealing::{Opener, sequence_of};
use visio_protocol::secret::{InviteSecret, SessionSecret};
use visio_protocol::session::Recipient;
use visio_protocol::sse::StreamReader;
use visio_protocol::{Invite, RoomKeys, ServerUrl, SessionId};

/// A function that takes foreign bytes.
pub type Entry = fn(&[u8]);

/// All of them, by the names of their targets and of their folders in `corpus/`.
pub const ENTRIES: [(&str, Entry); 8] = [
    ("invite", invite),
    ("address", address),
    ("message", message),
    ("control", control),
    ("chat", chat),
    ("sealed", sealed),
    ("stream", stream),
    ("body", body),
];

/// What somebody types or pastes as an invite.
pub fn invite(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(invite) = Invite::parse(&text) {
        // What was understood is understood the same way when it is passed on.
        assert_eq!(Invite::parse(&invite.link()).as_ref(), Ok(&invite));
        assert_eq!(Invite::parse(&invite.app_link()).as_ref(), Ok(&invite));
    }
}

/// What somebody types as a server's address or as a host code.
pub fn address(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(url) = text.parse::<ServerUrl>() {
        assert_eq!(url.to_string().parse(), Ok(url));
    }
    if let Ok(code) = text.parse::<HostCode>() {
        assert_eq!(code.reveal().parse(), Ok(code));
    }
    if let Some(secret) = SessionSecret::from_bearer(&text) {
        assert_eq!(
            SessionSecret::from_bearer(&secret.to_bearer()),
            Some(secret)
        );
    }
}

/// What a peer sealed: somebody who holds the invite and means ill.
pub fn message(bytes: &[u8]) {
    if let Ok(signal) = Signal::from_json(bytes)
        && let Ok(json) = signal.to_json()
    {
        assert_eq!(Signal::from_json(&json), Ok(signal));
    }
}

/// What a connected person says over the data channel.
pub fn control(bytes: &[u8]) {
    if let Ok(control) = Control::from_json(bytes) {
        let again = Control::from_json(&control.to_json());
        // A word of a later version is not passed on as it was, but what is known of it stays.
        assert_eq!(again.map(|it| it.show), Ok(control.show));
    }
}

/// What a connected person writes.
pub fn chat(bytes: &[u8]) {
    if let Ok(message) = ChatMessage::from_json(bytes) {
        let again = ChatMessage::from_json(&message.to_json());
        // What was read is passed on the same; only a feeling of a later version is not.
        let known = again.map(|it| (it.know, it.got, it.say, it.told, it.hand));
        let expected = (
            message.know,
            message.got,
            message.say,
            message.told,
            message.hand,
        );
        assert_eq!(known, Ok(expected));
    }
}

/// What a server hands on as sealed.
pub fn sealed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = sequence_of(&text);
    let keys = RoomKeys::derive(&InviteSecret::from_bytes([7; 16]));
    let (me, from) = (
        SessionId::from_bytes([1; 16]),
        SessionId::from_bytes([2; 16]),
    );
    let mut opener = Opener::new(&keys.sealing, keys.room, me);
    for to in [Recipient::Session(me), Recipient::Room] {
        if opener.open(from, to, &text).is_ok() {
            assert!(
                opener.open(from, to, &text).is_err(),
                "the same message opens once"
            );
        }
    }
}

/// What a server sends as an event stream.
pub fn stream(bytes: &[u8]) {
    let mut whole = Vec::new();
    let read = StreamReader::new().push(bytes, |event| whole.push(event));
    // In pieces it is the same.
    let mut pieces = Vec::new();
    let mut reader = StreamReader::new();
    let result = bytes
        .chunks(7)
        .try_for_each(|piece| reader.push(piece, |event| pieces.push(event)));
    assert_eq!((&read, &whole), (&result, &pieces));
    for event in whole {
        if let Ok(Some(event)) = Event::parse(&event.name, &event.data) {
            assert_eq!(Event::parse(event.name(), &event.data()), Ok(Some(event)));
        }
    }
}

/// The body of a request or of an answer.
pub fn body(bytes: &[u8]) {
    let _ = serde_json::from_slice::<CreateRoom>(bytes);
    let _ = serde_json::from_slice::<EnterRoom>(bytes);
    let _ = serde_json::from_slice::<SendSignals>(bytes);
    let _ = serde_json::from_slice::<RoomCreated>(bytes);
    let _ = serde_json::from_slice::<RoomEntered>(bytes);
    let _ = serde_json::from_slice::<SignalsSent>(bytes);
    let _ = serde_json::from_slice::<HeardAlive>(bytes);
    let _ = serde_json::from_slice::<ServerInfo>(bytes);
    if let Ok(refusal) = serde_json::from_slice::<Refusal>(bytes) {
        assert!(refusal.status() >= 400);
    }
}
