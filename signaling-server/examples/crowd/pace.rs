//! An even pace at which many speak, and what came of it: the same for Visio's server and for the other one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::{Load, Trouble, message};

/// Connections opened at the same time.
pub const AT_ONCE: usize = 64;

/// Who speaks, each on one connection, one message after the other.
pub const SPEAKERS: usize = 50;

/// For what is still on its way at the end.
const LAST: Duration = Duration::from_secs(2);

/// Where how long messages took is told.
pub type Heard = mpsc::Sender<Duration>;

/// A measurement that has begun. Clones share what they count.
#[derive(Clone)]
pub struct Pace {
    /// When it did; messages carry the time since.
    pub began: Instant,
    load: Load,
    sent: Arc<AtomicU64>,
}

impl Pace {
    /// Begins; what is heard is taken up by the receiver, which has room for all that will be sent.
    pub fn begin(load: Load) -> (Self, Heard, mpsc::Receiver<Duration>) {
        let all = load.rate as usize * load.seconds as usize + SPEAKERS;
        let (heard, ages) = mpsc::channel(all);
        let pace = Self {
            began: Instant::now(),
            load,
            sent: Arc::default(),
        };
        (pace, heard, ages)
    }

    /// Waits until the `turn`th message of the `speaker`th is due, evenly among the others'. `false`: it is over.
    pub async fn due(&self, speaker: usize, turn: u32) -> bool {
        let between = Duration::from_secs_f64(SPEAKERS as f64 / f64::from(self.load.rate));
        let after = between.mul_f64(f64::from(turn) + speaker as f64 / SPEAKERS as f64);
        if after > Duration::from_secs(self.load.seconds.into()) {
            return false;
        }
        tokio::time::sleep_until((self.began + after).into()).await;
        true
    }

    /// One more was sent.
    pub fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for all who speak and for their last messages, and says what came of it.
    pub async fn tell(
        self,
        speakers: Vec<tokio::task::JoinHandle<Result<(), Trouble>>>,
        mut ages: mpsc::Receiver<Duration>,
    ) -> Result<(), Trouble> {
        for speaker in speakers {
            speaker.await??;
        }
        tokio::time::sleep(LAST).await;
        let ages = std::iter::from_fn(|| ages.try_recv().ok()).collect();
        println!("{}", message::told(ages, self.sent.load(Ordering::Relaxed)));
        Ok(())
    }
}
