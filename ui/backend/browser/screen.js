/**
 * What one shows the others of one's own screen. The browser asks the person what, each time anew, and says all the time that it is shown.
 */
import { Capture } from "./capture.js";
import { statusOf } from "./device-status.js";

/** @typedef {import("../types.js").DeviceStatus} DeviceStatus */

/** As often as the engine looks at a screen, a second. */
const FPS = 15;

/** What is played here goes on being heard here. */
const WISH = /** @type {DisplayMediaStreamOptions} */ ({ video: { frameRate: { max: FPS } }, audio: { suppressLocalAudioPlayback: false } });

/** Whether this browser can show a screen: those of phones can't. */
export const canShare = () => typeof navigator.mediaDevices?.getDisplayMedia === "function";

export class Screen extends Capture {
  /** What it sounds like, where the browser gives that. @type {MediaStreamTrack | null} */ sound = null;
  /** The sound that came with each picture. @type {WeakMap<MediaStreamTrack, MediaStreamTrack>} */ #sounds = new WeakMap();

  /** @param {(status: DeviceStatus, source: string | null) => void} tell @param {() => void} changed another track @param {() => void} over the person wants to share no more, or did not want to */
  constructor(tell, changed, over) {
    super("none", changed);
    this.tell = tell;
    this.over = over;
  }

  /** The browser's own question, which must follow a press of a button. */
  async open() {
    const given = await navigator.mediaDevices.getDisplayMedia(WISH);
    const [[picture], [sound]] = [given.getVideoTracks(), given.getAudioTracks()];
    if (sound) this.#sounds.set(picture, sound);
    // To be read: fewer pictures rather than smaller ones.
    picture.contentHint = "detail";
    return picture;
  }

  /** @param {unknown} error */
  refused(error) {
    // Most likely they pressed Cancel.
    if (statusOf(error) === "denied") this.over();
    else super.refused(error);
  }

  ended() {
    this.over();
  }

  /** Nothing is seen of it for now: its window is out of sight. */
  get rested() {
    return this.track?.muted ?? false;
  }

  /** @param {DeviceStatus} status @param {MediaStreamTrack | null} [track] */
  say(status, track = null) {
    this.tell(status, track?.label || null);
  }

  /** @param {MediaStreamTrack} track */
  taken(track) {
    this.sound = this.#sounds.get(track) ?? null;
  }

  released() {
    this.sound = null;
  }

  /** @param {MediaStreamTrack} track */
  stop(track) {
    this.#sounds.get(track)?.stop();
    super.stop(track);
  }
}
