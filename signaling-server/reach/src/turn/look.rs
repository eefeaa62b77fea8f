//! The look at a relay itself.

use super::carrier::{Carrier, NoCarrier};
use super::client::{self, Ask, Client, Credentials, Reply};
use super::url::{RelayUrl, Way};
use crate::place::{NoWay, Place};
use crate::stun::TransactionId;
use crate::trust::Doubt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use visio_protocol::relay::RelayAccess;

/// For an answer to one request, all its repetitions included.
const ANSWER_TIME: Duration = Duration::from_secs(4);

/// A datagram without an answer is sent again after this, then after twice as long, and so on
/// (RFC 8489, section 6.2.1).
const FIRST_REPETITION: Duration = Duration::from_millis(500);

/// A request and its two refusals, for want of a signature and for a stale nonce.
const MOST_TRIES: usize = 3;

/// Datagrams that are sent through the relay until one arrives.
const PACKETS: u32 = 4;

/// Between two of them.
const BETWEEN_PACKETS: Duration = Duration::from_millis(300);

/// What is sent through a relay.
const PAYLOAD: &[u8] = b"Visio looks whether this arrives";

/// The relay has no place left, for this client or at all (RFC 8656, section 19).
const QUOTA_REACHED: u16 = 486;
const INSUFFICIENT_CAPACITY: u16 = 508;

/// It does not relay to such an address (RFC 8656, section 19).
const FORBIDDEN: u16 = 403;

/// Refused for want of a signature (RFC 8489, section 14.8).
const UNAUTHENTICATED: u16 = 401;

/// What a server of STUN says of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapped {
    /// The address that our datagrams come from, as it sees them.
    pub address: SocketAddr,
    /// There and back.
    pub round_trip: Duration,
}

/// A relay that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// From the first step (the name, the connection) to the first answer.
    pub took: Duration,
    /// What came of sending something through it; `None` where there were no credentials.
    pub relayed: Option<Relayed>,
}

/// Something has passed through a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relayed {
    /// The address that was given.
    pub address: SocketAddr,
    /// From here through the relay, twice, back to here.
    pub round_trip: Duration,
}

/// Why a relay is of no use from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayFault {
    /// There is no way to it.
    #[error(transparent)]
    NoWay(#[from] NoWay),
    /// It can't show that it is who it says.
    #[error(transparent)]
    Doubtful(#[from] Doubt),
    /// Something else listens there.
    #[error("something listens there, but it is not a relay")]
    NotARelay,
    /// It does not accept the credentials.
    #[error(
        "the relay does not accept the server's credentials: are their secrets the same, and their clocks?"
    )]
    Credentials,
    /// It has no place left.
    #[error("the relay is full")]
    Full,
    /// It gives an address, but what is sent through it does not arrive.
    #[error("the relay answers, but what is sent through it does not arrive")]
    NothingArrives,
    /// Any other refusal, with its number.
    #[error("the relay refuses, with number {0}")]
    Refused(u16),
}

impl From<NoCarrier> for RelayFault {
    fn from(error: NoCarrier) -> Self {
        match error {
            NoCarrier::NoWay(why) => Self::NoWay(why),
            NoCarrier::Doubtful(why) => Self::Doubtful(why),
            NoCarrier::NotEncrypted => Self::NotARelay,
        }
    }
}

/// Asks a server of STUN, over UDP, from which address we come.
///
/// # Errors
/// [`RelayFault`].
pub async fn mapped(place: &Place) -> Result<Mapped, RelayFault> {
    let url = RelayUrl {
        place: place.clone(),
        way: Way::Udp,
    };
    let mut end = End::open(&url, None).await?;
    let begun = Instant::now();
    let address = end.ask(Ask::Binding).await?.ok_or(RelayFault::NotARelay)?;
    Ok(Mapped {
        address,
        round_trip: begun.elapsed(),
    })
}

