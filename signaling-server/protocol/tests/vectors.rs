//! The examples of `vectors.json`, which another implementation made: every computation of
//! `PROTOCOL.md` gives the same here.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use visio_protocol::keys::AdmissionKey;
use visio_protocol::sealing::{OpenError, Opener, Sealer, sequence_of};
use visio_protocol::secret::{InviteSecret, SessionSecret};
use visio_protocol::session::Recipient;
use visio_protocol::sse::{StreamEvent, StreamReader};
use visio_protocol::{
    ChatText, Invite, InviteError, PersonName, RoomId, RoomKeys, SessionId, Signal,
};

/// One section of the file.
fn vectors<T: DeserializeOwned>(section: &str) -> T {
    let file: Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    serde_json::from_value(file[section].clone()).unwrap()
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    assert_eq!(hex.len(), 2 * N);
    std::array::from_fn(|place| u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).unwrap())
}

fn secret(hex: &str) -> InviteSecret {
    InviteSecret::from_bytes(bytes(hex))
}

#[derive(Deserialize)]
struct Code {
    secret: String,
    code: String,
}

#[test]
fn codes() {
    for Code { secret: hex, code } in vectors::<Vec<Code>>("codes") {
        let invite = Invite {
            server: "a.org".parse().unwrap(),
            secret: secret(&hex),
        };
        assert_eq!(invite.code(), code);
        assert_eq!(Invite::parse(&format!("a.org {code}")), Ok(invite));
    }
}

#[derive(Deserialize)]
struct Keys {
    secret: String,
    room: RoomId,
    admission: String,
    admission_hash: String,
    sealing: String,
}

#[test]
fn keys() {
    for vector in vectors::<Vec<Keys>>("keys") {
        let keys = RoomKeys::derive(&secret(&vector.secret));
        assert_eq!(keys.room, vector.room);
        assert_eq!(keys.admission.to_hex(), vector.admission);
        assert_eq!(keys.admission.hash().to_string(), vector.admission_hash);
        assert!(
            keys.admission
                .hash()
                .admits(&vector.admission.parse::<AdmissionKey>().unwrap())
        );
        // The sealing key shows itself only in what it seals.
        let me = SessionId::from_bytes([1; 16]);
        let seal = |key| {
            Sealer::new(key, keys.room, me).seal_with_nonce(Recipient::Room, b"text", [0; 12])
        };
        assert_eq!(seal(&keys.sealing), seal(&bytes(&vector.sealing).into()));
    }
}

#[derive(Deserialize)]
struct Typed {
    text: String,
    #[serde(flatten)]
    read: Read,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    Well {
        server: String,
        secret: String,
    },
    Badly {
        error: String,
        have: Option<usize>,
        need: Option<usize>,
        theirs: Option<u8>,
    },
}

#[test]
fn invites() {
    for Typed { text, read } in vectors::<Vec<Typed>>("invites") {
        let expected = match read {
            Read::Well {
                server,
                secret: hex,
            } => Ok(Invite {
                server: server.parse().unwrap(),
                secret: secret(&hex),
            }),
            Read::Badly {
                error,
                have,
                need,
                theirs,
            } => Err(match error.as_str() {
                "empty" => InviteError::Empty,
                "no_server" => InviteError::NoServer,
                "incomplete" => InviteError::Incomplete {
                    have: have.unwrap(),
                    need: need.unwrap(),
                },
                "mistyped" => InviteError::Mistyped,
                "other_version" => InviteError::OtherVersion {
                    theirs: theirs.unwrap(),
                },
                other => panic!("{other}"),
            }),
        };
        assert_eq!(Invite::parse(&text), expected, "{text}");
    }
}

#[derive(Deserialize)]
struct Session {
    secret: String,
    bearer: String,
    session: SessionId,
}

#[test]
fn sessions() {
    for vector in vectors::<Vec<Session>>("sessions") {
        let secret = SessionSecret::from_bytes(bytes(&vector.secret));
        assert_eq!(secret.to_bearer().as_str(), vector.bearer);
        assert_eq!(secret.session_id(), vector.session);
        assert_eq!(SessionSecret::from_bearer(&vector.bearer), Some(secret));
    }
}

