/**
 * Runs a call: takes in what happens, one step at a time, and carries the effects out. The only place where all parts meet.
 */
import { shownOf } from "./call/chat.js";
import { SCREEN } from "./call/people.js";
import { begin, calling, nothingShared, roleOf, shown } from "./call/state.js";
import { update } from "./call/update.js";
import { Camera, cameraWish } from "./camera.js";
import { devices, watchDevices, watchPermissions } from "./devices.js";
import { Figures } from "./measuring.js";
import * as identity from "./identity.js";
import { iceServers } from "./ice-servers.js";
import { Link } from "./link.js";
import { Microphone, microphoneWish } from "./microphone.js";
import { canShare, Screen } from "./screen.js";
import { Signaling } from "./signaling.js";
import { Speaker } from "./speaker.js";
import { stayAwake } from "./awake.js";

/** @typedef {import("./call/update.js").Event} Event */
/** @typedef {import("./call/update.js").Effect} Effect */
/** @typedef {import("../types.js").CallState} CallState */
/** @typedef {import("../types.js").DeviceKind} DeviceKind */

// A page that goes away says nothing: it may be a reload, after which the same person is back before anybody has missed them. A page that
// was closed is missed by the server within seconds.

/** How often time passes for the call, in milliseconds; this also paces the meters. */
const TICK_MS = 100;

/** How often it is noted that the call still lasts, for a reload, in milliseconds. */
const REMEMBER_MS = 5_000;

/** Hidden for so long, a page may have been asleep, in milliseconds. */
const ASLEEP_MS = 5_000;

export class Session {
  /** By session. @type {Map<string, { link: Link, person: string }>} */ #links = new Map();
  /** @type {Signaling | null} */ #signaling = null;
  #ended = false;
  /** What was told last, so that nothing is told twice. */ #told = "";

  /**
   * @param {object} options
   * @param {import("../types.js").Invite} options.invite @param {import("./server-url.js").ServerUrl} options.server @param {import("./keys.js").RoomKeys} options.keys
   * @param {import("../types.js").Settings} options.settings @param {string} options.name @param {boolean} options.join straight into the call
   * @param {(state: CallState) => void} options.tell
   */
  constructor({ invite, server, keys, settings, name, join, tell }) {
    this.server = server;
    this.keys = keys;
    this.tell = tell;
    this.treatment = { noiseSuppression: settings.noiseSuppression, music: settings.music };
    this.identity = identity.identity(keys.room);
    const usual = /** @type {const} */ ({ status: "opening", device: null });
    const me = {
      id: this.identity.person,
      name,
      microphone: { spec: settings.microphone, muted: false, level: 0, speaking: false, ...usual },
      camera: { spec: settings.camera, off: false, width: 0, height: 0, ...usual },
      speaker: { spec: settings.speaker, ...usual },
      ...(canShare() && { screen: nothingShared() }),
    };
    this.state = begin({ invite, me, epoch: this.identity.epoch, join });
    this.camera = new Camera(
      settings.camera,
      (status, device, away) => this.step({ type: "device", kind: "camera", status, device, away }),
      () => this.#useTracks(),
    );
    this.microphone = new Microphone(
      settings.microphone,
      this.treatment,
      (status, device) => this.step({ type: "device", kind: "microphone", status, device }),
      () => this.#useTracks(),
    );
    this.screen = new Screen(
      (status, source) => this.step({ type: "screen", status, source }),
      () => this.#useTracks(),
      () => this.step({ type: "share", spec: "none" }),
    );
    this.speaker = new Speaker(
      settings.speaker,
      (status, device) => this.step({ type: "device", kind: "speaker", status, device }),
      (blocked) => this.step({ type: "soundBlocked", blocked }),
    );
    this.figures = new Figures();
  }

