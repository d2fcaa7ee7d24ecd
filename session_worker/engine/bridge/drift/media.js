/**
 * Uploads stay on the page's own thread. In August 2026 WhatsApp switched them into a web worker that, under a library,
 * never answers: the message stands as uploading for ever, without a request and without an error
 * (https://github.com/wppconnect-team/wa-js/pull/3575). The switch is read through one function; where it is gone,
 * uploads go where WhatsApp has them go.
 */
const WORKER_UPLOADS = 'web_media_encrypt_upload_in_worker_enabled';

WPP.loader.onFullReady(() => {
  const holder = WPP.loader.search((/** @type {any} */ module) => module.getABPropConfigValue);
  if (typeof holder?.getABPropConfigValue !== 'function') {
    return;
  }
  const read = holder.getABPropConfigValue;
  holder.getABPropConfigValue = (/** @type {unknown[]} */ ...asked) => (asked[0] === WORKER_UPLOADS ? false : read(...asked));
});
