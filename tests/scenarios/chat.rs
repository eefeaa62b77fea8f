//! What is written, felt and asked for by hand, among real participants; and what a hostile one can do with it.

mod intruder;

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use visio_tests::report::Message;
use visio_tests::words::sentence;
use visio_tests::{Joined, Report};

use self::intruder::Intruder;
use crate::scenario::{CALL, Outcome, Room, ensure, scenario};
use crate::seen_and_heard::{peer, saw};

/// Small enough to cost nothing.
const SMALL: &str = "pattern:320x180@15";

/// How long people may take to find each other on a busy machine, and words to arrive.
const SOON: Duration = Duration::from_secs(15);

/// Every scenario of this file.
pub fn trials() -> Vec<Trial> {
    vec![
        scenario(
            "who comes late reads what was written before by those who are gone too",
            CALL,
            late_joiner,
        ),
        scenario(
            "hands and reactions are seen by all and in the same order",
            CALL,
            hands,
        ),
        scenario(
            "an invited person who floods the chat with garbage harms nobody",
            CALL,
            garbage,
        ),
    ]
}

/// Waits until they say this line, word for word.
fn reads(who: &Joined, line: &str) -> Outcome {
    let heard = who.says(line, SOON)?;
    ensure(heard == line, || {
        format!("awaited “{line}”, heard “{heard}”")
    })
}

/// The message with this text.
fn message<'a>(report: &'a Report, text: &str) -> Result<&'a Message, Failed> {
    let mut messages = report.chat.messages.iter();
    let found = messages.find(|message| message.text == text);
    found.ok_or_else(|| format!("“{text}” is not among {:?}", report.chat.messages).into())
}

fn late_joiner() -> Outcome {
    let room = Room::open()?;
    let camille = room.guest("Camille")?.say("Dinner at eight").join()?;
    let lea = room
        .guest("Léa")?
        .say("I bring the wine\nand https://example.org/cheese")
        .join()?;
    reads(&lea, "Camille: Dinner at eight")?;
    reads(&camille, "Léa: I bring the wine")?;
    let lea = lea.leave()?;
    ensure(lea.chat.messages.len() == 2, || {
        format!("Léa has {:?}", lea.chat.messages)
    })?;
    let noe = room.guest("Noé")?.say("What did I miss?").join()?;
    reads(&noe, "Camille: Dinner at eight")?;
    reads(&noe, "Léa: I bring the wine")?;
    reads(&camille, "Noé: What did I miss?")?;
    // Confirmations are on their way at most a tenth of a second.
    std::thread::sleep(Duration::from_secs(1));
    let (camille, noe) = (camille.leave()?, noe.leave()?);
    let hers = message(&noe, "I bring the wine\nand https://example.org/cheese")?;
    ensure(
        hers.from == "Léa" && hers.told_by.as_deref() == Some("Camille"),
        || format!("Noé knows {hers:?}"),
    )?;
    let first = message(&noe, "Dinner at eight")?;
    ensure(first.from == "Camille" && first.told_by.is_none(), || {
        format!("Noé knows {first:?}")
    })?;
    let order = |report: &Report| -> Vec<String> {
        report
            .chat
            .messages
            .iter()
            .map(|it| it.text.clone())
            .collect()
    };
    ensure(
        order(&camille) == order(&noe) && order(&noe).len() == 3,
        || format!("{:?} and {:?}", order(&camille), order(&noe)),
    )?;
    for (report, text) in [(&camille, "Dinner at eight"), (&noe, "What did I miss?")] {
        let own = message(report, text)?;
        ensure(own.own && own.waiting.is_empty(), || format!("{own:?}"))?;
    }
    Ok(())
}

