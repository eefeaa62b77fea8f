//! What is written, felt and asked for by hand, among people who come, go and lose their connections.

use std::time::Duration;

use visio_protocol::chat::{ChatMessage, Said, Told};
use visio_protocol::{ClockTime, MessageId, Reaction, Signal};

use super::*;

/// A quarter past ten.
const NOON: u64 = 1_764_412_708_000;

fn clock(second: u64) -> ClockTime {
    ClockTime::from_millis(NOON + second * 1000)
}

fn message(n: u8) -> MessageId {
    MessageId::from_bytes([n; 16])
}

fn said(n: u8, second: u64, text: &str) -> ChatMessage {
    ChatMessage::say(Said {
        id: message(n),
        at: clock(second),
        text: text.into(),
    })
}

fn told(author: u8, n: u8, second: u64, text: &str) -> ChatMessage {
    ChatMessage::told(Told {
        person: person(author),
        name: "Inès".into(),
        id: message(n),
        at: clock(second),
        text: text.into(),
    })
}

fn tells(n: u8, messages: &[ChatMessage]) -> Effect {
    Effect::Chat {
        session: session(n),
        messages: messages.to_vec(),
    }
}

impl Stage {
    fn chat(&mut self, n: u8, change: ChatChange) -> Vec<Effect> {
        let epoch = self.state.person(session(n)).unwrap().epoch;
        self.step(Event::Chat {
            session: session(n),
            epoch,
            change,
        })
    }

    /// Their channel opens, with nothing that they know.
    fn opens_chat(&mut self, n: u8) -> Vec<Effect> {
        let mut effects = self.chat(n, ChatChange::Open);
        effects.extend(self.reads(n, ChatMessage::know(vec![], None), 0));
        effects
    }

    /// They said this, and it came when the clock here stood at that second.
    fn reads(&mut self, n: u8, message: ChatMessage, second: u64) -> Vec<Effect> {
        let (message, clock) = (Box::new(message), clock(second));
        self.chat(n, ChatChange::Heard { message, clock })
    }

    fn says(&mut self, n: u8, second: u64, text: &str) -> Vec<Effect> {
        self.step(Event::Command(Command::Say {
            id: message(n),
            clock: clock(second),
            text: text.into(),
        }))
    }

    /// With Léa (7), who can be written to.
    fn chatting() -> Self {
        let mut stage = Self::with(7);
        stage.opens_chat(7);
        stage
    }

    fn texts(&self) -> Vec<String> {
        let remarks = self.state.remarks().into_iter();
        remarks.map(|it| it.text.to_string()).collect()
    }

    fn waiting(&self) -> Vec<String> {
        let remarks = self.state.remarks().into_iter();
        remarks.flat_map(|it| it.waiting).collect()
    }
}

#[test]
fn what_is_written_goes_to_all_who_are_there_and_is_known_to_have_come() {
    let mut stage = Stage::chatting();
    assert_eq!(
        stage.says(1, 0, "Hello"),
        [tells(7, &[said(1, 0, "Hello")])]
    );
    assert_eq!(stage.waiting(), ["Léa"]);
    let before = stage.state.chat.revision;
    stage.reads(7, ChatMessage::got(vec![message(1)]), 1);
    assert_eq!(stage.waiting(), [""; 0]);
    assert_ne!(stage.state.chat.revision, before, "the window is told");
    assert!(stage.state.remarks()[0].own);
}

#[test]
fn what_comes_is_shown_and_confirmed_several_in_one() {
    let mut stage = Stage::chatting();
    assert_eq!(stage.reads(7, said(2, 1, "Hello"), 1), []);
    stage.reads(7, said(3, 2, "Camille?"), 2);
    let got = ChatMessage::got(vec![message(2), message(3)]);
    assert_eq!(stage.after(Duration::from_millis(200)), [tells(7, &[got])]);
    let remarks = stage.state.remarks();
    assert_eq!(stage.texts(), ["Hello", "Camille?"]);
    assert_eq!((remarks[0].name.as_str(), remarks[0].own), ("Léa", false));
    assert_eq!(remarks[0].told_by, None);
}