#[derive(Deserialize)]
struct Sealing {
    secret: String,
    messages: Vec<Sealed>,
}

#[derive(Deserialize)]
struct Sealed {
    from: SessionId,
    to: Recipient,
    sequence: u64,
    nonce: String,
    text: String,
    sealed: String,
}

#[test]
fn sealing() {
    let Sealing {
        secret: hex,
        messages,
    } = vectors("sealing");
    let keys = RoomKeys::derive(&secret(&hex));
    for message in messages {
        let Sealed {
            from,
            to,
            sequence,
            nonce,
            text,
            sealed,
        } = message;
        let mut sealer = Sealer::resume(&keys.sealing, keys.room, from, sequence - 1);
        assert_eq!(
            sealer
                .seal_with_nonce(to, text.as_bytes(), bytes(&nonce))
                .unwrap(),
            sealed
        );
        assert_eq!(sequence_of(&sealed), Some(sequence));
        if let Recipient::Session(me) = to {
            let opened = Opener::new(&keys.sealing, keys.room, me).open(from, to, &sealed);
            assert_eq!(opened, Ok(Signal::from_json(text.as_bytes()).unwrap()));
        }
    }
}

#[derive(Deserialize)]
struct Opening {
    secret: String,
    me: SessionId,
    hears: Vec<Heard>,
}

#[derive(Deserialize)]
struct Heard {
    from: SessionId,
    to: Recipient,
    sealed: String,
    expect: String,
}

#[test]
fn opening() {
    let Opening {
        secret: hex,
        me,
        hears,
    } = vectors("opening");
    let keys = RoomKeys::derive(&secret(&hex));
    let mut opener = Opener::new(&keys.sealing, keys.room, me);
    for (place, heard) in hears.into_iter().enumerate() {
        let opened = match opener.open(heard.from, heard.to, &heard.sealed) {
            Ok(Signal::Unknown) => "ignored",
            Ok(_) => "ok",
            Err(OpenError::Altered) => "altered",
            Err(OpenError::Replayed) => "replayed",
            Err(OpenError::NotIntroduced) => "not_introduced",
            Err(OpenError::Malformed) => "malformed",
            Err(OpenError::TooManySenders) => "too_many_senders",
        };
        assert_eq!(opened, heard.expect, "message {place}");
    }
}

#[derive(Deserialize)]
struct Messages {
    valid: Vec<String>,
    ignored: Vec<String>,
    malformed: Vec<String>,
}

#[test]
fn messages() {
    let Messages {
        valid,
        ignored,
        malformed,
    } = vectors("messages");
    for text in valid {
        let signal = Signal::from_json(text.as_bytes());
        assert!(
            matches!(signal, Ok(signal) if signal != Signal::Unknown),
            "{text}"
        );
    }
    for text in ignored {
        assert_eq!(
            Signal::from_json(text.as_bytes()),
            Ok(Signal::Unknown),
            "{text}"
        );
    }
    for text in malformed {
        assert!(Signal::from_json(text.as_bytes()).is_err(), "{text}");
    }
}

#[derive(Deserialize)]
struct Name {
    text: String,
    name: String,
}

#[test]
fn names() {
    for Name { text, name } in vectors::<Vec<Name>>("names") {
        assert_eq!(PersonName::new(&text).as_str(), name);
    }
}

#[derive(Deserialize)]
struct Stream {
    text: String,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    id: Option<String>,
    name: String,
    data: String,
}

#[test]
fn streams() {
    for Stream { text, events } in vectors::<Vec<Stream>>("streams") {
        let expected: Vec<_> = events
            .into_iter()
            .map(|Event { id, name, data }| StreamEvent { id, name, data })
            .collect();
        let mut read = Vec::new();
        StreamReader::new()
            .push(text.as_bytes(), |event| read.push(event))
            .unwrap();
        assert_eq!(read, expected, "{text:?}");
    }
}

#[derive(Deserialize)]
struct Text {
    text: String,
    clean: String,
}

#[test]
fn chat_texts() {
    for Text { text, clean } in vectors::<Vec<Text>>("chat_texts") {
        assert_eq!(ChatText::new(&text).as_str(), clean, "{text:?}");
        assert_eq!(ChatText::new(&clean).as_str(), clean, "{text:?}");
    }
}