/// Looks whether a relay answers and, with credentials, whether it relays.
///
/// # Errors
/// [`RelayFault`].
pub async fn look(url: &RelayUrl, access: Option<&RelayAccess>) -> Result<Answered, RelayFault> {
    let begun = Instant::now();
    let credentials = access.map(|access| Credentials {
        username: access.username.clone(),
        password: access.password.clone(),
    });
    let mut one = End::open(url, credentials.clone()).await?;
    let Some(credentials) = credentials else {
        return match one.ask(Ask::Allocate).await {
            // It asks who we are, as a relay does.
            Err(RelayFault::Credentials) => Ok(Answered {
                took: begun.elapsed(),
                relayed: None,
            }),
            Err(fault) => Err(fault),
            Ok(_) => Err(RelayFault::NotARelay),
        };
    };
    let first = one.ask(Ask::Allocate).await?.ok_or(RelayFault::NotARelay)?;
    let took = begun.elapsed();
    let mut other = End::open(url, Some(credentials)).await?;
    let second = other
        .ask(Ask::Allocate)
        .await?
        .ok_or(RelayFault::NotARelay)?;
    one.ask(Ask::Permit(second)).await?;
    other.ask(Ask::Permit(first)).await?;
    let passed = pass(&mut one, &mut other, second).await;
    // Otherwise they would be kept for ten minutes; a relay that is not told gives them up then.
    let _ = tokio::join!(one.ask(Ask::End), other.ask(Ask::End));
    Ok(Answered {
        took,
        relayed: Some(Relayed {
            address: first,
            round_trip: passed?,
        }),
    })
}

/// Sends through the relay from one client to the other, whose relayed address is `to`.
async fn pass(one: &mut End, other: &mut End, to: SocketAddr) -> Result<Duration, RelayFault> {
    let begun = Instant::now();
    for _ in 0..PACKETS {
        let message = client::send(to, PAYLOAD, transaction()?);
        let sent = one.carrier.send(&message).await;
        sent.map_err(|_| RelayFault::NothingArrives)?;
        match timeout(BETWEEN_PACKETS, other.arrival()).await {
            Ok(Ok(())) => return Ok(begun.elapsed()),
            Ok(Err(_)) => return Err(RelayFault::NothingArrives),
            Err(_) => {}
        }
    }
    Err(RelayFault::NothingArrives)
}

/// One client of the relay, and what carries its messages.
struct End {
    client: Client,
    carrier: Carrier,
}

impl End {
    async fn open(url: &RelayUrl, credentials: Option<Credentials>) -> Result<Self, RelayFault> {
        Ok(Self {
            client: Client::new(credentials),
            carrier: Carrier::open(url).await?,
        })
    }

    /// Asks until it is done or refused; gives the address, where one was asked for.
    async fn ask(&mut self, ask: Ask) -> Result<Option<SocketAddr>, RelayFault> {
        for _ in 0..MOST_TRIES {
            let message = self.client.ask(ask, transaction()?);
            let reply = timeout(ANSWER_TIME, self.exchange(&message)).await;
            match reply.map_err(|_| NoWay::Silent)?? {
                Reply::Done(address) => return Ok(address),
                Reply::Again => {}
                Reply::Refused(UNAUTHENTICATED) => return Err(RelayFault::Credentials),
                Reply::Refused(QUOTA_REACHED | INSUFFICIENT_CAPACITY) => {
                    return Err(RelayFault::Full);
                }
                Reply::Refused(FORBIDDEN) => return Err(RelayFault::NothingArrives),
                Reply::Refused(code) => return Err(RelayFault::Refused(code)),
            }
        }
        Err(RelayFault::Credentials)
    }

    async fn exchange(&mut self, message: &[u8]) -> Result<Reply, RelayFault> {
        let mut patience = FIRST_REPETITION;
        loop {
            let sent = self.carrier.send(message).await;
            sent.map_err(|error| NoWay::of(&error))?;
            if !self.carrier.loses() {
                return self.reply().await;
            }
            match timeout(patience, self.reply()).await {
                Ok(reply) => return reply,
                Err(_) => patience *= 2,
            }
        }
    }

    async fn reply(&mut self) -> Result<Reply, RelayFault> {
        loop {
            let message = self.carrier.receive().await.map_err(|error| {
                match error.kind() {
                    // A web server that was spoken to in TURN, say.
                    std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
                        RelayFault::NotARelay
                    }
                    _ => NoWay::of(&error).into(),
                }
            })?;
            if let Some(reply) = self.client.reply(&message) {
                return Ok(reply);
            }
        }
    }

    /// Waits for what the other client sends.
    async fn arrival(&mut self) -> std::io::Result<()> {
        loop {
            let message = self.carrier.receive().await?;
            if client::data(&message) == Some(PAYLOAD) {
                return Ok(());
            }
        }
    }
}

fn transaction() -> Result<TransactionId, RelayFault> {
    let mut id = [0; 12];
    // A system without randomness can't have a call either.
    getrandom::fill(&mut id).map_err(|_| RelayFault::NotARelay)?;
    Ok(TransactionId(id))
}
