/** How loud a voice note is over its length: what phones draw beside it. */
const WAVEFORM_STEPS = 64;
const WAVEFORM_TOP = 100;
const WAVEFORM_RATE = 48_000;

/**
 * Seconds, and 64 figures from 0 to 100; undefined where this browser can't play it: the note is heard without them.
 * @param {Blob} file @returns {Promise<{duration: number, waveform: Uint8Array} | undefined>}
 */
const waveformOf = async (file) => {
  try {
    // A context without an output: a machine without sound has no other.
    const sound = await new OfflineAudioContext(1, 1, WAVEFORM_RATE).decodeAudioData(await file.arrayBuffer());
    const samples = sound.getChannelData(0);
    const step = Math.max(1, Math.floor(samples.length / WAVEFORM_STEPS));
    const loudness = Array.from({ length: WAVEFORM_STEPS }, (_, index) => {
      const part = samples.subarray(index * step, (index + 1) * step);
      return part.reduce((sum, sample) => sum + Math.abs(sample), 0) / Math.max(1, part.length);
    });
    const top = Math.max(...loudness) || 1;
    const waveform = Uint8Array.from(loudness, (one) => Math.floor((one / top) * WAVEFORM_TOP));
    return { duration: Math.max(1, Math.round(sound.duration)), waveform };
  } catch {
    return undefined;
  }
};
