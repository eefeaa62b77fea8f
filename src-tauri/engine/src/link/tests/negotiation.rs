//! Descriptions and candidates: in and out of order, twice, and malformed.

use super::*;

#[tokio::test]
async fn only_the_offerer_offers_and_only_the_other_answers() {
    let (alice, bob) = (Side::open(true).await, Side::open(false).await);
    assert_eq!(bob.link.offer(false).await, Err(LinkError::WrongRole));
    assert_eq!(bob.link.offer(true).await, Err(LinkError::WrongRole));
    let offer = alice.link.offer(false).await.expect("an offer");
    assert_eq!(
        alice.link.accept_offer(&offer).await,
        Err(LinkError::WrongRole)
    );
    assert_eq!(
        bob.link.accept_answer(&offer).await,
        Err(LinkError::WrongRole)
    );
}

#[tokio::test]
async fn the_first_offer_holds_everything_there_will_ever_be() {
    let alice = Side::open(true).await;
    let offer = alice.link.offer(false).await.expect("an offer");
    let sections: Vec<&str> = offer
        .lines()
        .filter_map(|line| line.strip_prefix("m=")?.split(' ').next())
        .collect();
    assert_eq!(
        sections,
        ["audio", "video", "video", "audio", "application"]
    );
    for needed in [
        "nack pli",
        "ccm fir",
        "H264/90000",
        "opus/48000/2",
        "useinbandfec=1",
        "red/48000/2",
        "111/111",
    ] {
        assert!(offer.contains(needed), "{needed}");
    }
    assert_eq!(offer.matches("a=sendrecv").count(), 5, "{offer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_that_arrive_before_the_offer_are_kept() {
    let (mut alice, mut bob) = (Side::open(true).await, Side::open(false).await);
    let offer = alice.link.offer(false).await.expect("an offer");
    // Alice's addresses overtake her offer; Bob's never reach her.
    let mut early = 0;
    while early < 1 {
        let found = alice
            .expect(|event| matches!(event, LinkEvent::Candidate { .. }))
            .await;
        let LinkEvent::Candidate {
            candidate,
            mid,
            line,
        } = found
        else {
            unreachable!("just matched")
        };
        let added = bob
            .link
            .add_candidate(&candidate, mid.as_deref(), line)
            .await;
        added.expect("a candidate");
        early += usize::from(candidate.contains(" 127.0.0.1 "));
    }
    let answer = bob.link.accept_offer(&offer).await.expect("an answer");
    alice.link.accept_answer(&answer).await.expect("agreement");
    alice.connected().await;
    bob.connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_or_answer_that_comes_twice_does_no_harm() {
    let (mut alice, mut bob) = (Side::open(true).await, Side::open(false).await);
    let (to_alice, to_bob) = (alice.link.clone(), bob.link.clone());
    trickle(&mut alice, to_bob, None);
    trickle(&mut bob, to_alice, None);
    let offer = alice.link.offer(false).await.expect("an offer");
    let again = alice.link.offer(true).await.expect("the same offer");
    assert_eq!(
        super::super::description::ufrag(&offer),
        super::super::description::ufrag(&again),
        "an offer that was not answered is not replaced"
    );
    bob.link.accept_offer(&offer).await.expect("an answer");
    let answer = bob.link.accept_offer(&again).await.expect("an answer");
    alice.link.accept_answer(&answer).await.expect("agreement");
    alice
        .link
        .accept_answer(&answer)
        .await
        .expect("nothing to do");
    alice.connected().await;
    bob.connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_description_is_refused_and_a_good_one_is_accepted_afterwards() {
    let (mut alice, mut bob) = (Side::open(true).await, Side::open(false).await);
    let (to_alice, to_bob) = (alice.link.clone(), bob.link.clone());
    trickle(&mut alice, to_bob, None);
    trickle(&mut bob, to_alice, None);
    let offer = alice.link.offer(false).await.expect("an offer");
    let malformed = [
        String::new(),
        "v=0".to_owned(),
        "m=audio\r\n".repeat(1000),
        "\u{fffd}".repeat(1 << 20),
        offer.replace("m=video", "m=audio"),
        offer.replace("a=fingerprint", "a=fingerprunt"),
        offer[..offer.len() / 2].to_owned(),
    ];
    for sdp in &malformed {
        let refused = bob.link.accept_offer(sdp).await;
        assert!(
            matches!(refused, Err(LinkError::Description(_))),
            "{refused:?}"
        );
        let refused = alice.link.accept_answer(sdp).await;
        assert!(
            matches!(refused, Err(LinkError::Description(_))),
            "{refused:?}"
        );
    }
    for candidate in [
        "nonsense",
        "candidate:",
        "candidate:1 1 udp 1 ::::: 9 typ host",
    ] {
        let refused = bob.link.add_candidate(candidate, None, None).await;
        assert!(
            matches!(refused, Err(LinkError::Candidate(_))),
            "{candidate}"
        );
    }
    let answer = bob.link.accept_offer(&offer).await.expect("an answer");
    alice.link.accept_answer(&answer).await.expect("agreement");
    alice.connected().await;
    bob.connected().await;
}

#[tokio::test]
async fn a_server_address_that_is_none_is_said_at_once() {
    for url in ["nonsense", "turn:relay.example.org?transport=udp", "stun:"] {
        let server = IceServer {
            urls: vec![url.to_owned()],
            ..Default::default()
        };
        let config = LinkConfig {
            ice_servers: vec![server],
            ..Default::default()
        };
        let opened = Side::try_open(config).await.err();
        assert!(
            matches!(opened, Some(LinkError::Setup(_))),
            "{url}: {opened:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_altered_line_of_an_offer_makes_anything_panic() {
    let alice = Side::open(true).await;
    let offer = alice.link.offer(false).await.expect("an offer");
    let lines: Vec<&str> = offer.lines().collect();
    for altered in (0..lines.len()).step_by(5) {
        let mut text = lines.clone();
        let half = &text[altered][..text[altered].len() / 2];
        text[altered] = half;
        let bob = Side::open(false).await;
        // Some are refused, some not: nothing is said about which, only that it is said.
        let _ = bob.link.accept_offer(&(text.join("\r\n") + "\r\n")).await;
        bob.link.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_with_the_right_addresses_gets_no_media() {
    let (mut alice, mut bob) = (Side::open(true).await, Side::open(false).await);
    let (to_alice, to_bob) = (alice.link.clone(), bob.link.clone());
    trickle(&mut alice, to_bob, None);
    trickle(&mut bob, to_alice, None);
    let offer = alice.link.offer(false).await.expect("an offer");
    let answer = bob.link.accept_offer(&offer).await.expect("an answer");
    let forged: Vec<String> = answer
        .lines()
        .map(|line| match line.strip_prefix("a=fingerprint:sha-256 ") {
            Some(print) => format!(
                "a=fingerprint:sha-256 {}",
                print.replace('A', "B").replace('1', "2")
            ),
            None => line.to_owned(),
        })
        .collect();
    alice
        .link
        .accept_answer(&(forged.join("\r\n") + "\r\n"))
        .await
        .expect("well-formed");
    let failed = alice
        .expect(|event| matches!(event, LinkEvent::Failed(_) | LinkEvent::Connected))
        .await;
    assert_eq!(failed, LinkEvent::Failed(LinkFailure::Identity));
    assert!(!matches!(bob.link.stats().state, LinkState::Connected));
}
