'use strict';

/* What is sent besides text: a picture from a file, a voice note from the microphone. */
(() => {
  const SOUNDS = ['audio/ogg;codecs=opus', 'audio/webm;codecs=opus'];

  /* Record until `stop`; resolves with the sound and its length in seconds. Rejects where there is no microphone. */
  async function startRecording() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream, { mimeType: SOUNDS.find((type) => MediaRecorder.isTypeSupported(type)) });
    const parts = [];
    const startedAt = performance.now();
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.start();
    const stop = () =>
      new Promise((resolve) => {
        recorder.onstop = () => {
          stream.getTracks().forEach((track) => track.stop());
          const seconds = Math.max(1, Math.round((performance.now() - startedAt) / 1000));
          resolve({ file: new Blob(parts, { type: recorder.mimeType }), seconds });
        };
        recorder.stop();
      });
    return { stop };
  }

  window.phoneAttachments = {
    start({ picture, record, sendPicture, sendVoice, notice }) {
      picture.onchange = async () => {
        const [file] = picture.files;
        if (file !== undefined) {
          await sendPicture(file);
          picture.value = '';
        }
      };

      let recording = null;
      const show = () => {
        record.setAttribute('aria-pressed', String(recording !== null));
        record.textContent = recording === null ? 'Nota de voz' : 'Enviar la nota';
      };
      record.onclick = async () => {
        record.disabled = true;
        try {
          if (recording === null) {
            recording = await startRecording();
          } else {
            const { file, seconds } = await recording.stop();
            recording = null;
            await sendVoice(file, seconds);
          }
        } catch {
          recording = null;
          notice('No hay micrófono o no se permitió usarlo.');
        }
        record.disabled = false;
        show();
      };
    },
  };
})();