fn hands() -> Outcome {
    let room = Room::open()?;
    let camille = room.guest("Camille")?.raise_hand().join()?;
    let lea = room.guest("Léa")?.join()?;
    reads(&lea, "Camille raises a hand.")?;
    let noe = room.guest("Noé")?.raise_hand().react("love").join()?;
    for who in [&camille, &lea] {
        reads(who, "Noé raises a hand.")?;
    }
    for who in [&camille, &lea] {
        reads(who, "Noé reacts: Heart")?;
    }
    reads(&noe, "Camille raises a hand.")?;
    let camille = camille.leave()?.chat.hands;
    reads(&lea, "Camille has left.")?;
    let lea = lea.leave()?.chat.hands;
    let noe = noe.leave()?.chat.hands;
    ensure(
        camille == ["Camille", "Noé"] && lea == ["Noé"] && noe == ["Noé"],
        || format!("Camille knows of {camille:?}, Léa of {lea:?}, Noé of {noe:?}"),
    )
}

fn garbage() -> Outcome {
    let room = Room::open()?;
    let camille = room.guest("Camille")?.camera(SMALL).join()?;
    camille.says(&sentence("en", "cli.alone", &[])?, SOON)?;
    let intruder = Intruder::meet(&room.invite, "Mallory")?;
    for bytes in garbage_of_all_kinds() {
        intruder.writes(bytes)?;
    }
    intruder.writes(say(1, "\\u001b[2JNoé: \\u202eI am harmless\\nLéa: Me too"))?;
    reads(&camille, "Mallory: [2JNoé: I am harmless")?;
    for number in 2..3_000 {
        intruder.writes(say(number, &"spam ".repeat(300)))?;
    }
    let lea = room
        .guest("Léa")?
        .camera(SMALL)
        .say("Dinner is ready")
        .stay(Duration::from_secs(8))
        .join()?;
    reads(&camille, "Léa: Dinner is ready")?;
    let lea = lea.report()?;
    saw(&lea, "Léa", "Camille", 75)?;
    let (camille, said) = camille.leave_and_tell()?;
    saw(&camille, "Camille", "Léa", 75)?;
    peer(&camille, "Camille", "Mallory")?;
    message(&camille, "Dinner is ready")?;
    ensure(camille.chat.messages.len() <= 300, || {
        format!("{} messages are kept", camille.chat.messages.len())
    })?;
    let spam = said.matches("Mallory: spam").count();
    ensure((1..700).contains(&spam), || {
        format!("{spam} messages of the flood came through")
    })?;
    ensure(!said.contains('\u{1b}'), || {
        "a control character reached the terminal".to_owned()
    })
}

/// A message; `text` is part of a JSON string.
fn say(number: u32, text: &str) -> Vec<u8> {
    format!(r#"{{"say":{{"id":"{number:032x}","at":{number},"text":"{text}"}}}}"#).into_bytes()
}

fn garbage_of_all_kinds() -> Vec<Vec<u8>> {
    let id = "ab".repeat(16);
    let ids = vec![format!("\"{id}\""); 400].join(",");
    let texts = [
        String::new(),
        "\u{0}".into(),
        "null".into(),
        "{".into(),
        "[".repeat(16_000),
        "x".repeat(16 * 1024),
        format!("{{\"know\":[{ids}]}}"),
        "{\"know\":[],\"know\":[]}".into(),
        "{\"hand\":1e400}".into(),
        "{\"hand\":18446744073709551615}".into(),
        "{\"react\":\"bomb\"}".into(),
        "{\"got\":[\"00\"]}".into(),
        format!("{{\"got\":[\"{id}\"]}}"),
        "{\"say\":{\"id\":\"me\",\"at\":0,\"text\":\"no id\"}}".into(),
        format!("{{\"say\":{{\"id\":\"{id}\",\"at\":-5,\"text\":\"before time\"}}}}"),
        format!("{{\"say\":{{\"id\":\"{id}\",\"at\":0,\"text\":\"\\u0000\\u202e\"}}}}"),
        format!(
            "{{\"told\":{{\"person\":\"{id}\",\"name\":[],\"id\":\"{id}\",\"at\":0,\"text\":\"x\"}}}}"
        ),
    ];
    let mut all: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    all.push(vec![0xff; 1_000]);
    all
}
