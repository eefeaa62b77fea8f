/**
 * What is being done about one connection, so that it is done once and not by both sides at a time. As the engine's `call/mending.rs`,
 * with the same patience. Pure: times are in milliseconds, and given.
 */

/** @typedef {"idle" | "asked" | "offered" | "agreed" | "failed"} Stage */

/** A first connection takes 0.1 to 2 s; what has not come after this is offered anew. */
const CONNECTING_MS = 6_000;
/** What was said is said once more when nothing was answered. */
const ANSWER_MS = 2_000;
/** Once both sides have agreed, a path takes about 0.7 s; then another one is tried. */
const PATH_MS = 3_000;
/** Patience doubles with every second attempt, up to this. */
const MOST_MS = 8_000;
/** After so many agreed restarts that led nowhere the whole connection is made anew. */
const RESTARTS = 2;
/** After so many attempts of any kind as well: whoever does not answer to a restart may have lost the connection it is one of. */
const UNANSWERED = 3;
/** After so many attempts in vain the tile says that it failed; trying goes on. */
const ATTEMPTS_BEFORE_FAILED = 4;
/** A path that has come back by itself so lately needs no restart: who wishes for one most likely did before it came back. */
const JUST_RECOVERED_MS = 5_000;
/** One request for an offer a second is plenty; more would keep a connection from ever coming up. */
const REQUESTS_APART_MS = 1_000;

export class Mending {
  /** @type {Stage} */ stage = "idle";
  attempts = 0;
  /** Restarts among them on which both sides agreed. */ #agreed = 0;
  /** Only a new connection can help. */ #afresh = false;
  /** An offer of ours is out that has not been answered. */ #unanswered = false;
  /** When the path last came back without our doing. @type {number | null} */ #recovered = null;

  /** @param {number} now */
  constructor(now) {
    this.since = now;
  }

  get underWay() {
    return this.stage === "asked" || this.stage === "offered" || this.stage === "agreed";
  }

  /** Whether waiting longer is of no use. @param {boolean} connecting there never was a connection @param {number} now */
  isStuck(connecting, now) {
    const patience = this.stage === "failed" ? ANSWER_MS : connecting ? CONNECTING_MS : this.stage === "agreed" ? PATH_MS : ANSWER_MS;
    const doubled = 2 ** Math.min(4, Math.floor(Math.max(0, this.attempts - 1) / 2));
    return now - this.since >= Math.min(patience * doubled, Math.max(MOST_MS, patience));
  }

  /** Whether the next attempt may begin at once. @param {boolean} failed an attempt came to nothing just now: only the first one does then */
  mayBegin(failed) {
    return failed ? this.attempts === 0 : !this.underWay;
  }

  /** Whether the next attempt should be a new connection rather than a restart. */
  get wantsAfresh() {
    return this.#afresh || this.#agreed >= RESTARTS || this.attempts >= UNANSWERED;
  }

  /** Whether so much was tried in vain that it should be said. */
  get isHopeless() {
    return this.attempts > ATTEMPTS_BEFORE_FAILED;
  }

  /** The next attempt is a new connection. */
  giveUpLink() {
    this.#afresh = true;
  }

  /** Another attempt begins. @param {Stage} stage @param {number} now */
  begin(stage, now) {
    this.attempts++;
    this.#enter(stage, now);
    this.#unanswered ||= stage === "offered";
  }

  /** A new connection takes the place of the old one. @param {Stage} stage @param {number} now */
  opened(stage, now) {
    this.#afresh = false;
    this.#agreed = 0;
    this.#recovered = null;
    this.#unanswered = stage === "offered";
    this.#enter(stage, now);
  }

  /** Their answer to our offer came. One that comes twice changes nothing. @param {number} now */
  answered(now) {
    if (this.#unanswered) this.agree(now);
    this.#unanswered = false;
  }

  /** Both sides now look for a path. An offer that is repeated is the same attempt. @param {number} now */
  agree(now) {
    const repeated = this.stage === "agreed" && now - this.since < PATH_MS;
    if (!repeated) this.#agreed++;
    this.#enter("agreed", now);
  }

  /** It is on the other side to do something. @param {number} now */
  wait(now) {
    this.#enter("idle", now);
  }

  /** Whether a request for an offer comes while one is out, or being carried out. @param {boolean} restart @param {number} now */
  isBusyWithIt(restart, now) {
    const enough = this.stage === "agreed" && restart ? PATH_MS : REQUESTS_APART_MS;
    return this.stage !== "failed" && now - this.since < enough;
  }

  /** The attempt came to nothing. Said once more, that is no later. @param {number} now */
  failed(now) {
    if (this.stage !== "failed") this.#enter("failed", now);
  }

  /** There is a path. @param {boolean} wasAway there was none before @param {number} now */
  succeeded(wasAway, now) {
    this.#recovered = wasAway && this.stage !== "agreed" ? now : null;
    this.attempts = 0;
    this.#agreed = 0;
    this.#afresh = false;
    this.#enter("idle", now);
  }

  /** Whether a wish of theirs for a restart is out of date, the path having come back since. @param {number} now */
  isOutOfDate(now) {
    return this.stage === "idle" && this.#recovered !== null && now - this.#recovered < JUST_RECOVERED_MS;
  }

  /** Whether a restart of a path that lives was wished for long enough. */
  get isPointless() {
    return this.attempts >= UNANSWERED;
  }

  /** What was tried until now does not count any more: the network is another one. */
  startOver() {
    this.attempts = 0;
    this.#agreed = 0;
  }

  /** @param {Stage} stage @param {number} now */
  #enter(stage, now) {
    this.stage = stage;
    this.since = now;
  }
}
