/**
 * How loud a track is, and whether somebody speaks. Costs one analyser; nothing is played.
 */
import { context } from "./sound.js";
import { Speech } from "./speech.js";

/** The meter's ends: what an empty room has, and what a voice near the microphone has, in decibels below full scale. */
const QUIET_DB = -60;
const LOUD_DB = -10;

/** Samples looked at, at 48 kHz some 43 ms. */
const SAMPLES = 2_048;

export class Level {
  #speech = new Speech();
  #samples = new Float32Array(SAMPLES);

  /** @param {MediaStreamTrack} track its own: it is stopped with this */
  constructor(track) {
    this.track = track;
    this.source = context().createMediaStreamSource(new MediaStream([track]));
    this.analyser = context().createAnalyser();
    this.analyser.fftSize = SAMPLES;
    this.source.connect(this.analyser);
  }

  /** @param {number} now milliseconds @returns {{ level: number, speaking: boolean }} level: 0 to 1 */
  measure(now) {
    this.analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / SAMPLES;
    const decibels = 10 * Math.log10(power + 1e-12);
    const level = Math.max(0, Math.min(1, (decibels - QUIET_DB) / (LOUD_DB - QUIET_DB)));
    return { level, speaking: this.#speech.hear(power, now) };
  }

  close() {
    this.source.disconnect();
    this.track.stop();
  }
}