#[test]
fn nothing_is_said_in_the_lobby_and_of_nothing_comes_nothing() {
    let mut stage = Stage::before(false);
    stage.step(Event::Entered(Ok(entered(5, &[7]))));
    assert_eq!(stage.says(1, 0, "Hello"), []);
    let mut stage = Stage::chatting();
    assert_eq!(stage.says(1, 0, " \n "), []);
    assert!(stage.texts().is_empty());
}

#[test]
fn who_comes_late_hears_from_those_present_what_was_written_and_by_whom() {
    let mut stage = Stage::chatting();
    stage.reads(7, said(2, 1, "Dinner at eight"), 1);
    stage.says(3, 2, "I bring the wine");
    stage.hears(7, Signal::Bye);
    stage.meets(8, "Noé");
    let opening = stage.chat(8, ChatChange::Open);
    let ids = vec![message(2), message(3)];
    assert_eq!(opening, [tells(8, &[ChatMessage::know(ids, None)])]);
    let Effect::Chat { messages, .. } = &stage.reads(8, ChatMessage::know(vec![], None), 3)[0]
    else {
        panic!("nothing was told");
    };
    let expected = ChatMessage::told(Told {
        person: person(7),
        name: "Léa".into(),
        id: message(2),
        at: clock(1),
        text: "Dinner at eight".into(),
    });
    assert_eq!(messages, &[expected, said(3, 2, "I bring the wine")]);
}

#[test]
fn the_same_told_by_several_is_one_and_its_authors_word_counts() {
    let mut stage = Stage::chatting();
    stage.reads(7, told(8, 2, 1, "I never said that"), 2);
    assert_eq!(stage.state.remarks()[0].told_by.as_deref(), Some("Léa"));
    assert_eq!(stage.state.remarks()[0].name, "Inès");
    stage.meets(9, "Noé");
    stage.opens_chat(9);
    stage.reads(9, told(8, 2, 1, "I never said that"), 3);
    assert_eq!(stage.texts().len(), 1);
    stage.meets(8, "Inès");
    stage.opens_chat(8);
    stage.reads(8, said(2, 1, "I said this"), 4);
    stage.reads(7, told(8, 2, 1, "I never said that"), 5);
    assert_eq!(stage.texts(), ["I said this"]);
    assert_eq!(stage.state.remarks()[0].told_by, None);
}

#[test]
fn nobody_can_take_the_place_of_what_another_said() {
    let mut stage = Stage::chatting();
    stage.says(1, 0, "Mine");
    stage.reads(7, said(1, 0, "By Léa, under my number"), 1);
    stage.reads(7, told(5, 1, 0, "Never mine"), 1);
    let mut texts = stage.texts();
    texts.sort();
    assert_eq!(texts, ["By Léa, under my number", "Mine"]);
}

#[test]
fn my_own_words_told_to_me_are_shown_as_told_and_not_vouched_for() {
    let mut stage = Stage::chatting();
    stage.reads(7, told(5, 1, 0, "I wrote that before the reload"), 1);
    let remark = &stage.state.remarks()[0];
    assert!(remark.own && remark.told_by.as_deref() == Some("Léa"));
    stage.meets(8, "Noé");
    let answer = stage.opens_chat(8);
    let Some(Effect::Chat { messages, .. }) = answer.last() else {
        panic!("{answer:?}");
    };
    assert!(messages[0].told.is_some() && messages[0].say.is_none());
}

