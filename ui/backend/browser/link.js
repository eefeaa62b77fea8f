/**
 * One connection to one person. What its first description holds is all there will ever be: microphone, camera, screen, shared sound and
 * two data channels; whatever is silent starts without a new offer, so the only later offers are ICE restarts, and one side alone makes them.
 */
import { Allowance } from "./allowance.js";
import { Ask } from "./ask.js";
import { RemoteCandidates } from "./candidates.js";
import { readChat } from "./chat-message.js";
import { readControl, sayLimited, sayScreenPaused, sayShow, sayShowScreen } from "./control.js";
import { isOfACall, SECTIONS, withoutCandidates } from "./description.js";
import { layerFor, screenLayer } from "./layers.js";

/** @typedef {import("./control.js").Limited} Limited */
/** @typedef {import("./message.js").Signal} Signal */

/** The data channels' numbers, agreed on beforehand. */
const CONTROL_STREAM = 0;
const CHAT_STREAM = 1;

/** Nothing is said over a channel before it has been open for so long, in milliseconds: the app's library loses what comes right behind the handshake. */
const SETTLES_MS = 300;

/** Places of media sections: microphone and camera come before what is shared, screen and sound. */
const [MICROPHONE, SCREEN] = [0, 2];

/** What is sent of us. @typedef {{ microphone: MediaStreamTrack | null, camera: MediaStreamTrack | null, screen: MediaStreamTrack | null, sound: MediaStreamTrack | null, music: boolean }} Tracks  sound: of the screen */

/** How tall somebody shows us who has not said so, in rows. */
const UNSAID_ROWS = 720;

/** The H.264 that every Visio speaks: packetization mode 1; its retransmissions where both sides know them. */
export function codecs() {
  const all = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs ?? [];
  const h264 = all.filter(({ mimeType, sdpFmtpLine = "" }) => /^video\/h264$/i.test(mimeType) && sdpFmtpLine.includes("packetization-mode=1"));
  // Constrained Baseline first: what every one of them decodes.
  const simple = (/** @type {RTCRtpCodec} */ { sdpFmtpLine = "" }) => Number(!/profile-level-id=42e0/i.test(sdpFmtpLine));
  return [...h264.sort((one, other) => simple(one) - simple(other)), ...(h264.length ? all.filter(({ mimeType }) => /^video\/rtx$/i.test(mimeType)) : [])];
}

export class Link {
  #remote = new RemoteCandidates();
  /** One negotiation at a time, and one change of what is sent. */ #negotiation = Promise.resolve();
  #parameters = Promise.resolve();
  /** @type {RTCRtpTransceiver[]} */ #lines = [];
  #closed = false;
  #wasConnected = false;
  /** @type {Ask} */ #ask;
  /** Of the screen that they share. @type {Ask} */ #askScreen;
  /** How tall they show our picture; null while they don't. @type {number | null} */ #asked = UNSAID_ROWS;
  /** How tall they show our screen; null while they don't. @type {number | null} */ #askedScreen = null;
  /** @type {Limited} */ #told = "nothing";
  #toldScreenPaused = false;
  /** What they say of their picture. @type {{ paused: boolean, screenPaused: boolean, limited: Limited }} */ says = { paused: false, screenPaused: false, limited: "nothing" };
  /** @type {Tracks} */ #tracks = { microphone: null, camera: null, screen: null, sound: null, music: false };

  /**
   * @param {object} options
   * @param {boolean} options.offerer @param {RTCIceServer[]} options.iceServers @param {number | null} options.rows how tall they are shown @param {number | null} [options.screenRows] how tall the screen that they share is
   * @param {(signal: { type: "offer" | "answer", sdp: string } | { type: "candidate", candidate: string, mid?: string, line?: number }) => void} options.signal
   * @param {(change: import("./call/update.js").LinkChange) => void} options.change
   * @param {{ open: () => void, heard: (message: import("./chat-message.js").ChatMessage) => void }} options.talk
   */
  constructor({ offerer, iceServers, rows, screenRows = null, signal, change, talk }) {
    this.offerer = offerer;
    this.signal = signal;
    this.change = change;
    this.talk = talk;
    this.#ask = new Ask(rows);
    this.#askScreen = new Ask(screenRows);
    this.connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    /** What they send: their voice, their picture, their screen, and its sound. */
    this.voice = new MediaStream();
    this.picture = new MediaStream();
    this.screen = new MediaStream();
    this.sound = new MediaStream();
    if (offerer) this.#lines = SECTIONS.slice(0, -1).map((kind) => this.connection.addTransceiver(kind, { direction: "sendrecv" }));
    this.control = this.connection.createDataChannel("control", { negotiated: true, id: CONTROL_STREAM });
    this.chat = this.connection.createDataChannel("chat", { negotiated: true, id: CHAT_STREAM });
    this.control.binaryType = this.chat.binaryType = "arraybuffer";
    if (offerer) this.#prepare();
    this.#follow();
  }

