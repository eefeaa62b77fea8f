/**
 * What a connection's statistics say, in the words of the details panel. Pure: the reports are given.
 */
import { Speech } from "./speech.js";

/** @typedef {import("./call/update.js").Figures} Figures */

/** Round trip from which talk begins to collide, and from which talking is hard, in milliseconds (ITU-T G.114). */
const FAIR_RTT_MS = 250;
const WEAK_RTT_MS = 600;
/** Share of the sound that had to be made up: heard as flaws; words are lost. */
const FAIR_CONCEALED = 0.01;
const WEAK_CONCEALED = 0.05;
/** The place of the first section of what is shared. */
const SHARED = 2;
/** Pictures a second under which movement is seen to stutter. */
const FAIR_FPS = 12;

/** Follows one connection. */
export class Reader {
  #speech = new Speech();
  /** Of the report before. */ #energy = 0;
  #duration = 0;
  #frames = 0;
  #concealed = 0;
  #samples = 0;
  #share = 0;

  /**
   * @param {Map<string, any> | RTCStatsReport} report @param {boolean} cameraOff whether they say that their camera is off @param {number} now
   * @returns {Pick<Figures, "speaking" | "picture" | "video" | "screen" | "quality" | "path"> & { reason: string | null }} reason: what limits our own picture
   */
  read(report, cameraOff, now) {
    /** @type {any[]} */
    const all = [...report.values()];
    const received = (/** @type {string} */ kind) => all.filter((it) => it.type === "inbound-rtp" && it.kind === kind);
    const [video, audio] = [ofThePerson(received("video")), ofThePerson(received("audio"))];
    const shared = received("video").find((it) => it !== video && it.framesDecoded > 0 && it.frameHeight);
    const screen = shared ? { width: shared.frameWidth, height: shared.frameHeight, fps: shared.framesPerSecond ?? 0 } : null;
    const frames = video?.framesDecoded ?? 0;
    // What was decoded before the camera was turned off is not the picture of now.
    if (cameraOff) this.#frames = frames;
    const path = pathOf(report, all);
    const sent = all.find((it) => it.type === "outbound-rtp" && it.kind === "video" && it.frameHeight && !(Number(it.mid) >= SHARED));
    const picture = frames > this.#frames;
    const shown = picture && video.frameHeight ? { width: video.frameWidth, height: video.frameHeight, fps: video.framesPerSecond ?? 0 } : null;
    return { speaking: this.#heard(audio, now), picture, video: shown, screen, quality: this.#quality(path.rttMs ?? null, shown?.fps ?? 0, audio), path, reason: sent?.qualityLimitationReason ?? null };
  }

  /** @param {any} audio @param {number} now */
  #heard(audio, now) {
    const { totalAudioEnergy: energy = 0, totalSamplesDuration: duration = 0 } = audio ?? {};
    const seconds = duration - this.#duration;
    const power = seconds > 0 ? Math.max(0, energy - this.#energy) / seconds : 0;
    [this.#energy, this.#duration] = [energy, duration];
    return this.#speech.hear(power, now);
  }

  /** @param {number | null} rtt @param {number} fps @param {any} audio @returns {Figures["quality"]} */
  #quality(rtt, fps, audio) {
    const { concealedSamples = 0, silentConcealedSamples = 0, totalSamplesReceived = 0 } = audio ?? {};
    const made = concealedSamples - silentConcealedSamples;
    const samples = totalSamplesReceived - this.#samples;
    // Over some seconds: a word is lost by what is made up now, not by what was an hour ago.
    if (samples > 0) this.#share += (Math.max(0, made - this.#concealed) / samples - this.#share) * 0.2;
    [this.#concealed, this.#samples] = [made, totalSamplesReceived];
    if (rtt === null) return "unknown";
    if (rtt > WEAK_RTT_MS || this.#share > WEAK_CONCEALED) return "weak";
    return rtt > FAIR_RTT_MS || this.#share > FAIR_CONCEALED || (fps > 0 && fps < FAIR_FPS) ? "fair" : "good";
  }
}

/** Of several streams of a kind that of the camera or the microphone, where the browser says by which section each comes. @param {any[]} streams */
function ofThePerson(streams) {
  // Sections are named by their place, and the person's come before what is shared.
  const placed = streams.filter(({ mid }) => mid != null && mid !== "" && Number.isInteger(Number(mid)));
  return placed.length ? (placed.find(({ mid }) => Number(mid) < SHARED) ?? null) : busiest(streams);
}

/** Of several streams of a kind the one that something comes by. @param {any[]} streams */
const busiest = (streams) => streams.reduce((best, it) => ((it.packetsReceived ?? 0) > (best?.packetsReceived ?? 0) ? it : best), null);

/** Over which addresses it goes. @param {Map<string, any> | RTCStatsReport} report @param {any[]} all @returns {Figures["path"]} */
function pathOf(report, all) {
  const chosen = all.find((it) => it.type === "transport" && it.selectedCandidatePairId)?.selectedCandidatePairId;
  const pair = /** @type {any} */ (chosen ? report.get(chosen) : all.find((it) => it.type === "candidate-pair" && it.nominated && it.state === "succeeded"));
  const [local, remote] = [report.get(pair?.localCandidateId), report.get(pair?.remoteCandidateId)].map((it) => /** @type {any} */ (it));
  if (!pair || !local || !remote) return { path: null, transport: null, local: null, remote: null, rttMs: null };
  const relayed = local.candidateType === "relay" || remote.candidateType === "relay";
  const rtt = pair.currentRoundTripTime;
  return {
    path: relayed ? "relay" : "direct",
    transport: local.relayProtocol ?? local.protocol ?? null,
    local: place(local),
    remote: place(remote),
    rttMs: typeof rtt === "number" ? rtt * 1_000 : null,
  };
}

/** @param {any} candidate */
function place({ address, port }) {
  if (!address) return null;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