#[test]
fn what_was_written_while_a_connection_was_away_arrives_when_it_is_back() {
    let mut stage = Stage::chatting();
    stage.says(1, 0, "Before");
    stage.reads(7, ChatMessage::got(vec![message(1)]), 0);
    // A path that dies keeps the channel: what is said waits in it.
    stage.link(7, LinkChange::Disconnected);
    assert_eq!(stage.says(2, 1, "Meanwhile").len(), 1);
    stage.link(7, LinkChange::Connected);
    // Not so a connection that is given up.
    let effects = stage.link(7, LinkChange::Failed);
    assert_eq!(effects, [opens(7, 2, true)]);
    assert_eq!(stage.says(3, 2, "Later"), []);
    assert_eq!(stage.waiting(), ["Léa", "Léa"]);
    stage.link(7, LinkChange::Connected);
    stage.chat(7, ChatChange::Open);
    let effects = stage.reads(7, ChatMessage::know(vec![message(1)], None), 3);
    let missing = [said(2, 1, "Meanwhile"), said(3, 2, "Later")];
    assert_eq!(effects, [tells(7, &missing)]);
    stage.reads(7, ChatMessage::got(vec![message(2), message(3)]), 3);
    assert_eq!(stage.waiting(), [""; 0]);
}

#[test]
fn what_comes_by_a_channel_of_before_is_ignored() {
    let mut stage = Stage::chatting();
    stage.link(7, LinkChange::Failed);
    let effects = stage.step(Event::Chat {
        session: session(7),
        epoch: 1,
        change: ChatChange::Heard {
            message: Box::new(said(2, 1, "Old")),
            clock: clock(1),
        },
    });
    assert_eq!((effects, stage.texts()), (vec![], vec![]));
}

#[test]
fn what_came_just_before_a_connection_was_made_anew_is_confirmed_by_the_new_one() {
    let mut stage = Stage::chatting();
    stage.reads(7, said(2, 1, "Hello"), 1);
    stage.link(7, LinkChange::Failed);
    stage.link(7, LinkChange::Connected);
    stage.chat(7, ChatChange::Open);
    let got = ChatMessage::got(vec![message(2)]);
    assert_eq!(stage.after(Duration::from_millis(100)), [tells(7, &[got])]);
}

#[test]
fn nobody_waits_for_who_is_gone_but_for_who_may_come_back() {
    let mut stage = Stage::chatting();
    stage.says(1, 0, "Hello");
    stage.link(7, LinkChange::Disconnected);
    stage.step(Event::Signaling(SignalingEvent::Left(session(7))));
    assert!(stage.state.people.is_empty());
    assert_eq!(stage.waiting(), ["Léa"], "for a minute they may come back");
    stage.after(Duration::from_secs(61));
    assert_eq!(stage.waiting(), [""; 0]);
}

#[test]
fn what_is_known_already_is_asked_for_once() {
    let mut stage = Stage::chatting();
    stage.says(1, 0, "Hello");
    for second in 0..100 {
        let effects = stage.reads(7, ChatMessage::know(vec![], None), second);
        assert_eq!(effects, [], "each channel is answered once");
    }
}

#[test]
fn an_answer_stands_after_what_it_answers_whatever_the_clocks_say() {
    let mut stage = Stage::chatting();
    // Léa's clock is five minutes ahead.
    stage.reads(7, said(2, 300, "When do you come?"), 0);
    stage.says(3, 1, "At eight");
    assert_eq!(stage.texts(), ["When do you come?", "At eight"]);
    // What was written before and comes late stands where it belongs.
    stage.reads(7, said(4, 200, "Are you there?"), 2);
    assert_eq!(stage.texts()[0], "Are you there?");
}

#[test]
fn a_clock_out_of_all_reason_counts_as_twenty_minutes_ahead() {
    let mut stage = Stage::chatting();
    stage.reads(7, said(2, 1_000_000_000, "From the future"), 0);
    stage.says(3, 1, "Hello");
    let at = stage.state.remarks()[1].at;
    assert_eq!(at.millis(), clock(20 * 60).millis() + 1);
}

