/**
 * What the UI and whatever is behind it say to each other. Types only: this file holds no code.
 *
 * @typedef {"opening" | "ok" | "none" | "busy" | "refused" | "denied" | "lost" | "silent" | "failed"} DeviceStatus
 * @typedef {{ id: string, name: string, default: boolean }} Device
 * @typedef {"camera" | "microphone" | "speaker"} DeviceKind
 *
 * @typedef {object} Trouble  Something that went wrong, and whom or what it concerns. Its words are `trouble.KIND`.
 * @property {string} kind
 * @property {string} [server]
 * @property {string} [name]
 * @property {number} [minutes]
 * @property {number} [have]
 * @property {number} [need]
 * @property {string} [file]
 *
 * @typedef {{ link: string, code: string, server: string, near: boolean }} Invite  near: only people on the same network can use it
 *
 * @typedef {object} Me
 * @property {string} id
 * @property {string} name
 * @property {{ spec: string, muted: boolean, status: DeviceStatus, device: string | null, level: number, speaking: boolean }} microphone  level: 0 to 1
 * @property {{ spec: string, off: boolean, status: DeviceStatus, device: string | null, width: number, height: number, away?: boolean }} camera  away: it looks away from me, and is shown unmirrored
 * @property {{ spec: string, status: DeviceStatus, device: string | null }} speaker
 * @property {OwnScreen} [screen]  what I share; spec "none": nothing
 * @property {boolean} [slow]  this computer does not keep up: the others see less of the picture
 * @property {"nothing" | "path" | "uplink" | "machine"} [limited]  what keeps the others from seeing me better: my line, or the way to the only one who looks
 * @property {number | null} [hand]  since when my hand is raised, milliseconds since 1970
 * @property {Reaction | null} [reaction]  as the others see it now
 *
 * @typedef {{ spec: string, status: DeviceStatus, source: string | null, width: number, height: number }} OwnScreen  source: the name of the screen or window
 * @typedef {{ id: string, name: string, window: boolean }} ScreenChoice  id: what shares it
 *
 * @typedef {"like" | "dislike" | "love" | "laugh" | "celebrate" | "sad"} Feeling
 * @typedef {{ kind: Feeling, number: number }} Reaction  number: the same feeling again has another one
 *
 * @typedef {object} Message  Something that was written.
 * @property {string} id  unique together with the author
 * @property {string} author  the person's id
 * @property {string} name  as its author called themselves then
 * @property {number} at  milliseconds since 1970
 * @property {string} text  to be shown as text and nothing else
 * @property {boolean} own
 * @property {string | null} toldBy  who told it, when it was not its author
 * @property {string[]} waiting  the names of those who have not got this message of mine yet
 *
 * @typedef {object} Person
 * @property {string} id  hex; stays when the person reconnects
 * @property {string} name
 * @property {boolean} calling  false: only in the lobby
 * @property {boolean} muted
 * @property {boolean} cameraOff
 * @property {boolean} speaking
 * @property {"connecting" | "connected" | "retrying" | "failed"} connection
 * @property {boolean} picture  a frame was decoded
 * @property {boolean} [paused]  their picture pauses, because their connection carries none; their voice goes on
 * @property {"direct" | "relay" | null} [path]
 * @property {string | null} [transport]
 * @property {string | null} [local]
 * @property {string | null} [remote]
 * @property {number | null} [rttMs]
 * @property {"good" | "fair" | "weak" | "unknown"} [quality]
 * @property {{ width: number, height: number, fps: number } | null} [video]
 * @property {{ paused: boolean, video: { width: number, height: number, fps: number } | null } | null} [screen]  the screen that they share; video: null before the first picture
 * @property {"nothing" | "theirUplink" | "yourDownlink" | "path" | "relay" | "theirMachine" | "thisMachine" | null} [limitedBy]  what keeps their picture from being better
 * @property {number | null} [hand]  since when their hand is raised, milliseconds since 1970 by their clock
 * @property {Reaction | null} [reaction]  shown for some seconds
 *
 * @typedef {{ cameras: Device[], microphones: Device[], speakers: Device[], sides?: { front: string, back: string } | null }} Devices  sides: of a phone, the ids of its cameras
 *
 * @typedef {object} CallState
 * @property {"lobby" | "entering" | "calling" | "left" | "failed"} phase
 * @property {Trouble | null} trouble
 * @property {Invite} invite
 * @property {Me} me
 * @property {Person[]} people
 * @property {Devices} devices
 * @property {{ revision: number }} [chat]  changes whenever what is written does: then ask for the messages
 *
 * @typedef {{ link: string, label: string, lastUsed: string, with: string[] }} EarlierInvite  lastUsed: ISO 8601
 *
 * @typedef {object} Settings
 * @property {string} name
 * @property {"system" | "en" | "fr"} language
 * @property {"system" | "light" | "dark"} look
 * @property {string} server
 * @property {string} hostCode
 * @property {string} camera
 * @property {string} microphone
 * @property {string} speaker
 * @property {boolean} noiseSuppression  the noise around the microphone is made fainter
 * @property {boolean} music  the microphone's sound is sent as it is
 * @property {EarlierInvite[]} invites
 *
 * @typedef {{ language: string, version: string, platform: string, autoInvite: string | null, autoName?: string | null, settingsSetAside?: string | null, codec?: "builtIn" | "fetched" | "missing", guest?: Guest }} Environment  settingsSetAside: where damaged settings were put at this start; codec: what codes the app's pictures; guest: this is a page in a browser
 * @typedef {object} Guest  What a page in a browser starts with.
 * @property {"insecure" | "noCalls" | "noH264" | "h264Later" | "old" | null} lack  what the browser lacks for a call
 * @property {string | null} appLink  opens the same invite in the app
 * @property {boolean} resume  the page was reloaded in mid-call
 *
 * @typedef {{ url: string, fallback: string }} FramesEndpoint  url: a WebSocket; fallback: a base for `fetch`
 *
 * @typedef {{ kind: "frames", endpoint: () => Promise<FramesEndpoint> }} FramePictures  frames, to be drawn
 * @typedef {{ kind: "streams", of: (tile: string) => MediaStream | null, want: (rows: Record<string, number>) => void }} StreamPictures  streams, to be played: of a person, of "me", or of the screen that a person shares: "screen-" and the person; want: how tall each of these is shown, in device pixels, and nobody else
 *
 * @typedef {"camera" | "microphone" | "speaker" | "server" | "udp" | "stun" | "relayUdp" | "relayTcp" | "relayTls"} Check
 * @typedef {"fine" | "weak" | "bad" | "skipped"} Verdict
 * @typedef {{ check: Check, verdict: Verdict, words: string, fill: Record<string, string> }} Finding  words: the key of a sentence, fill: what it names
 *
 * @typedef {object} Talk  What is written, felt and asked for by hand. Where there is a call, all of it can be used.
 * @property {() => Promise<Message[]>} messages  all that is kept, in order
 * @property {(text: string) => Promise<void>} say
 * @property {(feeling: Feeling) => Promise<void>} react
 * @property {(up: boolean) => Promise<void>} raiseHand
 * @property {(url: string) => Promise<void>} openLink  in the browser; of http and https only
 *
 * @typedef {object} Sharing  Of one's own screen.
 * @property {boolean} [asks]  the system itself asks what to share; then "default" is all there is to choose
 * @property {() => Promise<ScreenChoice[]>} list  what could be shared now, screens first
 * @property {(id: string) => Promise<void>} share  one of them; "none": nothing any more
 *
 * @typedef {object} Codec  The video codec of an app that has none built in.
 * @property {(onProgress: (share: number) => void) => Promise<void>} fetch  fetches it from Cisco; share: 0 to 1
 * @property {() => Promise<void>} remove  removes it again
 *
 * @typedef {object} Backend  The seam. Every promise rejects with a {@link Trouble}.
 * @property {() => Promise<Settings>} settingsGet
 * @property {(settings: Settings) => Promise<void>} settingsSet
 * @property {() => Promise<Environment>} environment
 * @property {() => Promise<Devices>} devices  for the settings, outside a call
 * @property {(text: string) => Promise<Invite>} inviteCheck  makes no request
 * @property {(server: string, hostCode: string) => Promise<Invite>} callCreate
 * @property {() => Promise<Invite>} callHost  makes a room on this computer, for people on the same network
 * @property {(link: string, name: string) => Promise<void>} callOpen  opens the lobby
 * @property {() => Promise<void>} callJoin
 * @property {() => Promise<void>} callLeave
 * @property {() => Promise<CallState | null>} callState
 * @property {(muted: boolean) => Promise<void>} setMuted
 * @property {(on: boolean) => Promise<void>} setNoiseSuppression
 * @property {(on: boolean) => Promise<void>} setMusic
 * @property {(off: boolean) => Promise<void>} setCameraOff
 * @property {(kind: DeviceKind, spec: string) => Promise<void>} selectDevice
 * @property {() => Promise<void>} playTestSound
 * @property {(text: string) => Promise<void>} copyText
 * @property {FramePictures | StreamPictures} pictures  how pictures come to the page
 * @property {() => Promise<void>} [allowSound]  plays what the browser has not allowed to be played before the page was touched
 * @property {(link: string | null, onFinding: (finding: Finding) => void) => Promise<string>} doctor  tries out all that a call needs, and gives the key of what sums it up; without a link, with the server of the settings
 * @property {Codec} [codec]  absent: pictures are coded by what is there
 * @property {() => Promise<string | null>} linkTake  the invite link that the system handed over, if there is one: given once
 * @property {Sharing} [sharing]  absent: no screen can be shared, and no control for it is shown
 * @property {Talk} [talk]  absent: nothing can be written, and no control for it is shown
 * @property {(listener: (state: CallState | null) => void) => Promise<void>} onCallState
 * @property {(listener: () => void) => Promise<void>} onLink  there is a link to take
 */
export {};