  #follow() {
    const { connection, control, chat } = this;
    connection.onicecandidate = ({ candidate }) => candidate && this.#found(candidate);
    connection.onconnectionstatechange = () => {
      const state = connection.connectionState;
      if (state === "connected") this.#connected();
      else if (state === "disconnected") this.change("disconnected");
      else if (state === "failed") this.change(this.#wasConnected ? "lost" : "failed");
    };
    /** @param {() => void} begin */
    const settled = (begin) => () => setTimeout(() => this.#closed || begin(), SETTLES_MS);
    control.onopen = settled(() => {
      this.#ask.open();
      this.#askScreen.open();
      this.speak(performance.now());
    });
    control.onclose = () => !this.#closed && this.change("closed");
    const allowance = new Allowance(performance.now());
    chat.onopen = settled(() => this.talk.open());
    chat.onmessage = ({ data }) => {
      const message = allowance.takes(performance.now()) ? readChat(typeof data === "string" ? data : decode(data)) : null;
      if (message) this.talk.heard(message);
    };
    control.onmessage = ({ data }) => this.#hear(typeof data === "string" ? data : decode(data));
  }

  #connected() {
    this.#wasConnected = true;
    const transport = this.#lines[MICROPHONE]?.sender.transport?.iceTransport;
    // A restart of a path that lives changes the pair of addresses and nothing else.
    if (transport) transport.onselectedcandidatepairchange = () => this.connection.connectionState === "connected" && this.change("connected");
    this.#send();
    this.change("connected");
  }

