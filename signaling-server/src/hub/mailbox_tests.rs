//! A stream that breaks, comes back, is too slow, or is replaced.

use super::*;
use std::time::Duration;
use visio_protocol::event::Departure;
use visio_protocol::{RoomId, SessionId};

fn letter() -> Letter {
    Letter::new(&Event::Left(Departure {
        room: RoomId::random(),
        session: SessionId::random(),
    }))
}

fn limits() -> Limits {
    Limits {
        queue_events: 4,
        history_events: 8,
        ..Limits::default()
    }
}

fn mailbox() -> (Arc<Mailbox>, Instant) {
    let now = Instant::now();
    (
        Arc::new(Mailbox::new(Numbers::Own { epoch: 0xabcd }, now)),
        now,
    )
}

/// The ids that a stream has ready; heartbeats are left out.
fn ids(stream: &Stream, now: Instant) -> Vec<String> {
    let mut context = Context::from_waker(Waker::noop());
    let mut ids = Vec::new();
    while let Poll::Ready(Some(text)) = stream.poll_next(&mut context, now) {
        let text = String::from_utf8(text.to_vec()).unwrap();
        if let Some(line) = text.lines().next().filter(|line| line.starts_with("id: ")) {
            ids.push(line[4..].to_owned());
        }
    }
    ids
}

fn has_ended(stream: &Stream, now: Instant) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(stream.poll_next(&mut context, now), Poll::Ready(None))
}

#[test]
fn a_stream_that_comes_back_goes_on_after_its_last_id() {
    let (mailbox, now) = mailbox();
    for _ in 0..3 {
        mailbox.push(&letter(), &limits(), now);
    }
    let (stream, lost) = mailbox.attach(None, CutOff::default(), now).unwrap();
    assert!(!lost);
    assert_eq!(
        ids(&stream, now),
        ["0000abcd-1", "0000abcd-2", "0000abcd-3"]
    );
    drop(stream);
    let (stream, lost) = mailbox
        .attach(Some("0000abcd-2"), CutOff::default(), now)
        .unwrap();
    assert!(!lost);
    assert_eq!(ids(&stream, now), ["0000abcd-3"]);
}

#[test]
fn an_id_from_before_a_restart_or_from_nowhere_replays_everything_there_is() {
    let (mailbox, now) = mailbox();
    mailbox.push(&letter(), &limits(), now);
    for id in ["00001234-1", "0000abcd-99", "nonsense", "-", "0000abcd-x"] {
        let (stream, lost) = mailbox.attach(Some(id), CutOff::default(), now).unwrap();
        assert!(!lost, "{id}");
        assert_eq!(ids(&stream, now), ["0000abcd-1"], "{id}");
    }
}

#[test]
fn a_stream_that_was_away_for_too_long_is_told_that_events_are_lost() {
    let (mailbox, now) = mailbox();
    for _ in 0..12 {
        mailbox.push(&letter(), &limits(), now);
    }
    let (_, lost) = mailbox
        .attach(Some("0000abcd-1"), CutOff::default(), now)
        .unwrap();
    assert!(lost);
    let (stream, lost) = mailbox
        .attach(Some("0000abcd-4"), CutOff::default(), now)
        .unwrap();
    assert!(!lost);
    assert_eq!(ids(&stream, now).len(), 8);
}

#[test]
fn a_reader_too_slow_is_cut_off_and_resumes_without_loss() {
    let (mailbox, now) = mailbox();
    let cut_off = CutOff::default();
    let (stream, _) = mailbox.attach(None, Arc::clone(&cut_off), now).unwrap();
    for _ in 0..4 {
        mailbox.push(&letter(), &limits(), now);
    }
    assert!(mailbox.away_since().is_none());
    mailbox.push(&letter(), &limits(), now);
    assert!(mailbox.away_since().is_some());
    assert!(has_ended(&stream, now));
    let (stream, lost) = mailbox.attach(None, cut_off, now).unwrap();
    assert!(!lost);
    assert_eq!(ids(&stream, now).len(), 5);
}

#[test]
fn a_reader_that_has_just_come_back_is_given_time_to_catch_up() {
    let (mailbox, now) = mailbox();
    for _ in 0..5 {
        mailbox.push(&letter(), &limits(), now);
    }
    let (stream, _) = mailbox.attach(None, CutOff::default(), now).unwrap();
    mailbox.push(&letter(), &limits(), now);
    assert_eq!(ids(&stream, now).len(), 6);
}