  /** Opens devices and goes to the server, at the same time. */
  start() {
    this.#stopWatching = watchDevices(() => this.#devicesChanged());
    this.timer = setInterval(() => this.#tick(), TICK_MS);
    void watchPermissions((kind) => !this.#ended && this.state.me[kind].status === "denied" && void this[kind].use(this[kind].spec));
    addEventListener("online", this.#online);
    addEventListener("offline", this.#online);
    document.addEventListener("visibilitychange", this.#seen);
    this.#remember();
    void this.#openDevices();
    void this.#enter();
    this.#publish();
  }

  #stopWatching = () => {};
  /** @type {ReturnType<typeof setInterval> | undefined} */ timer;
  /** Since when nobody looks at the page. */ #hiddenSince = 0;
  /** A phone that was locked finds its connections dead, and its devices taken away. */
  #seen = () => {
    if (document.hidden) return void (this.#hiddenSince = performance.now());
    if (performance.now() - this.#hiddenSince < ASLEEP_MS) return;
    this.#online();
    this.#retryDevices();
  };
  #online = () => this.step({ type: "network", offline: !navigator.onLine });

  /** One step of the call. @param {Event} event */
  step(event) {
    if (this.#ended) return;
    const wasCalling = calling(this.state);
    const effects = update(this.state, event, performance.now());
    for (const effect of effects) this.#carryOut(effect);
    if (calling(this.state) !== wasCalling) this.#remember();
    stayAwake(calling(this.state));
    this.#keepVoices();
    this.#publish();
  }

  /** What is sent to whom has changed, or the state has: tells the UI what it does not know yet. */
  #publish() {
    const state = shown(this.state);
    const text = JSON.stringify(state);
    if (text === this.#told) return;
    this.#told = text;
    this.tell(state);
  }

  /** When it was last noted who I am here. */ #remembered = 0;

  #remember() {
    this.#remembered = performance.now();
    const { phase, sessionEpoch } = this.state;
    if (phase === "left") identity.forget();
    else identity.remember({ ...this.identity, epoch: sessionEpoch, calling: calling(this.state), at: Date.now() });
  }

  /** @param {Effect} effect */
  #carryOut(effect) {
    switch (effect.type) {
      case "setRole":
        return void this.#setRole(effect.role);
      case "reconnectServer":
        return this.#signaling?.reconnect();
      case "leaveServer":
        return void this.#leaveServer();
      case "send":
        return this.#signaling?.send(effect.to, effect.signal);
      case "openLink":
        return this.#openLink(effect);
      case "restartLink":
        return this.#linkTo(effect.session)?.offer(true);
      case "acceptOffer":
        return this.#linkTo(effect.session)?.acceptOffer(effect.sdp);
      case "acceptAnswer":
        return this.#linkTo(effect.session)?.acceptAnswer(effect.sdp);
      case "addCandidate":
        return this.#linkTo(effect.session)?.addCandidate(effect.candidate);
      case "closeLink":
        return this.#closeLink(effect.session);
      case "ask":
        return this.#linkTo(effect.session)?.show(effect.rows);
      case "askScreen":
        return this.#linkTo(effect.session)?.showScreen(effect.rows);
      case "chat":
        return this.#linkTo(effect.session)?.write(effect.messages);
      case "mute":
        return this.microphone.mute(effect.muted);
      case "turnCameraOff":
        return void this.camera.setOff(effect.off);
      case "use":
        return void this[effect.kind].use(effect.spec);
      case "useScreen":
        return void this.screen.use(effect.spec);
    }
  }

  /** @param {string} session */
  #linkTo(session) {
    return this.#links.get(session)?.link;
  }

  async #enter() {
    const role = roleOf(this.state);
    try {
      const entered = await Signaling.enter(this.server, this.keys, role, (event) => this.step({ type: "signaling", event }));
      if (this.#ended) return void entered.signaling.drop();
      this.#signaling = entered.signaling;
      this.step({ type: "entered", me: entered.me, present: entered.present });
    } catch (trouble) {
      this.step({ type: "refusedEntry", trouble: /** @type {import("../types.js").Trouble} */ (trouble) });
    }
  }

  /** @param {import("./events.js").Role} role */
  async #setRole(role) {
    try {
      await this.#signaling?.setRole(role);
      this.step({ type: "roleSet" });
    } catch (trouble) {
      this.step({ type: "refusedEntry", trouble: /** @type {import("../types.js").Trouble} */ (trouble) });
    }
  }

  /** @param {Extract<Effect, { type: "openLink" }>} which */
  #openLink({ session, epoch, offerer }) {
    const person = this.state.people.find((it) => it.session === session);
    if (!person || !this.#signaling) return;
    this.#closeLink(session);
    const servers = iceServers(this.#signaling.relay);
    try {
      const link = new Link({
        offerer,
        iceServers: servers,
        rows: person.rows,
        screenRows: person.screenRows,
        signal: (signal) => this.#linkTo(session) === link && this.#signaling?.send(session, { ...signal, link: epoch }),
        change: (change) => this.#linkTo(session) === link && this.step({ type: "link", session, epoch, change }),
        talk: {
          open: () => this.#linkTo(session) === link && this.step({ type: "chatOpen", session, epoch }),
          heard: (message) => this.#linkTo(session) === link && this.step({ type: "chatHeard", session, epoch, message, clock: Date.now() }),
        },
      });
      this.#links.set(session, { link, person: person.shown.id });
      link.use(this.#tracks);
      if (offerer) link.offer(false);
    } catch (error) {
      console.warn(error);
      queueMicrotask(() => this.step({ type: "link", session, epoch, change: "failed" }));
    }
  }

  /** @param {string} session */
  #closeLink(session) {
    const known = this.#links.get(session);
    this.#links.delete(session);
    known?.link.close();
  }

  get #tracks() {
    const { microphone, camera, screen, treatment } = this;
    return { microphone: microphone.track, camera: camera.track, screen: screen.track, sound: screen.sound, music: treatment.music };
  }

  #useTracks() {
    for (const { link } of this.#links?.values() ?? []) link.use(this.#tracks);
  }

  /** Everybody with a connection is heard, with what they share, and nobody else. */
  #keepVoices() {
    const heard = new Set();
    const hear = (/** @type {string} */ name, /** @type {MediaStream} */ stream) => {
      heard.add(name);
      if (stream.getTracks().length) this.speaker.play(name, stream);
    };
    for (const { link, person } of this.#links.values()) {
      hear(person, link.voice);
      if (this.state.people.find(({ shown }) => shown.id === person)?.shown.screen) hear(`${SCREEN}${person}`, link.sound);
    }
    this.speaker.keep(heard);
  }

  /** All that is written, in order. */
  messages() {
    const { me, people, away, chat } = this.state;
    const nameOf = (/** @type {string} */ id) => [...people, ...away].find(({ shown }) => shown.id === id)?.shown.name;
    return chat.remarks.map((remark) => shownOf(remark, me.id, nameOf));
  }

  /** The picture of a tile, once there is one. @param {string} tile "me", or a person's id, of their screen with "screen-" before it @returns {MediaStream | null} */
  streamOf(tile) {
    if (tile === "me") return this.camera.track ? this.camera.stream : null;
    const shared = tile.startsWith(SCREEN);
    const link = [...this.#links.values()].find(({ person }) => person === (shared ? tile.slice(SCREEN.length) : tile))?.link;
    const found = shared ? link?.screen : link?.picture;
    return found?.getTracks().length ? found : null;
  }

  #tick() {
    const now = performance.now();
    if (now - this.#remembered >= REMEMBER_MS) this.#remember();
    for (const { link } of this.#links.values()) {
      link.speak(now);
      link.tellScreenPaused(this.screen.rested);
    }
    this.step({ type: "measured", ...this.figures.read(this.#measured(), this.microphone.measure(now), this.#sizeOf("camera"), now), screenSize: this.#sizeOf("screen") });
    this.step({ type: "tick" });
  }

  #measured() {
    return [...this.#links].flatMap(([session, { link, person }]) => {
      const shownAs = this.state.people.find((it) => it.session === session);
      return shownAs ? [{ link, person, cameraOff: shownAs.shown.cameraOff }] : [];
    });
  }

  /** @param {"camera" | "screen"} kind @returns {[number, number] | null} */
  #sizeOf(kind) {
    const { width, height } = this[kind].track?.getSettings() ?? {};
    if (!width || !height) return null;
    const known = this.state.me[kind];
    // A phone that is turned films in another shape, and a window that is shared is made larger or smaller.
    if (known?.width !== width || known.height !== height) for (const { link } of this.#links.values()) link.resized();
    return [width, height];
  }

  /** Camera and microphone, asked for together so that the person is asked once; each alone where that does not work. */
  async #openDevices() {
    const { camera, microphone } = this.state.me;
    void this.speaker.use(this.speaker.spec);
    const both = camera.spec !== "none" && microphone.spec !== "none";
    const wish = { video: cameraWish(camera.spec), audio: microphoneWish(microphone.spec, this.treatment) };
    const given = both ? await navigator.mediaDevices.getUserMedia(wish).catch(() => null) : null;
    if (this.#ended) return given?.getTracks().forEach((track) => track.stop());
    await Promise.all([this.camera.use(camera.spec, given?.getVideoTracks()[0]), this.microphone.use(microphone.spec, given?.getAudioTracks()[0])]);
    // Chosen before, and not there today: what there is.
    if (this.state.me.camera.status === "lost" && camera.spec.startsWith("device:")) await this.camera.use("default");
    if (this.state.me.microphone.status === "lost" && microphone.spec.startsWith("device:")) await this.microphone.use("default");
    await this.#listDevices();
  }

  async #listDevices() {
    this.step({ type: "devices", devices: await devices() });
  }

  async #devicesChanged() {
    await this.#listDevices();
    if (!this.#ended) this.#retryDevices();
  }

  #retryDevices() {
    this.camera.retry(this.state.me.camera.status);
    this.microphone.retry(this.state.me.microphone.status);
  }

  /** @param {import("./microphone.js").Treatment} treatment */
  treat(treatment) {
    this.treatment = treatment;
    void this.microphone.treat(treatment);
  }

  async #leaveServer() {
    await this.#signaling?.leave();
  }

  /** Leaves the call. */
  async leave() {
    if (this.#ended) return;
    this.step({ type: "leave" });
    this.#ended = true;
    identity.forget();
    clearInterval(this.timer);
    this.#stopWatching();
    removeEventListener("online", this.#online);
    removeEventListener("offline", this.#online);
    document.removeEventListener("visibilitychange", this.#seen);
    stayAwake(false);
    for (const session of [...this.#links.keys()]) this.#closeLink(session);
    this.camera.close();
    this.microphone.close();
    this.screen.close();
    this.speaker.close();
  }
}
