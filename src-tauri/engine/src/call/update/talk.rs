//! Texts, reactions and raised hands: what is said to whom, and what comes of what is heard. `PROTOCOL.md`, section 9.

use std::collections::HashSet;
use std::time::Instant;

use visio_protocol::chat::{ChatMessage, MAX_KEPT, Said, Told};
use visio_protocol::{ChatText, ClockTime, MessageId, PersonId, Reaction, SessionId};

use crate::call::chat::{ReactionShown, Remark, Source};
use crate::call::effect::Effect;
use crate::call::event::ChatChange;
use crate::call::person::Person;
use crate::call::state::CallState;

/// I write something.
pub(super) fn say(
    state: &mut CallState,
    id: MessageId,
    text: ChatText,
    clock: ClockTime,
    effects: &mut Vec<Effect>,
) {
    if text.is_empty() || !state.calling() {
        return;
    }
    let here = state.people.iter().chain(&state.away);
    let remark = Remark {
        id,
        author: state.me.id,
        name: state.me.name.clone(),
        at: state.chat.stamp(clock),
        text,
        source: Source::Mine,
        waiting: here.filter(|it| it.calling).map(|it| it.id).collect(),
    };
    tell_all(state, &remark.message(), effects);
    state.chat.add(remark);
}

/// I feel something.
pub(super) fn react(
    state: &mut CallState,
    kind: Reaction,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    if !state.calling() || kind == Reaction::Unknown {
        return;
    }
    if let Some(shown) = ReactionShown::own(kind, state.me.reaction, now) {
        state.me.reaction = Some(shown);
        tell_all(state, &ChatMessage::react(kind), effects);
    }
}

/// I raise my hand at this time, or lower it.
pub(super) fn raise_hand(state: &mut CallState, at: Option<ClockTime>, effects: &mut Vec<Effect>) {
    if !state.calling() || at.is_some() == state.me.hand.is_some() {
        return;
    }
    state.me.hand = at.map(|clock| state.chat.stamp(clock));
    tell_all(state, &ChatMessage::hand(state.me.hand), effects);
}

/// Something came by somebody's channel, or it opened.
pub(super) fn changed(
    state: &mut CallState,
    session: SessionId,
    epoch: u32,
    change: ChatChange,
    now: Instant,
    effects: &mut Vec<Effect>,
) {
    let Some(person) = behind(state, session, epoch) else {
        return;
    };
    match change {
        ChatChange::Open => {
            person.talk.open = Some((session, epoch));
            person.talk.answered = false;
            let know = ChatMessage::know(state.chat.ids(), state.me.hand);
            effects.push(tell(session, vec![know]));
        }
        ChatChange::Heard { message, clock } => {
            let who = (person.id, person.name.clone());
            // Each opening is answered once: else a few bytes would fetch all that was ever written, again and again.
            let answer = message.know.is_some() && !person.talk.answered;
            person.talk.answered |= message.know.is_some();
            if let Some(kind) = message.react.filter(|kind| *kind != Reaction::Unknown) {
                person.reaction = Some(ReactionShown::of(kind, person.reaction, now));
            }
            if let Some(said) = &message.say {
                person.talk.got.push(said.id);
            }
            if let Some(at) = message.hand {
                let at = at.map(|at| state.chat.note(at, clock));
                if let Some(person) = behind(state, session, epoch) {
                    person.hand = at;
                }
            }
            take_in(state, who, *message, clock, session, answer, effects);
        }
    }
}

fn take_in(
    state: &mut CallState,
    (id, name): (PersonId, String),
    message: ChatMessage,
    clock: ClockTime,
    session: SessionId,
    answer: bool,
    effects: &mut Vec<Effect>,
) {
    let ChatMessage {
        know,
        got,
        say,
        told,
        ..
    } = message;
    for ids in [&know, &got].into_iter().flatten() {
        state.chat.change(|remark| {
            let before = remark.waiting.len();
            if ids.contains(&remark.id) {
                remark.waiting.retain(|waiting| *waiting != id);
            }
            remark.waiting.len() != before
        });
    }
    if let Some(Said {
        id: message,
        at,
        text,
    }) = say
    {
        heard(
            state,
            (message, at, text),
            (id, name.clone()),
            Source::Author,
            clock,
        );
    }
    if let Some(Told {
        person,
        name: author,
        id: message,
        at,
        text,
    }) = told
    {
        let source = if person == id {
            Source::Author
        } else {
            Source::Teller { id, name }
        };
        heard(
            state,
            (message, at, text),
            (person, author.to_string()),
            source,
            clock,
        );
    }
    if let Some(known) = know.filter(|_| answer) {
        let known: HashSet<MessageId> = known.into_iter().collect();
        let unknown = state.chat.remarks().iter();
        let unknown = unknown.filter(|remark| !known.contains(&remark.id));
        let messages: Vec<ChatMessage> = unknown.map(Remark::message).collect();
        if !messages.is_empty() {
            effects.push(tell(session, messages));
        }
    }
}

fn heard(
    state: &mut CallState,
    (id, at, text): (MessageId, ClockTime, ChatText),
    (author, name): (PersonId, String),
    source: Source,
    clock: ClockTime,
) {
    let at = state.chat.note(at, clock);
    state.chat.add(Remark {
        id,
        author,
        name,
        at,
        text,
        source,
        waiting: Vec::new(),
    });
}

/// Time passed: what came is confirmed, several in one; reactions have been seen.
pub(super) fn tick(state: &mut CallState, now: Instant, effects: &mut Vec<Effect>) {
    let over = |shown: &Option<ReactionShown>| shown.is_some_and(|it| it.is_over(now));
    if over(&state.me.reaction) {
        state.me.reaction = None;
    }
    for person in state.people.iter_mut().chain(&mut state.away) {
        if over(&person.reaction) {
            person.reaction = None;
        }
        if !person.talk.got.is_empty() && person.talks() {
            let got = std::mem::take(&mut person.talk.got);
            let lists = got
                .chunks(MAX_KEPT)
                .map(|ids| ChatMessage::got(ids.to_vec()));
            effects.push(tell(person.session, lists.collect()));
        }
    }
}

/// Nobody waits for a message any more who is gone for good.
pub(super) fn forget_gone(state: &mut CallState) {
    let here: HashSet<PersonId> = state
        .people
        .iter()
        .chain(&state.away)
        .map(|person| person.id)
        .collect();
    state.chat.change(|remark| {
        let before = remark.waiting.len();
        remark.waiting.retain(|id| here.contains(id));
        remark.waiting.len() != before
    });
}

/// Whoever is at the other end of a channel, if it is the one that counts.
fn behind(state: &mut CallState, session: SessionId, epoch: u32) -> Option<&mut Person> {
    let mut known = state.people.iter_mut().chain(&mut state.away);
    known.find(|person| person.session == session && person.epoch == epoch)
}

fn tell_all(state: &CallState, message: &ChatMessage, effects: &mut Vec<Effect>) {
    let known = state.people.iter().chain(&state.away);
    let open = known.filter(|person| person.talks());
    effects.extend(open.map(|person| tell(person.session, vec![message.clone()])));
}

fn tell(session: SessionId, messages: Vec<ChatMessage>) -> Effect {
    Effect::Chat { session, messages }
}