#[test]
fn a_second_stream_replaces_the_first() {
    let (mailbox, now) = mailbox();
    let (first, _) = mailbox.attach(None, CutOff::default(), now).unwrap();
    let (second, _) = mailbox.attach(None, CutOff::default(), now).unwrap();
    mailbox.push(&letter(), &limits(), now);
    assert!(has_ended(&first, now));
    drop(first);
    assert_eq!(ids(&second, now).len(), 1);
    assert!(mailbox.away_since().is_none());
}

#[test]
fn a_silent_stream_gets_a_heartbeat() {
    let (mailbox, now) = mailbox();
    let (stream, _) = mailbox.attach(None, CutOff::default(), now).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let opening = stream.poll_next(&mut context, now);
    assert_eq!(opening, Poll::Ready(Some(Bytes::from_static(b":\n\n"))));
    assert!(stream.poll_next(&mut context, now).is_pending());
    mailbox.tick(&limits(), now + Duration::from_secs(14));
    assert!(stream.poll_next(&mut context, now).is_pending());
    mailbox.tick(&limits(), now + Duration::from_secs(15));
    assert_eq!(stream.poll_next(&mut context, now), opening);
}

#[test]
fn a_closed_mailbox_delivers_what_waits_and_ends() {
    let (mailbox, now) = mailbox();
    let (stream, _) = mailbox.attach(None, CutOff::default(), now).unwrap();
    mailbox.push(&letter(), &limits(), now);
    mailbox.close();
    assert_eq!(ids(&stream, now).len(), 1);
    assert!(has_ended(&stream, now));
    assert!(mailbox.attach(None, CutOff::default(), now).is_none());
}

#[test]
fn a_stream_that_was_cut_on_one_server_goes_on_at_another() {
    let now = Instant::now();
    let [one, other] = [0, 1].map(|_| Arc::new(Mailbox::new(Numbers::Shared, now)));
    for number in [0x100, 0x100, 0x300] {
        for mailbox in [&one, &other] {
            mailbox.push(&letter().numbered(number), &limits(), now);
        }
    }
    // Who is there, which one server alone has told.
    one.push(&letter().numbered(0x300), &limits(), now);
    let (stream, _) = one.attach(None, CutOff::default(), now).unwrap();
    assert_eq!(ids(&stream, now), ["s-100", "s-101", "s-300", "s-301"]);
    for (last, rest) in [("s-100", &["s-101", "s-300"][..]), ("s-301", &[])] {
        let (stream, lost) = other.attach(Some(last), CutOff::default(), now).unwrap();
        assert!(!lost);
        assert_eq!(ids(&stream, now), rest, "after {last}");
    }
    let (stream, _) = other.attach(Some("s-301"), CutOff::default(), now).unwrap();
    other.push(&letter().numbered(0x300), &limits(), now);
    assert_eq!(ids(&stream, now), ["s-302"]);
}

#[test]
fn a_server_that_came_later_tells_what_was_said_and_that_it_does_not_know_who_came() {
    let now = Instant::now();
    let mailbox = Arc::new(Mailbox::new(Numbers::Shared, now));
    mailbox.push(&letter().numbered(5), &limits(), now);
    mailbox.known_from(9);
    let (stream, lost) = mailbox.attach(Some("s-4"), CutOff::default(), now).unwrap();
    assert!(lost);
    assert_eq!(ids(&stream, now), ["s-5"]);
    let (_, lost) = mailbox.attach(Some("s-9"), CutOff::default(), now).unwrap();
    assert!(!lost);
}

#[test]
fn what_another_server_delivers_is_not_kept_for_longer_than_it_may_be_asked_for() {
    let now = Instant::now();
    let mailbox = Arc::new(Mailbox::new(Numbers::Shared, now));
    mailbox.push(&letter().numbered(5), &limits(), now);
    mailbox.tick(&limits(), now + Duration::from_secs(61));
    let (stream, lost) = mailbox.attach(Some("s-4"), CutOff::default(), now).unwrap();
    assert!(lost);
    assert!(ids(&stream, now).is_empty());
}
