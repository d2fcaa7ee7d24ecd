'use strict';

/* Uploads: bytes to the servers, under a new key; what comes back is what a message has to say of them. */
__d('WAWebMmsMediaTypes', (require, exports) => {
  exports.MEDIA_TYPES = {
    IMAGE: 'image', VIDEO: 'video', GIF: 'gif', AUDIO: 'audio', PTT: 'ptt', PTV: 'ptv', DOCUMENT: 'document',
    STICKER: 'sticker',
  };
  exports.msgToMediaType = ({ type, isGif }) => (type === 'video' && isGif ? 'gif' : type);
  exports.castToV4 = (type) => String(type).toLowerCase();
});

__d('WAWebMediaGatingUtils', (require, exports) => {
  const { session } = require('SimSession');

  const MEBIBYTE = 1 << 20;
  const LIMITS = { document: 2000 * MEBIBYTE };

  /* Bytes. */
  exports.getUploadLimit = (type) => session.settings.upload_limits?.[type] ?? LIMITS[type] ?? 16 * MEBIBYTE;
});

__d('WAWebMediaEntry', (require, exports) => {
  const REUSABLE_S = 2 * 86400;

  class EncryptedMediaEntry {
    constructor(values) {
      Object.assign(this, values);
    }

    canReuseMediaKey() {
      return Date.now() / 1000 - this.mediaKeyTimestamp < REUSABLE_S;
    }
  }
  exports.EncryptedMediaEntry = EncryptedMediaEntry;
});

__d('WAWebMediaMmsV4Upload', (require, exports) => {
  const { account } = require('SimAccount');
  const { encodeB64 } = require('WABase64');
  const { MEDIA_TYPES } = require('WAWebMmsMediaTypes');
  const { EncryptedMediaEntry } = require('WAWebMediaEntry');
  const { HttpStatusCodeError } = require('WAWebMmsClientErrors');

  const KNOWN = new Set(Object.values(MEDIA_TYPES));
  const STREAMED = new Set(['video', 'gif', 'ptv', 'audio', 'ptt']);
  const SIDECAR_BYTES = 10;
  const IN_WORKER = 'web_media_encrypt_upload_in_worker_enabled';

  /* The bytes, from memory alone: whatever else was known of them before a reload, they are lost with the page. */
  exports.blobOf = ({ filehash, mediaBlob }) => {
    const kept = require('WAWebMediaInMemoryBlobCache').InMemoryMediaBlobCache.get(filehash);
    if (kept === undefined && !mediaBlob) {
      throw new Error('upload: the page has no bytes for it');
    }
    return kept ?? mediaBlob.forceToBlob();
  };

  async function post(blob, mediaType, mimetype, mediaKey) {
    const address = `/mms/${mediaType}?device=${encodeURIComponent(account.device.id)}`;
    const headers = { 'Content-Type': mimetype, 'X-Media-Key': mediaKey };
    const response = await fetch(address, { method: 'POST', headers, body: blob });
    if (!response.ok) {
      throw new HttpStatusCodeError(response.status);
    }
    return response.json();
  }

  /*
   * Resolves with `{kind, mediaEntry}`. Rejects with HttpStatusCodeError, or as `fetch` does. Under WhatsApp's switch that
   * has a worker do it nothing answers ever.
   */
  exports.uploadMedia = async ({ mimetype, mediaObject, mediaType }) => {
    if (!KNOWN.has(mediaType)) {
      throw new Error(`upload: unknown media type ${mediaType}`);
    }
    if (require('WAWebABProps').getABPropConfigValue(IN_WORKER)) {
      return new Promise(() => undefined);
    }
    const mediaKey = encodeB64(crypto.getRandomValues(new Uint8Array(32)));
    const mediaKeyTimestamp = Math.floor(Date.now() / 1000);
    const blob = exports.blobOf(mediaObject);
    const { direct_path: directPath, enc_filehash: encFilehash } = await post(blob, mediaType, mimetype, mediaKey);
    const mediaEntry = new EncryptedMediaEntry({
      type: mediaType,
      mediaKey,
      mediaKeyTimestamp,
      encFilehash,
      directPath,
      uploadHash: encFilehash,
      mmsUrl: new URL(directPath, location.href).href,
      sidecar: STREAMED.has(mediaType) ? crypto.getRandomValues(new Uint8Array(SIDECAR_BYTES)) : undefined,
    });
    return { kind: 'success', mediaEntry };
  };
});
