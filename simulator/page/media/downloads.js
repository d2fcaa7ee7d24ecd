'use strict';

/* What can go wrong with a download, by the names that the real page has for it. */
__d('WAWebMmsClientErrors', (require, exports) => {
  class HttpStatusCodeError extends Error {
    constructor(status, name = 'HttpStatusCodeError') {
      super(`status ${status}`);
      this.name = name;
      this.status = status;
    }
  }
  exports.HttpStatusCodeError = HttpStatusCodeError;
  exports.MediaNotFoundError = class MediaNotFoundError extends HttpStatusCodeError {
    constructor() {
      super(404, 'MediaNotFoundError');
    }
  };
});

__d('WAWebDownloadManagerErrors', (require, exports) => {
  exports.MediaNotOnPhone = class MediaNotOnPhone extends Error {
    constructor() {
      super('the phone has no such media');
      this.name = 'MediaNotOnPhone';
      this.status = 404;
    }
  };
});

__d('WAWebMediaFileErrors', (require, exports) => {
  exports.MediaDecryptionError = class MediaDecryptionError extends Error {
    constructor(message) {
      super(message);
      this.name = 'MediaDecryptionError';
    }
  };
});

/* Downloads from the servers, by a message's stored fields alone; no message and no chat is needed. */
__d('WAWebDownloadManager', (require, exports) => {
  const { account } = require('SimAccount');
  const { LruMediaStore } = require('WAWebMediaStore');
  const { HttpStatusCodeError, MediaNotFoundError } = require('WAWebMmsClientErrors');
  const { MediaDecryptionError } = require('WAWebMediaFileErrors');
  const { encodeB64 } = require('WABase64');

  const digest = (bytes) => crypto.subtle.digest('SHA-256', bytes);
  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

  async function download({ directPath, signal }) {
    const response = await fetch(`${directPath}&device=${encodeURIComponent(account.device.id)}`, { signal });
    if (!response.ok) {
      throw response.status === 404 ? new MediaNotFoundError() : new HttpStatusCodeError(response.status);
    }
    return { bytes: await response.arrayBuffer(), opensWith: response.headers.get('x-media-key-digest') };
  }

  exports.downloadManager = {
    /*
     * The bytes as an ArrayBuffer. Rejects with MediaNotFoundError where the servers have nothing at the address (any
     * more), MediaDecryptionError where key or hashes don't fit, AbortError after `signal`.
     */
    async downloadAndMaybeDecrypt(asked) {
      const { mediaKey, encFilehash, filehash, type, mimetype, downloadQpl, signal } = asked;
      downloadQpl.addAnnotations({ string: { mediaType: type, rawMimeType: mimetype ?? 'application/octet-stream' } });
      signal?.throwIfAborted();
      const kept = await LruMediaStore.get(filehash);
      if (kept !== null) {
        return kept;
      }
      downloadQpl.addPoint('download_and_decrypt_start');
      if (!mediaKey || !encFilehash) {
        throw new MediaDecryptionError(`decryptMedia: missing ${mediaKey ? 'encFilehash' : 'key'} for type ${type}`);
      }
      const { bytes, opensWith } = await download(asked);
      if (hex(await digest(new TextEncoder().encode(mediaKey))) !== opensWith) {
        throw new MediaDecryptionError('decryptMedia: the key does not open it');
      }
      if (encodeB64(await digest(bytes)) !== filehash) {
        throw new MediaDecryptionError('decryptMedia: plaintext hash mismatch');
      }
      downloadQpl.addPoint('download_and_decrypt_end', { int: { byteLength: bytes.byteLength } });
      await LruMediaStore.put(filehash, bytes);
      return bytes;
    },

    /* Ask the phone to upload them again, and wait for as long as it is silent. Rejects with MediaNotOnPhone. */
    rmr({ mediaObject, signal }) {
      mediaObject.consolidate({ downloadStage: 'REUPLOADING' });
      return require('SimDownloads').askPhone(mediaObject, signal);
    },
  };
});

__d('SimDownloads', (require, exports) => {
  const { wire } = require('SimWire');
  const { downloadManager } = require('WAWebDownloadManager');
  const { InMemoryMediaBlobCache } = require('WAWebMediaInMemoryBlobCache');
  const { MediaNotFoundError } = require('WAWebMmsClientErrors');
  const { MediaNotOnPhone } = require('WAWebDownloadManagerErrors');

  const unmeasured = { addAnnotations() {}, addPoint() {} };
  const waiting = new Map();

  const settle = (key, how) => {
    const asked = waiting.get(key) ?? [];
    waiting.delete(key);
    asked.forEach(how);
  };
  exports.uploadedAgain = (key) => settle(key, ({ resolve }) => resolve());
  exports.notOnPhone = (key) => settle(key, ({ reject }) => reject(new MediaNotOnPhone()));

  exports.askPhone = ({ msgs }, signal) =>
    new Promise((resolve, reject) => {
      const key = String(msgs[0].id);
      waiting.set(key, [...(waiting.get(key) ?? []), { resolve, reject }]);
      signal?.addEventListener('abort', () => reject(signal.reason));
      wire.tell('media_retry', { key });
    });

  const fetchBytes = ({ directPath, encFilehash, filehash, mediaKey, mediaKeyTimestamp, type, mimetype }) =>
    downloadManager.downloadAndMaybeDecrypt({
      directPath, encFilehash, filehash, mediaKey, mediaKeyTimestamp, type, mimetype, downloadQpl: unmeasured,
    });

  /* Download, and where the servers have it no longer ask the phone once; what became of it shows in the stage alone. */
  async function download(message) {
    const object = message.mediaObject;
    object.consolidate({ downloadStage: 'FETCHING' });
    try {
      const bytes = await fetchBytes(message).catch(async (error) => {
        if (!(error instanceof MediaNotFoundError)) {
          throw error;
        }
        await downloadManager.rmr({ mediaObject: object });
        return fetchBytes(message);
      });
      InMemoryMediaBlobCache.put(object.filehash, new Blob([bytes], { type: message.mimetype }));
      object.consolidate({ downloadStage: 'RESOLVED' });
    } catch (error) {
      object.consolidate({ downloadStage: error instanceof MediaNotOnPhone ? 'ERROR_MISSING' : 'NEED_POKE' });
    }
  }

  /* Downloads of the same bytes are one. */
  exports.downloadOf = (message) => {
    const object = message.mediaObject;
    if (object === undefined) {
      return Promise.resolve();
    }
    object.downloadPromise ??= download(message).finally(() => {
      object.downloadPromise = null;
    });
    return object.downloadPromise;
  };
});
