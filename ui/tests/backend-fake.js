/**
 * A pretended desktop app, for the tests and screenshots of the UI and for nothing else: it stands where Tauri stands
 * (`window.__TAURI__`) and where the frames' WebSocket stands, and plays a call with moving pictures.
 * A classic script, so that it runs before the UI. The address says what to play, such as `?people=4&language=fr&scene=call`.
 */
(() => {
  const asked = new URLSearchParams(location.search);
  const NAMES = ["Léa", "Grand-père", "Inès", "Marc", "Sofía", "Jean-Baptiste de la Rochefoucauld", "Zoé", "Noor", "Théo", "Amina", "Louis", "Rose"];
  const SERVER = "call.example.org";
  const CODE = "K7QF-2M9D-4TXW-8HRB-C3NP-6VJA-Y5ZE-1GS0";
  const INVITE = { link: `https://${SERVER}/j#${CODE.replaceAll("-", "")}`, code: CODE, server: SERVER, near: false };
  const WIDTH = 320;
  const HEIGHT = 180;

  const number = (name, otherwise) => Number(asked.get(name) ?? otherwise);
  const id = (index) => (index + 1).toString(16).padStart(32, "0");
  const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString();

  /** What was asked of the app, for the tests. */
  const log = [];

  let settings = {
    name: asked.get("name") ?? "Camille",
    language: "system",
    look: asked.get("look") ?? "system",
    server: asked.get("server") ?? "",
    hostCode: asked.get("server") ? "7342-9911" : "",
    camera: "default",
    microphone: "default",
    speaker: "default",
    noiseSuppression: true,
    music: false,
    invites:
      asked.get("invites") === "none"
        ? []
        : [
            { link: "https://call.example.org/j#AAAA", label: "Sunday family", lastUsed: daysAgo(1), with: ["Léa", "Grand-père"] },
            { link: "https://call.example.org/j#BBBB", label: "", lastUsed: daysAgo(11), with: ["Inès"] },
          ],
  };

  const devices = {
    cameras: [
      { id: "0", name: "Integrated camera", default: true },
      { id: "1", name: "USB camera with quite a long name, HD 1080p", default: false },
    ],
    microphones: [
      { id: "a", name: "Headset", default: true },
      { id: "b", name: "Built-in microphone", default: false },
    ],
    speakers: [{ id: "s", name: "Built-in speakers", default: true }],
  };

  const person = (index) => ({
    id: id(index),
    name: NAMES[index],
    calling: true,
    muted: index === 2,
    cameraOff: index === 3,
    speaking: index === 0,
    connection: "connected",
    picture: index !== 3,
    path: index === 1 ? "relay" : "direct",
    transport: "udp",
    local: "192.168.1.20:50114",
    remote: `192.168.1.${30 + index}:41000`,
    rttMs: index === 1 ? 48.2 : 0.4,
    quality: "good",
    video: index === 3 ? null : { width: 1280, height: 720, fps: 29.9 },
    limitedBy: index === 3 ? null : index === 1 ? "relay" : "nothing",
  });

  /** @type {any} */
  let state = null;

  /** What is written. @type {any[]} */
  let messages = [];
  const MINUTE = 60_000;

  /** Somebody wrote something so many minutes ago; index -1: oneself. */
  const wrote = (index, text, minutes, more) => {
    const author = index < 0 ? id(99) : id(index);
    const count = (messages.length + 1).toString(16).padStart(32, "0");
    messages.push({ id: count, author, name: index < 0 ? settings.name : NAMES[index], at: Date.now() - minutes * MINUTE, text, own: index < 0, toldBy: null, waiting: [], ...more });
    state.chat.revision += 1;
  };

  const lobby = () => ({
    phase: "lobby",
    trouble: null,
    invite: INVITE,
    me: {
      id: id(99),
      name: settings.name,
      microphone: { spec: "default", muted: false, status: "ok", device: "Headset", level: 0.62, speaking: false },
      camera: { spec: "default", off: false, status: "ok", device: "Integrated camera", width: 1280, height: 720 },
      speaker: { spec: "default", status: "ok", device: "Built-in speakers" },
      screen: { spec: "none", status: "none", source: null, width: 0, height: 0 },
    },
    people: Array.from({ length: number("people", 2) }, (_, index) => person(index)),
    devices,
    chat: { revision: 0 },
  });

  /** Scenes that are more than a number of people. */
  const SCENES = {
    muted: () => Object.assign(state.me.microphone, { muted: true, speaking: true }),
    weak: () => (state.people[1].quality = "weak"),
    paused: () => (state.people[1].paused = true),
    slow: () => (state.me.slow = true),
    screen: () => (state.people[0].screen = { paused: false, video: { width: 1920, height: 1080, fps: 10 } }),
    screens() {
      SCENES.screen();
      state.people[1].screen = { paused: true, video: null };
    },
    sharing: () => Object.assign(state.me.screen, { spec: "screen:HDMI-1", status: "ok", source: "HDMI-1" }),
    sharinglost: () => Object.assign(state.me.screen, { spec: "window:7", status: "lost", source: "Letter to the school" }),
    offline: () => {
      state.trouble = { kind: "offline" };
      state.people.forEach((it) => (it.connection = "retrying"));
    },
    connecting: () => state.people.forEach((it) => Object.assign(it, { connection: "connecting", picture: false, path: null, remote: null, rttMs: null, video: null, quality: "unknown" })),
    unconnected: () => Object.assign(state.people[0], { connection: "failed", picture: false }),
    nocamera: () => Object.assign(state.me.camera, { status: "none", device: "" }),
    refused: () => Object.assign(state.me.microphone, { status: "refused", level: 0 }),
    looking: () => state.people.forEach((it) => (it.calling = false)),
    chat() {
      wrote(0, "Who brings the cake on Sunday?", 12, { name: "Aunt Rose", author: id(50), toldBy: "Léa" });
      wrote(1, "I do! Here is the recipe: https://cakes.example.org/recipes/apple-tart?for=8 (it takes an hour).", 9);
      wrote(1, "And coffee.", 9);
      wrote(-1, "Wonderful. We come at three, with the children, the dog, and a very-long-word-that-does-not-fit-into-any-line-of-this-panel-whatsoever.", 2);
      wrote(0, "<b>Not bold</b> & not a tag\nSecond line", 1);
      wrote(-1, "See you then", 0.2, { waiting: ["Grand-père"] });
    },
    hands() {
      state.people[1].hand = 1000;
      state.people[0].hand = 2000;
      state.me.hand = 3000;
      state.people[2].reaction = { kind: "love", number: 1 };
      state.people[3].reaction = { kind: "celebrate", number: 1 };
    },
    failed: () => Object.assign(state, { phase: "failed", trouble: { kind: "roomGone" } }),
  };

  /** The app's events → who listens to them. @type {Record<string, ((event: any) => void)[]>} */
  const heard = {};
  const emit = (name, payload) => heard[name]?.forEach((handler) => handler({ payload }));
  const tell = () => emit("call-state", structuredClone(state));

  /** The link that the system handed over and the UI has not taken yet. */
  let link = asked.get("link");

  function check(text) {
    const code = text.split(/[#\s]/).pop().replaceAll("-", "");
    if (!text.trim()) throw { kind: "inviteEmpty" };
    if (!/[.:]/.test(text)) throw { kind: "inviteNoServer" };
    if (/^(AAAA|BBBB)$/.test(code)) return { ...INVITE, link: text.replace("visio:", "https:") };
    if (code.length < 32) throw { kind: "inviteIncomplete", have: code.length, need: 32 };
    if (/U/i.test(code)) throw { kind: "inviteMistyped" };
    return INVITE;
  }

  /** What a doctor finds: where all is well, where only the web gets through, and where there is no server. */
  const FOUND = {
    fine: [
      ["camera", "fine", "doctor.camera.works", { name: "Integrated camera", width: "1280", height: "720" }],
      ["microphone", "fine", "doctor.microphone.works", { name: "Headset" }],
      ["speaker", "fine", "doctor.speaker.works", { name: "Built-in speakers" }],
      ["server", "fine", "doctor.server.fine", { server: SERVER, milliseconds: "41", version: "0.1.0" }],
      ["udp", "fine", "doctor.udp.fine", { milliseconds: "18" }],
      ["stun", "fine", "doctor.stun.fine", { address: "203.0.113.40" }],
      ["relayUdp", "fine", "doctor.relay.fine", { milliseconds: "37" }],
      ["relayTcp", "fine", "doctor.relay.fine", { milliseconds: "38" }],
      ["relayTls", "fine", "doctor.relay.fine", { milliseconds: "39" }],
    ],
    blocked: [
      ["camera", "bad", "camera.busy"],
      ["microphone", "weak", "doctor.microphone.hearsNothing", { name: "Headset" }],
      ["udp", "weak", "doctor.udp.blocked", { port: "3478" }],
      ["stun", "skipped", "doctor.stun.unknown"],
      ["relayUdp", "weak", "doctor.relay.silent", { port: "3478" }],
      ["relayTcp", "weak", "doctor.relay.silent", { port: "3478" }],
    ],
  };

  const COMMANDS = {
    async codec_fetch({ progress }) {
      progress.handler(0.4);
      if (asked.get("codec-server") === "slow") await new Promise(() => {});
      if (asked.get("codec-server") !== "gone") return;
      history.replaceState(null, "", location.href.replace("codec-server=gone", ""));
      asked.delete("codec-server");
      throw { kind: "codecUnreachable" };
    },
    codec_remove: () => {},
    async doctor({ findings }) {
      const which = asked.get("doctor") ?? "fine";
      for (const usual of FOUND.fine) {
        const [check, verdict, words, fill] = FOUND[which].find(([check]) => check === usual[0]) ?? usual;
        findings.handler({ check, verdict, words, fill: fill ?? {} });
        await Promise.resolve();
      }
      return which === "fine" ? "doctor.conclusion.fine" : "doctor.conclusion.devices";
    },
    settings_get: () => settings,
    settings_set: (values) => void (settings = values.settings),
    environment: () => ({ language: asked.get("language") ?? "en", version: "0.1.0", platform: "linux", autoInvite: asked.get("autoInvite"), codec: asked.get("codec") ?? "builtIn" }),
    devices: () => devices,
    invite_check: ({ text }) => check(text),
    call_create({ server, hostCode }) {
      if (server !== SERVER) throw { kind: "serverUnreachable", server };
      if (hostCode !== "7342-9911") throw { kind: "hostCodeWrong", server };
      return INVITE;
    },
    call_host() {
      if (asked.get("network") === "none") throw { kind: "noLocalNetwork" };
      return { ...INVITE, link: INVITE.link.replace(`https://${SERVER}`, "http://192.168.1.20:8471"), server: "192.168.1.20:8471", near: true };
    },
    call_open({ link }) {
      state = lobby();
      messages = [];
      const near = link.startsWith("http://192.");
      state.invite = { ...INVITE, link, near, server: near ? "192.168.1.20:8471" : SERVER };
      if (asked.get("when") === "lobby") SCENES[asked.get("scene")]?.();
      tell();
    },
    call_join() {
      state.phase = "entering";
      tell();
      if (asked.get("scene") === "entering") return;
      state.phase = "calling";
      if (asked.get("when") !== "lobby") SCENES[asked.get("scene")]?.();
      tell();
    },
    call_leave() {
      state = null;
      tell();
    },
    call_state: () => state,
    link_take() {
      const taken = link;
      link = null;
      return taken;
    },
    set_muted: ({ muted }) => ((state.me.microphone.muted = muted), tell()),
    set_noise_suppression: () => {},
    set_music: () => {},
    set_camera_off: ({ off }) => ((state.me.camera.off = off), tell()),
    select_device({ kind, spec }) {
      state.me[kind].spec = spec;
      state.me[kind].device = devices[`${kind}s`].find((it) => spec === `device:${it.id}`)?.name ?? "";
      tell();
    },
    play_test_sound: () => {},
    copy_text: () => {},
    chat_messages: () => messages,
    chat_say({ text }) {
      if (asked.get("say") === "refused") throw { kind: "noCall" };
      wrote(-1, text.trim(), 0);
      tell();
    },
    chat_react: ({ feeling }) => ((state.me.reaction = { kind: feeling, number: (state.me.reaction?.number ?? 0) + 1 }), tell()),
    raise_hand: ({ up }) => ((state.me.hand = up ? Date.now() : null), tell()),
    open_link: () => {},
    screens: () =>
      asked.get("screens") === "none"
        ? []
        : asked.get("screens") === "asked"
        ? [{ id: "default", name: "", window: false }]
        : [
            { id: "screen:HDMI-1", name: "HDMI-1 (1920 × 1080)", window: false },
            { id: "window:7", name: "Letter to the school – Writer, with quite a long name of a document in it", window: true },
            { id: "window:8", name: "Holiday pictures", window: true },
          ],
    share_screen({ spec }) {
      const none = spec === "none";
      Object.assign(state.me.screen, { spec, status: none ? "none" : "ok", source: none ? null : spec });
      tell();
    },
    frames_endpoint: () => ({ url: "ws://127.0.0.1:1/frames?token=fake", fallback: `${location.origin}/frames` }),
  };

  Object.assign(window, {
    __TAURI__: {
      core: {
        Channel: class {
          constructor(handler) {
            this.handler = handler;
          }
        },
        invoke: async (command, values) => {
          log.push({ command, ...values, findings: undefined, progress: undefined });
          return structuredClone(await COMMANDS[command](values ?? {}));
        },
      },
      event: { listen: async (name, handler) => (heard[name] ??= []).push(handler) },
    },
    /** For tests: change the state as the engine would; open a link as the system would. */
    fake: { log, write: (...what) => (wrote(...what), tell()), change: (how) => (how(state), tell()), open: (text) => ((link = text), emit("link")), acknowledged: {} },
  });

  const ground = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => 60 + (40 * Math.floor(at / WIDTH)) / HEIGHT + (20 * (at % WIDTH)) / WIDTH);

  /** A scene instead of a picture: a soft background and a person's outline that sways. I420, limited range. */
  function paint(hue, time) {
    const frame = new Uint8Array((WIDTH * HEIGHT * 3) / 2);
    frame.set(ground);
    const sway = WIDTH / 2 + 14 * Math.sin(time / 900 + hue);
    const [u, v] = [128 + 26 * Math.cos(hue), 128 + 26 * Math.sin(hue)];
    const disc = (middle, wide, tall, bright) => {
      for (let y = Math.max(0, middle - tall); y < Math.min(HEIGHT, middle + tall); y++) {
        const half = wide * Math.sqrt(1 - ((y - middle) / tall) ** 2);
        frame.fill(bright, Math.round(y * WIDTH + sway - half), Math.round(y * WIDTH + sway + half));
      }
    };
    disc(190, 82, 80, 140);
    disc(76, 34, 34, 178);
    const chroma = WIDTH * HEIGHT;
    frame.fill(u, chroma, chroma + chroma / 4);
    frame.fill(v, chroma + chroma / 4);
    return frame;
  }

  /** A screen: lines of something like text, dark on light. */
  function page() {
    const frame = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
    frame.fill(230, 0, WIDTH * HEIGHT);
    for (let y = 12; y < HEIGHT - 12; y += 8) for (let x = 16; x < WIDTH - 16 - ((y * 7) % 90); x++) if ((x * 31 + y * 17) % 5 < 3) frame.fill(40, y * WIDTH + x, y * WIDTH + x + 1);
    return frame;
  }

  /** One message as the app sends it. */
  function message(tile, count) {
    const data = new Uint8Array(24 + (WIDTH * HEIGHT * 3) / 2);
    const view = new DataView(data.buffer);
    const screen = tile.startsWith("screen-");
    const whose = screen ? tile.slice("screen-".length) : tile;
    if (whose !== "me") for (let at = 0; at < 16; at++) view.setUint8(at, parseInt(whose.slice(2 * at, 2 * at + 2), 16));
    view.setUint16(16, WIDTH | (screen ? 0x8000 : 0), true);
    view.setUint16(18, HEIGHT, true);
    view.setUint32(20, count, true);
    data.set(screen ? page() : paint(tile === "me" ? 2.2 : parseInt(tile, 16) * 1.7, performance.now()), 24);
    return data.buffer;
  }

  /** Sends the newest frame of each wanted tile, at most one unacknowledged. */
  class FakeSocket {
    static OPEN = 1;
    readyState = 0;
    #wanted = [];
    #waiting = new Set();
    #count = 0;

    constructor() {
      if (asked.get("socket") === "refused") return void setTimeout(() => this.onclose?.());
      setTimeout(() => {
        this.readyState = FakeSocket.OPEN;
        this.onopen?.();
      });
      this.ticking = setInterval(() => this.#tick(), 100);
    }

    #tick() {
      for (const { id: tile } of this.#wanted) {
        if (this.#waiting.has(tile)) continue;
        this.#waiting.add(tile);
        this.onmessage?.({ data: message(tile, ++this.#count) });
      }
    }

    send(text) {
      const said = JSON.parse(text);
      if (said.tiles) this.#wanted = /** @type {any} */ (window).fake.wanted = said.tiles;
      if (said.tiles) this.#waiting.clear();
      if (!said.tile) return;
      this.#waiting.delete(said.tile);
      const { acknowledged } = /** @type {any} */ (window).fake;
      acknowledged[said.tile] = (acknowledged[said.tile] ?? 0) + 1;
    }

    close() {
      clearInterval(this.ticking);
      this.onclose?.();
    }
  }
  Object.assign(window, { WebSocket: FakeSocket });

  if (asked.get("screen")) {
    COMMANDS.call_open({ link: INVITE.link });
    if (asked.get("screen") === "call") COMMANDS.call_join();
  }
})();
