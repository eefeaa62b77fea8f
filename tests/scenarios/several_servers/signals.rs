//! Messages that are said while servers are killed: counted, and how long they were away.

use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use tokio::sync::mpsc::Receiver;
use visio_engine::signaling::{Recipient, Role, Signaling, SignalingEvent};
use visio_protocol::{Invite, Signal};
use visio_tests::Choice;

use super::group::Group;
use crate::scenario::{Outcome, ensure};

/// Between two messages.
const EVERY: Duration = Duration::from_millis(10);

/// Messages in all.
const COUNT: u32 = 1_200;

/// At these messages a server is killed: the listener's, then the speaker's.
const KILLED: [(u32, usize); 2] = [(300, 0), (800, 1)];

/// A server that is gone may keep a message for so long: until its client has noticed, and found another.
const MOST_AWAY: Duration = Duration::from_secs(2);

/// For the last message.
const LAST: Duration = Duration::from_secs(15);

/// Two people at two of three servers; one speaks all the time, and both servers are killed one after the other.
pub fn none_is_lost() -> Outcome {
    let mut group = Group::start(3)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let enter = |choice| -> Result<_, Failed> {
        let invite = Invite::parse(&group.invite(choice)?).map_err(|error| error.to_string())?;
        let entered = runtime.block_on(Signaling::enter(&invite, Role::Calling));
        Ok(entered.map_err(|error| error.to_string())?)
    };
    let (listener, mut heard, me) = enter(Choice::Prefer(0))?;
    let (speaker, _events, _) = enter(Choice::Prefer(1))?;
    let listening = runtime.spawn(async move { listen(&mut heard).await });
    for number in 1..=COUNT {
        if let Some((_, server)) = KILLED.iter().find(|(at, _)| *at == number) {
            group.servers[*server].kill();
        }
        let sdp = String::new();
        let said = Signal::Offer { link: number, sdp };
        runtime.block_on(async { speaker.send(Recipient::Session(me.me), said) });
        std::thread::sleep(EVERY);
    }
    let listened = runtime.block_on(async { tokio::time::timeout(LAST, listening).await });
    let (numbers, troubles, longest) = listened
        .map_err(|_| "the last message did not come")?
        .map_err(|error| error.to_string())?;
    println!(
        "{} of {COUNT} messages came, the longest silence was {} ms",
        numbers.len(),
        longest.as_millis()
    );
    drop(listener);
    let expected: Vec<u32> = (1..=COUNT).collect();
    ensure(numbers == expected, || {
        let lost: Vec<_> = expected.iter().filter(|it| !numbers.contains(it)).collect();
        format!("{} came; lost: {lost:?}", numbers.len())
    })?;
    ensure(troubles.is_empty(), || format!("it was told: {troubles:?}"))?;
    ensure(longest < MOST_AWAY, || {
        format!("nothing was heard for {longest:?}")
    })
}

/// The numbers of what is heard, in order; what else happens; and the longest silence between two.
async fn listen(events: &mut Receiver<SignalingEvent>) -> (Vec<u32>, Vec<String>, Duration) {
    let (mut numbers, mut troubles) = (Vec::new(), Vec::new());
    let (mut last, mut longest) = (None::<Instant>, Duration::ZERO);
    while let Some(event) = events.recv().await {
        match event {
            SignalingEvent::Signal {
                signal: Signal::Offer { link, .. },
                ..
            } => {
                numbers.push(link);
                longest = longest.max(last.map_or(Duration::ZERO, |last| last.elapsed()));
                last = Some(Instant::now());
                if link == COUNT {
                    break;
                }
            }
            SignalingEvent::Arrived(..) | SignalingEvent::Lost | SignalingEvent::Resumed => {}
            other => troubles.push(format!("{other:?}")),
        }
    }
    (numbers, troubles, longest)
}