#[test]
fn a_flood_costs_bounded_memory_and_nobody_elses_words() {
    let mut stage = Stage::chatting();
    stage.says(1, 0, "Dinner is ready");
    for number in 0..2_000_u32 {
        let mut id = [9; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let flood = ChatMessage::told(Told {
            person: PersonId::from_bytes(id),
            name: "X".into(),
            id: MessageId::from_bytes(id),
            at: clock(1),
            text: "spam".into(),
        });
        stage.reads(7, flood, 1);
    }
    assert_eq!(stage.texts().len(), 300);
    assert!(stage.texts().contains(&"Dinner is ready".to_owned()));
}

#[test]
fn a_confirmation_never_names_more_than_a_list_may() {
    let mut stage = Stage::chatting();
    for n in 0..=u8::MAX {
        stage.reads(7, said(n, 1, "x"), 1);
        stage.reads(7, said(n, 1, "x"), 1);
    }
    let confirmed = stage.after(Duration::from_millis(100));
    let [Effect::Chat { messages, .. }] = &confirmed[..] else {
        panic!("{confirmed:?}");
    };
    for message in messages {
        assert_eq!(
            ChatMessage::from_json(&message.to_json()).as_ref(),
            Ok(message)
        );
    }
}

#[test]
fn a_reaction_is_shown_for_five_seconds_and_the_same_again_is_another() {
    let mut stage = Stage::chatting();
    stage.reads(7, ChatMessage::react(Reaction::Love), 0);
    let first = stage.state.people[0].reaction.unwrap();
    stage.after(Duration::from_secs(4));
    stage.reads(7, ChatMessage::react(Reaction::Love), 4);
    let second = stage.state.people[0].reaction.unwrap();
    assert_eq!(
        (second.kind, second.number),
        (Reaction::Love, first.number + 1)
    );
    stage.after(Duration::from_secs(4));
    assert!(stage.state.people[0].reaction.is_some());
    stage.after(Duration::from_secs(2));
    assert_eq!(stage.state.people[0].reaction, None);
    stage.reads(7, ChatMessage::react(Reaction::Unknown), 10);
    assert_eq!(stage.state.people[0].reaction, None);
}

#[test]
fn my_reactions_go_to_all_but_not_faster_than_they_can_be_seen() {
    let mut stage = Stage::chatting();
    let react = |stage: &mut Stage| stage.step(Event::Command(Command::React(Reaction::Like)));
    let told = [tells(7, &[ChatMessage::react(Reaction::Like)])];
    assert_eq!(react(&mut stage), told);
    assert_eq!(react(&mut stage), []);
    stage.after(Duration::from_millis(500));
    assert_eq!(react(&mut stage), told);
}

#[test]
fn hands_stand_in_the_same_order_for_all_and_who_comes_late_is_told() {
    let mut stage = Stage::chatting();
    // Léa's clock is a minute ahead, and her hand was first.
    stage.reads(7, ChatMessage::hand(Some(clock(60))), 0);
    let raise = Event::Command(Command::RaiseHand(Some(clock(5))));
    let mine = ClockTime::from_millis(clock(60).millis() + 1);
    assert_eq!(
        stage.step(raise),
        [tells(7, &[ChatMessage::hand(Some(mine))])]
    );
    let again = Event::Command(Command::RaiseHand(Some(clock(9))));
    assert_eq!(stage.step(again), [], "it is up already");
    stage.meets(8, "Noé");
    assert_eq!(
        stage.chat(8, ChatChange::Open),
        [tells(8, &[ChatMessage::know(vec![], Some(mine))])]
    );
    let lower = Event::Command(Command::RaiseHand(None));
    let down = ChatMessage::hand(None);
    assert_eq!(
        stage.step(lower),
        [tells(7, std::slice::from_ref(&down)), tells(8, &[down])]
    );
}

#[test]
fn a_hand_that_was_lowered_while_the_connection_was_away_is_down() {
    let mut stage = Stage::chatting();
    stage.reads(7, ChatMessage::hand(Some(clock(0))), 0);
    stage.link(7, LinkChange::Failed);
    assert_eq!(stage.state.people[0].hand, Some(clock(0)));
    stage.link(7, LinkChange::Connected);
    stage.opens_chat(7);
    assert_eq!(stage.state.people[0].hand, None);
}

#[test]
fn who_leaves_takes_the_hand_along() {
    let mut stage = Stage::chatting();
    stage.step(Event::Command(Command::RaiseHand(Some(clock(0)))));
    stage.step(Event::Command(Command::Leave));
    assert_eq!(stage.state.me.hand, None);
}
