/**
 * The desktop app behind the UI: Tauri commands and two events.
 */

/** @typedef {import("./types.js").Backend} Backend */

/** Whatever a command rejects with, as a Trouble. @param {unknown} reason */
function trouble(reason) {
  if (reason && typeof reason === "object" && "kind" in reason) return reason;
  console.error(reason);
  return { kind: "internal" };
}

/**
 * @param {{ core: { invoke(command: string, values?: object): Promise<any>, Channel: new (handler: (message: any) => void) => object }, event: { listen(name: string, handler: (event: { payload: any }) => void): Promise<unknown> } }} tauri
 * @returns {Backend}
 */
export function desktop(tauri) {
  /** @param {string} command @param {object} [values] */
  const invoke = (command, values) =>
    tauri.core.invoke(command, values).catch((reason) => {
      throw trouble(reason);
    });
  return {
    settingsGet: () => invoke("settings_get"),
    settingsSet: (settings) => invoke("settings_set", { settings }),
    environment: () => invoke("environment"),
    devices: () => invoke("devices"),
    inviteCheck: (text) => invoke("invite_check", { text }),
    callCreate: (server, hostCode) => invoke("call_create", { server, hostCode }),
    callHost: () => invoke("call_host"),
    callOpen: (link, name) => invoke("call_open", { link, name }),
    callJoin: () => invoke("call_join"),
    callLeave: () => invoke("call_leave"),
    callState: () => invoke("call_state"),
    setMuted: (muted) => invoke("set_muted", { muted }),
    setNoiseSuppression: (on) => invoke("set_noise_suppression", { on }),
    setMusic: (on) => invoke("set_music", { on }),
    setCameraOff: (off) => invoke("set_camera_off", { off }),
    selectDevice: (kind, spec) => invoke("select_device", { kind, spec }),
    playTestSound: () => invoke("play_test_sound"),
    copyText: (text) => invoke("copy_text", { text }),
    doctor: (link, onFinding) => invoke("doctor", { link, findings: new tauri.core.Channel(onFinding) }),
    codec: {
      fetch: (onProgress) => invoke("codec_fetch", { progress: new tauri.core.Channel(onProgress) }),
      remove: () => invoke("codec_remove"),
    },
    linkTake: () => invoke("link_take"),
    sharing: {
      list: () => invoke("screens"),
      share: (spec) => invoke("share_screen", { spec }),
    },
    talk: {
      messages: () => invoke("chat_messages"),
      say: (text) => invoke("chat_say", { text }),
      react: (feeling) => invoke("chat_react", { feeling }),
      raiseHand: (up) => invoke("raise_hand", { up }),
      openLink: (url) => invoke("open_link", { url }),
    },
    pictures: { kind: "frames", endpoint: () => invoke("frames_endpoint") },
    onCallState: async (listener) => {
      await tauri.event.listen("call-state", (event) => listener(event.payload));
    },
    onLink: async (listener) => {
      await tauri.event.listen("link", () => listener());
    },
  };
}
