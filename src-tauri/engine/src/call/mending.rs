//! What is being done about one connection, so that it is done once and not by both sides at a time.
//!
//! Pure. The steps themselves are in `update/repair.rs`.

use std::time::{Duration, Instant};

/// A first connection takes 0.1 to 2 s; what has not come after this is offered anew.
const CONNECTING_PATIENCE: Duration = Duration::from_secs(6);

/// What was said is said once more when nothing was answered: signaling takes some ten milliseconds,
/// or a second or two over a connection that is being found again itself.
const ANSWER_PATIENCE: Duration = Duration::from_secs(2);

/// Once both sides have agreed, a path takes about 0.7 s (measured); then another one is tried.
const PATH_PATIENCE: Duration = Duration::from_secs(3);

/// Patience doubles with every second attempt, up to this.
const MOST_PATIENCE: Duration = Duration::from_secs(8);

/// After so many agreed restarts that led nowhere the whole connection is made anew.
const RESTARTS: u32 = 2;

/// After so many attempts of any kind as well: whoever does not answer to a restart may have lost the connection it is one of.
const UNANSWERED: u32 = 3;

/// After so many attempts in vain the tile says that it failed; trying goes on.
const ATTEMPTS_BEFORE_FAILED: u32 = 4;

/// A path that has come back by itself so lately needs no restart: who wishes for one most likely did before it came back, and
/// several times, and all of it arrives now that the server can be reached as well. If not, they will say so again.
const JUST_RECOVERED: Duration = Duration::from_secs(5);

/// One request for an offer a second is plenty; more would keep a connection from ever coming up.
const REQUESTS_APART: Duration = Duration::from_secs(1);

/// How far the mending of a connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing is being done.
    #[default]
    Idle,
    /// We, who do not offer, have asked for an offer.
    Asked,
    /// We have offered, and wait for the answer.
    Offered,
    /// Both sides know each other's description, and a path is looked for.
    Agreed,
    /// The attempt is over; the next one is due after a pause.
    Failed,
}

/// What is being done about one connection.
#[derive(Clone, Debug)]
pub(crate) struct Mending {
    stage: Stage,
    /// Since when it is at this stage.
    since: Instant,
    /// Attempts since the last success.
    attempts: u32,
    /// Restarts among them on which both sides agreed.
    agreed: u32,
    /// Only a new connection can help.
    afresh: bool,
    /// An offer of ours is out that has not been answered.
    unanswered: bool,
    /// When the path last came back without our doing.
    recovered: Option<Instant>,
}

impl Mending {
    pub fn new(now: Instant) -> Self {
        Self {
            stage: Stage::Idle,
            since: now,
            attempts: 0,
            agreed: 0,
            afresh: false,
            unanswered: false,
            recovered: None,
        }
    }

    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether something is under way, so that nothing else should be begun.
    pub fn under_way(&self) -> bool {
        matches!(self.stage, Stage::Asked | Stage::Offered | Stage::Agreed)
    }

    /// For how long it has been where it is.
    pub fn waited(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// Whether waiting longer is of no use. `connecting`: there never was a connection.
    pub fn is_stuck(&self, connecting: bool, now: Instant) -> bool {
        let patience = match self.stage {
            Stage::Failed => ANSWER_PATIENCE,
            _ if connecting => CONNECTING_PATIENCE,
            Stage::Agreed => PATH_PATIENCE,
            Stage::Idle | Stage::Asked | Stage::Offered => ANSWER_PATIENCE,
        };
        let doubled = 1 << (self.attempts.saturating_sub(1) / 2).min(4);
        let patience = (patience * doubled).min(MOST_PATIENCE.max(patience));
        self.waited(now) >= patience
    }

    /// Whether the next attempt may begin at once. `failed`: an attempt came to nothing just now; then only the first
    /// does, or failures would follow one another without a pause.
    pub fn may_begin(&self, failed: bool) -> bool {
        match failed {
            true => self.attempts == 0,
            false => !self.under_way(),
        }
    }

    /// Whether the next attempt should be a new connection rather than a restart.
    pub fn wants_afresh(&self) -> bool {
        self.afresh || self.agreed >= RESTARTS || self.attempts >= UNANSWERED
    }

    /// Whether so much was tried in vain that it should be said.
    pub fn is_hopeless(&self) -> bool {
        self.attempts > ATTEMPTS_BEFORE_FAILED
    }

    /// The next attempt is a new connection.
    pub fn give_up_link(&mut self) {
        self.afresh = true;
    }

    /// Another attempt begins.
    pub fn begin(&mut self, stage: Stage, now: Instant) {
        self.attempts += 1;
        self.enter(stage, now);
        self.unanswered |= stage == Stage::Offered;
    }

    /// A new connection takes the place of the old one.
    pub fn opened(&mut self, stage: Stage, now: Instant) {
        self.afresh = false;
        self.agreed = 0;
        self.recovered = None;
        self.unanswered = stage == Stage::Offered;
        self.enter(stage, now);
    }

    /// Their answer to our offer came. One that comes twice changes nothing.
    pub fn answered(&mut self, now: Instant) {
        if std::mem::take(&mut self.unanswered) {
            self.agree(now);
        }
    }

    /// Both sides now look for a path. An offer that is repeated is the same attempt.
    pub fn agree(&mut self, now: Instant) {
        let repeated = self.stage == Stage::Agreed && self.waited(now) < PATH_PATIENCE;
        self.agreed += u32::from(!repeated);
        self.enter(Stage::Agreed, now);
    }

    /// It is on the other side to do something.
    pub fn wait(&mut self, now: Instant) {
        self.enter(Stage::Idle, now);
    }

    /// Whether a request for an offer comes while one is out, or being carried out.
    pub fn is_busy_with_it(&self, restart: bool, now: Instant) -> bool {
        let enough = match self.stage {
            Stage::Agreed if restart => PATH_PATIENCE,
            _ => REQUESTS_APART,
        };
        self.stage != Stage::Failed && self.waited(now) < enough
    }

    /// The attempt came to nothing. Said once more, that is no later.
    pub fn failed(&mut self, now: Instant) {
        if self.stage != Stage::Failed {
            self.enter(Stage::Failed, now);
        }
    }

    /// There is a path. `was_away`: there was none before.
    pub fn succeeded(&mut self, was_away: bool, now: Instant) {
        let by_itself = was_away && self.stage != Stage::Agreed;
        self.recovered = by_itself.then_some(now);
        self.attempts = 0;
        self.agreed = 0;
        self.afresh = false;
        self.enter(Stage::Idle, now);
    }

    /// Whether a wish of theirs for a restart is out of date, the path having come back since.
    pub fn is_out_of_date(&self, now: Instant) -> bool {
        let recovered = self.recovered.filter(|_| self.stage == Stage::Idle);
        recovered.is_some_and(|at| now.saturating_duration_since(at) < JUST_RECOVERED)
    }

    /// Whether a restart of a path that lives was wished for long enough: it is not worth more.
    pub fn is_pointless(&self) -> bool {
        self.attempts >= UNANSWERED
    }

    /// What was tried until now does not count any more: the network is another one.
    pub fn start_over(&mut self) {
        self.attempts = 0;
        self.agreed = 0;
    }

    fn enter(&mut self, stage: Stage, now: Instant) {
        self.stage = stage;
        self.since = now;
    }
}