  /** A candidate of ours, named after its description. @param {RTCIceCandidate} found */
  #found({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
    if (!candidate) return;
    const named = / ufrag /.test(candidate) || !usernameFragment ? candidate : `${candidate} ufrag ${usernameFragment}`;
    this.signal({ type: "candidate", candidate: named, ...(sdpMid !== null && { mid: sdpMid }), ...(sdpMLineIndex !== null && { line: sdpMLineIndex }) });
  }

  /** Codecs, directions and streams, before a description of ours is made. */
  #prepare() {
    const wanted = codecs();
    const [person, shared] = [new MediaStream(), new MediaStream()];
    for (const [place, line] of this.#lines.entries()) {
      line.direction = "sendrecv";
      line.sender.setStreams?.(place < SCREEN ? person : shared);
      if (line.receiver.track.kind === "video" && wanted.length) line.setCodecPreferences(wanted);
    }
    for (const [place, stream] of [this.voice, this.picture, this.screen, this.sound].entries()) {
      if (stream.getTracks().length === 0) stream.addTrack(this.#lines[place].receiver.track);
    }
    this.#replace();
  }

  /** What of ours is sent. @param {Tracks} tracks */
  use(tracks) {
    this.#tracks = tracks;
    this.#replace();
    this.#send();
  }

  #replace() {
    const { microphone, camera, screen, sound } = this.#tracks;
    for (const [place, track] of [microphone, camera, screen, sound].entries()) {
      const sender = this.#lines[place]?.sender;
      if (sender && sender.track !== track) void sender.replaceTrack(track).catch(() => {});
    }
  }

  /** Offers the connection, or with `restart` a new path for it. An offer that has not been answered is made once more. @param {boolean} restart */
  offer(restart) {
    this.#negotiate(async () => {
      const { connection } = this;
      if (connection.signalingState === "stable") await connection.setLocalDescription(await connection.createOffer({ iceRestart: restart }));
      this.signal({ type: "offer", sdp: withoutCandidates(connection.localDescription?.sdp ?? "") });
    });
  }

  /** Takes their offer, and answers. The same one again gives the same answer again. @param {string} sdp */
  acceptOffer(sdp) {
    this.#negotiate(async () => {
      const { connection } = this;
      if (this.offerer || !isOfACall(sdp)) throw new Error("an offer that is none");
      await connection.setRemoteDescription({ type: "offer", sdp: withoutCandidates(sdp) });
      const fresh = this.#lines.length === 0;
      this.#lines = connection.getTransceivers();
      if (fresh) this.#prepare();
      await connection.setLocalDescription(await connection.createAnswer());
      this.signal({ type: "answer", sdp: withoutCandidates(connection.localDescription?.sdp ?? "") });
      await this.#useWaiting(sdp);
    });
  }

  /** Takes their answer to our offer. One that comes twice is ignored. @param {string} sdp */
  acceptAnswer(sdp) {
    this.#negotiate(async () => {
      const { connection } = this;
      if (!this.offerer || !isOfACall(sdp)) throw new Error("an answer that is none");
      if (connection.signalingState !== "have-local-offer" || this.#remote.isCurrent(sdp)) return;
      await connection.setRemoteDescription({ type: "answer", sdp: withoutCandidates(sdp) });
      await this.#useWaiting(sdp);
    });
  }

  /** An address of theirs, before or after the description it belongs to. @param {string} candidate */
  addCandidate(candidate) {
    this.#negotiate(() => this.#try(this.#remote.arrived(candidate)));
  }

  /** The candidates that came with a description or before it. @param {string} sdp */
  async #useWaiting(sdp) {
    const usable = this.#remote.described(sdp);
    const written = [...sdp.matchAll(/^a=(candidate:.*?)\r?$/gm)].flatMap(([, candidate]) => this.#remote.arrived(candidate));
    await this.#try([...usable, ...written]);
  }

  /** One that makes no sense costs at most itself. @param {string[]} candidates */
  async #try(candidates) {
    for (const candidate of candidates) await this.connection.addIceCandidate({ candidate, sdpMLineIndex: 0 }).catch(() => {});
  }

  /** @param {() => Promise<void>} step */
  #negotiate(step) {
    this.#negotiation = this.#negotiation.then(() => (this.#closed ? undefined : step())).catch((error) => {
      if (this.#closed) return;
      console.warn(error);
      this.change("failed");
    });
  }

  /** @param {string} text */
  #hear(text) {
    const control = readControl(text);
    if (!control) return;
    const { show, showScreen, paused, screenPaused, limited } = control;
    if (paused !== undefined) this.says.paused = paused;
    if (screenPaused !== undefined) this.says.screenPaused = screenPaused;
    if (limited !== undefined) this.says.limited = limited;
    const [asked, askedScreen] = [this.#asked, this.#askedScreen];
    if (show !== undefined) this.#asked = show;
    if (showScreen !== undefined) this.#askedScreen = showScreen;
    if (this.#asked !== asked || this.#askedScreen !== askedScreen) this.#send();
  }

  /** How tall they show our picture; null while they don't. */
  get asked() {
    return this.#asked;
  }

  /** From now on they are shown so tall, or not at all. @param {number | null} rows */
  show(rows) {
    this.#ask.rows = rows;
    this.speak(performance.now());
  }

  /** From now on the screen that they share is shown so tall, or not at all. @param {number | null} rows */
  showScreen(rows) {
    this.#askScreen.rows = rows;
    this.speak(performance.now());
  }

  /** Says what is due to be said. Called several times a second. @param {number} now */
  speak(now) {
    if (this.control.readyState !== "open") return;
    const rows = this.#ask.poll(now);
    if (rows !== undefined) this.control.send(sayShow(rows));
    const screen = this.#askScreen.poll(now);
    if (screen !== undefined) this.control.send(sayShowScreen(screen));
  }

  /** Says these over the chat's channel. @param {import("./chat-message.js").ChatMessage[]} messages */
  write(messages) {
    if (this.chat.readyState !== "open") return;
    for (const message of messages) this.chat.send(JSON.stringify(message));
  }

  /** What keeps our picture from reaching them as they ask for it. @param {Limited} limited */
  tellLimited(limited) {
    if (limited === this.#told || this.control.readyState !== "open") return;
    this.#told = limited;
    this.control.send(sayLimited(limited));
  }

  /** That there is nothing to be seen of our screen for now, or again. @param {boolean} paused */
  tellScreenPaused(paused) {
    if (paused === this.#toldScreenPaused || this.#askedScreen === null || this.control.readyState !== "open") return;
    this.#toldScreenPaused = paused;
    this.control.send(sayScreenPaused(paused));
  }

  /** Sends the pictures in the sizes that they ask for, or none. */
  #send() {
    this.#parameters = this.#parameters.then(async () => {
      const [voice, picture, screen] = this.#lines.map(({ sender }) => sender);
      if (this.#closed || !picture) return;
      const { width = 1280, height = 720 } = this.#tracks.camera?.getSettings() ?? {};
      const asked = this.#asked;
      await configure(picture, (encoding) => {
        encoding.active = asked !== null;
        const { scale, most } = layerFor({ width, height }, asked ?? 0);
        Object.assign(encoding, { scaleResolutionDownBy: scale, maxBitrate: most });
      });
      const { music, screen: shared } = this.#tracks;
      const page = shared?.getSettings() ?? {};
      await configure(screen, (encoding) => {
        encoding.active = this.#askedScreen !== null;
        const { scale, most } = screenLayer({ width: page.width ?? 0, height: page.height ?? 0 });
        Object.assign(encoding, { scaleResolutionDownBy: scale, maxBitrate: most });
      });
      await configure(voice, (encoding) => {
        if (music) encoding.maxBitrate = MUSIC_BITRATE;
        else delete encoding.maxBitrate;
      });
    }).catch((error) => console.warn(error));
  }

  /** The camera's picture, or the screen, has another size. */
  resized() {
    this.#send();
  }

  close() {
    this.#closed = true;
    this.connection.close();
  }
}

/** Music has so many bits a second, as the engine's. */
const MUSIC_BITRATE = 128_000;

/** @param {RTCRtpSender} sender @param {(encoding: RTCRtpEncodingParameters) => void} change */
async function configure(sender, change) {
  const parameters = sender.getParameters();
  if (!parameters.encodings?.length) return;
  change(parameters.encodings[0]);
  await sender.setParameters(parameters);
}

/** Text that was sent as bytes. @param {unknown} data */
function decode(data) {
  try {
    return data instanceof ArrayBuffer ? new TextDecoder("utf-8", { fatal: true }).decode(data) : "";
  } catch {
    return "";
  }
}
