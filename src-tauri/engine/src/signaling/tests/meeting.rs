//! People who meet, speak and part.

use super::support::{Person, World};
use crate::signaling::{Recipient, Role, Signaling, SignalingError, SignalingEvent, create_room};
use std::time::Duration;
use visio_protocol::message::Signal;
use visio_protocol::{Invite, MediaState, PersonId};
use visio_server::Limits;

fn hello(name: &str) -> Signal {
    Signal::Hello {
        person: PersonId::random(),
        name: name.into(),
        media: MediaState::default(),
        session_epoch: 0,
    }
}

#[tokio::test]
async fn two_people_with_an_invite_meet_speak_and_part() {
    let world = World::new().await;
    let invite = world.invite().await;
    let mut anna = Person::enter(&invite, Role::Calling).await;
    assert_eq!(anna.entered.present, []);
    let mut ben = Person::enter(&invite, Role::Watching).await;
    let (anna_id, ben_id) = (anna.entered.me, ben.entered.me);
    assert_eq!(ben.entered.present, [(anna_id, Role::Calling)]);
    assert_eq!(
        anna.next().await,
        SignalingEvent::Arrived(ben_id, Role::Watching)
    );

    ben.signaling.set_role(Role::Calling).await.unwrap();
    assert_eq!(
        anna.next().await,
        SignalingEvent::Role(ben_id, Role::Calling)
    );

    let signal = hello("Anna");
    anna.signaling.send(ben_id.into(), signal.clone());
    assert_eq!(
        ben.next().await,
        SignalingEvent::Signal {
            from: anna_id,
            signal
        }
    );

    ben.signaling.send(anna_id.into(), Signal::Bye);
    ben.signaling.leave().await;
    assert_eq!(
        anna.next().await,
        SignalingEvent::Signal {
            from: ben_id,
            signal: Signal::Bye
        }
    );
    assert_eq!(anna.next().await, SignalingEvent::Left(ben_id));
}

#[tokio::test]
async fn what_is_said_to_the_room_reaches_everybody_once_and_in_order() {
    let world = World::new().await;
    let invite = world.invite().await;
    let anna = Person::enter(&invite, Role::Calling).await;
    let mut others = [
        Person::enter(&invite, Role::Calling).await,
        Person::enter(&invite, Role::Calling).await,
    ];
    let mut anna = anna;
    anna.next().await;
    anna.next().await;
    for restart in [false, true, false] {
        anna.signaling
            .send(Recipient::Room, Signal::AskOffer { restart });
    }
    for other in &mut others {
        for expected in [false, true, false] {
            assert_eq!(
                other.next_signal().await.0,
                Signal::AskOffer { restart: expected }
            );
        }
        assert_eq!(other.watch(Duration::from_millis(300)).await, []);
    }
}

#[tokio::test]
async fn many_candidates_at_once_arrive_in_order() {
    let world = World::new().await;
    let invite = world.invite().await;
    let anna = Person::enter(&invite, Role::Calling).await;
    let mut ben = Person::enter(&invite, Role::Calling).await;
    for line in 0..100 {
        let signal = Signal::Candidate {
            link: 1,
            candidate: "candidate:1".into(),
            mid: None,
            line: Some(line),
        };
        anna.signaling.send(ben.entered.me.into(), signal);
    }
    for expected in 0..100 {
        assert!(
            matches!(ben.next_signal().await.0, Signal::Candidate { line: Some(line), .. } if line == expected)
        );
    }
}

#[tokio::test]
async fn somebody_who_vanishes_without_a_word_is_gone_within_ten_seconds() {
    let world = World::new().await;
    let invite = world.invite().await;
    let mut anna = Person::enter(&invite, Role::Calling).await;
    let ben = Person::enter(&invite, Role::Calling).await;
    let ben_id = ben.entered.me;
    assert_eq!(
        anna.next().await,
        SignalingEvent::Arrived(ben_id, Role::Calling)
    );
    drop(ben);
    let gone = tokio::time::timeout(Duration::from_secs(10), anna.next())
        .await
        .expect("within ten seconds");
    assert_eq!(gone, SignalingEvent::Left(ben_id));
}

#[tokio::test]
async fn a_wrong_host_code_is_told_before_and_after_asking() {
    let world = World::new().await;
    for wrong in ["", "1234", "0000-0000-0000-0000"] {
        assert_eq!(
            create_room(&world.url(), wrong).await,
            Err(SignalingError::HostCode),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_room_that_does_not_exist_is_told_as_such() {
    let world = World::new().await;
    let nowhere = Invite::generate(world.url());
    let error = Signaling::enter(&nowhere, Role::Calling).await.err();
    assert_eq!(error, Some(SignalingError::RoomGone));
}

#[tokio::test]
async fn a_full_room_and_a_full_server_are_told_apart() {
    let limits = Limits {
        max_rooms: 2,
        max_room_sessions: 1,
        max_sessions: 1,
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let (first, second) = (world.invite().await, world.invite().await);
    let server = world.url().authority();
    let busy = SignalingError::Busy { server };
    assert_eq!(
        create_room(&world.url(), &world.host_code()).await,
        Err(busy.clone())
    );
    let _anna = Person::enter(&first, Role::Calling).await;
    assert_eq!(
        Signaling::enter(&second, Role::Calling).await.err(),
        Some(busy)
    );
    let limits = Limits {
        max_room_sessions: 1,
        ..Limits::default()
    };
    let world = World::with(limits).await;
    let invite = world.invite().await;
    let _anna = Person::enter(&invite, Role::Calling).await;
    assert_eq!(
        Signaling::enter(&invite, Role::Calling).await.err(),
        Some(SignalingError::Full)
    );
}
