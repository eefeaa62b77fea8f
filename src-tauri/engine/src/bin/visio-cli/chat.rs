//! What is written, felt and asked for by hand: what the command line wants said, and what the others say.

use std::collections::{HashMap, HashSet};

use clap::Args;
use visio_engine::call::{CallState, Command, Phase};
use visio_engine::session::{Session, raise_hand, say};
use visio_protocol::{MessageId, PersonId, Reaction};

use crate::words::Words;

/// What is said, once.
#[derive(Args)]
pub struct Talk {
    /// Write this to everybody, those included who come later. Can be given several times.
    #[arg(long, value_name = "TEXT")]
    say: Vec<String>,
    #[arg(
        long,
        value_name = "FEELING",
        value_parser = feeling,
        help = "Show this for five seconds, as soon as all who are here can see it: like | dislike | love | laugh | celebrate | sad"
    )]
    react: Option<Reaction>,
    /// Raise your hand
    #[arg(long)]
    raise_hand: bool,
}

/// A feeling by its name.
fn feeling(name: &str) -> Result<Reaction, String> {
    let reaction = serde_json::from_value(name.into()).unwrap_or(Reaction::Unknown);
    if reaction == Reaction::Unknown {
        return Err(name.to_owned());
    }
    Ok(reaction)
}

/// The name of a feeling.
fn name_of(reaction: Reaction) -> String {
    let name = serde_json::to_value(reaction).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

/// Says what is wanted when it can be said, and tells on stderr what the others say.
pub struct Chatter<'a> {
    words: &'a Words,
    wanted: Talk,
    revision: u64,
    told: HashSet<(PersonId, MessageId)>,
    reactions: HashMap<PersonId, u32>,
    hands: HashMap<PersonId, String>,
}

impl<'a> Chatter<'a> {
    pub fn new(wanted: Talk, words: &'a Words) -> Self {
        Self {
            words,
            wanted,
            revision: 0,
            told: HashSet::new(),
            reactions: HashMap::new(),
            hands: HashMap::new(),
        }
    }

    /// To be called with each state.
    pub fn step(&mut self, session: &Session, state: &CallState) {
        self.speak(session, state);
        self.tell_texts(state);
        self.tell_feelings(state);
        self.tell_hands(state);
    }

    fn speak(&mut self, session: &Session, state: &CallState) {
        if state.phase != Phase::Calling {
            return;
        }
        for text in self.wanted.say.drain(..) {
            session.send(say(&text));
        }
        if std::mem::take(&mut self.wanted.raise_hand) {
            session.send(raise_hand(true));
        }
        let mut here = state
            .people
            .iter()
            .filter(|person| person.calling)
            .peekable();
        if here.peek().is_some()
            && here.all(|person| person.talks())
            && let Some(reaction) = self.wanted.react.take()
        {
            session.send(Command::React(reaction));
        }
    }

    fn tell_texts(&mut self, state: &CallState) {
        if self.revision == state.chat.revision {
            return;
        }
        self.revision = state.chat.revision;
        for remark in state.remarks() {
            if self.told.insert((remark.author, remark.id)) && !remark.own {
                // So that no line of a text looks like somebody else's.
                let text = remark.text.as_str().replace('\n', "\n    ");
                self.say("cli.wrote", &[("name", &remark.name), ("text", &text)]);
            }
        }
    }

    fn tell_feelings(&mut self, state: &CallState) {
        for person in &state.people {
            let Some(shown) = person.reaction else {
                self.reactions.remove(&person.id);
                continue;
            };
            if self.reactions.insert(person.id, shown.number) != Some(shown.number) {
                let key = format!("reaction.{}", name_of(shown.kind));
                let feeling = self.words.say(&key, &[]);
                self.say(
                    "cli.reacted",
                    &[("name", &person.name), ("reaction", &feeling)],
                );
            }
        }
    }

    fn tell_hands(&mut self, state: &CallState) {
        let raised = state.people.iter().filter(|person| person.hand.is_some());
        let now: HashMap<_, _> = raised
            .map(|person| (person.id, person.name.clone()))
            .collect();
        let before = std::mem::replace(&mut self.hands, now);
        for (id, name) in &self.hands {
            if !before.contains_key(id) {
                self.say("cli.hand.raised", &[("name", name)]);
            }
        }
        for (id, name) in before {
            if !self.hands.contains_key(&id) {
                self.say("cli.hand.lowered", &[("name", &name)]);
            }
        }
    }

    fn say(&self, key: &str, fill: &[(&str, &str)]) {
        eprintln!("{}", self.words.say(key, fill));
    }
}
