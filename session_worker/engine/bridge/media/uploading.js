/**
 * Media that we send: a file comes in slices, the page prepares and uploads it, and what the upload gave is all that a
 * message needs of it. No chat and no message is touched: a page that dies here leaves nothing behind.
 *
 * @import { UploadBegun, UploadFinished, Uploaded } from '../types'
 */

/** Files on their way into the page or from it, by the caller's token. */
/** @type {Map<string, {parts: Blob[]}>} */
const openUploads = new Map();

/** What is asked of WhatsApp's own preparation, per type of ours. @type {Record<string, object>} */
const PREPARATIONS = {
  image: { maxDimension: 1600 },
  video: {},
  audio: {},
  voice: { isPtt: true },
  document: { asDocument: true },
  sticker: { asSticker: true },
};

/** WhatsApp's own name of each type, as limits and uploads are asked for. @type {Record<string, string>} */
const WA_TYPES = { image: 'image', video: 'video', audio: 'audio', voice: 'ptt', document: 'document', sticker: 'sticker' };

/** What WhatsApp's preparation found out of the file, by the name that a message has for it. @type {Record<string, string>} */
const PREPARED_FIELDS = {
  type: 'type', mimetype: 'mimetype', filehash: 'filehash', size: 'size', preview: 'preview', width: 'fullWidth',
  height: 'fullHeight', duration: 'duration', isGif: 'isGif', isAnimated: 'isAnimated', gifAttribution: 'gifAttribution',
  pageCount: 'pageCount', firstFrameLength: 'firstFrameLength',
};
/** What the upload adds to it. @type {Record<string, string>} */
const UPLOADED_FIELDS = {
  clientUrl: 'mmsUrl', deprecatedMms3Url: 'deprecatedMms3Url', directPath: 'directPath', mediaKey: 'mediaKey',
  mediaKeyTimestamp: 'mediaKeyTimestamp', encFilehash: 'encFilehash', uploadhash: 'uploadHash',
  streamingSidecar: 'sidecar', firstFrameSidecar: 'firstFrameSidecar',
};

/** @param {string} message @returns {never} */
const refuseMedia = (message) => {
  throw new BridgeError('MEDIA_REFUSED', message);
};

/** Bytes that WhatsApp takes of a type, as far as its page says. @param {string} type */
const limitOf = (type) => {
  try {
    return known('MediaGatingUtils.getUploadLimit')(WA_TYPES[type] ?? type);
  } catch {
    return Infinity; // its server has one too
  }
};

/** Makes room for a file, unless WhatsApp takes none of its size. @param {UploadBegun} asked */
const beginUpload = async ({ token, type, size }) => {
  if (size <= 0) {
    refuseMedia('the file is empty');
  }
  const limit = limitOf(type);
  if (size > limit) {
    refuseMedia(`more than ${Math.floor(limit / 1024)} KiB`);
  }
  openUploads.set(token, { parts: [] });
  return null;
};

/** @param {{token: string, part: string}} asked part: base64 */
const addToUpload = ({ token, part }) => {
  const entry = openUploads.get(token);
  if (!entry) {
    throw new BridgeError('MEDIA_UPLOAD_FAILED', 'the file is no longer on its way');
  }
  // In blobs, which the browser keeps outside the page's own memory.
  entry.parts.push(new Blob([bytesOf(part)]));
  return null;
};

/**
 * Has WhatsApp's page look at the file as this type: pictures are scaled, stickers made, durations measured.
 * @param {File} file @param {string} type @param {{waveform: Uint8Array} | undefined} sound @returns {Promise<any>}
 */
const prepareMedia = async (file, type, sound) => {
  const opaque = await known('OpaqueData').createFromData(file, file.type);
  const asked = /** @type {any} */ ({ ...PREPARATIONS[type], ...(sound ? { precomputedFields: sound } : {}) });
  const media = known('MediaPrep');
  try {
    const prepared = /** @type {any} */ (await media.prepRawMedia(opaque, asked).waitForPrep());
    if (prepared?.filehash && prepared.type === WA_TYPES[type]) {
      return prepared;
    }
    return refuseMedia(`the page takes it as ${String(prepared?.type)}`);
  } catch (error) {
    throw error instanceof BridgeError ? error : new BridgeError('MEDIA_REFUSED', wordsOf(error));
  }
};

/** @param {unknown} error */
const wordsOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * Bytes stand in the page's own cache while they are uploaded, from where its function takes them.
 * @param {any} prepared WhatsApp's MediaData @returns {Promise<any>} its entry of the upload
 */
const uploadPrepared = async (prepared) => {
  const OpaqueData = known('OpaqueData');
  if (!(prepared.mediaBlob instanceof OpaqueData)) {
    prepared.mediaBlob = await OpaqueData.createFromData(prepared.mediaBlob, prepared.mediaBlob.type);
  }
  const mediaObject = /** @type {any} */ (known('MediaObjectUtil').getOrCreateMediaObject(prepared.filehash));
  mediaObject.consolidate(prepared.toJSON());
  known('MediaBlobCache').put(prepared.filehash, prepared.mediaBlob.formData());
  const asked = { mimetype: prepared.mimetype, mediaObject, mediaType: prepared.isGif ? 'gif' : prepared.type };
  const uploading = Promise.resolve(known('functions.uploadMedia')(/** @type {any} */ (asked)));
  prepared.mediaBlob.autoreleaseWhenPromiseCompletes(uploading);
  const uploaded = /** @type {any} */ (await uploading);
  return uploaded?.mediaEntry;
};

/** Those of some fields that have a value, bytes as `{bytes: base64}`. @param {any} values @param {Record<string, string>} names */
const portableFields = (values, names) => {
  const found = Object.entries(names)
    .map(([name, theirs]) => [name, values[theirs]])
    .filter(([, value]) => value !== undefined && value !== null && value !== false);
  return Object.fromEntries(found.map(([name, value]) => [name, portableBytes(value)]));
};

/** @param {any} value */
const portableBytes = (value) => {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    const bytes = ArrayBuffer.isView(value) ? value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength) : value;
    return { bytes: base64(/** @type {ArrayBuffer} */ (bytes)) };
  }
  return value;
};

/**
 * Uploads the file that came in slices. WhatsApp's function may never answer; what it does later is nobody's any more.
 * @param {UploadFinished} asked @returns {Promise<Uploaded>}
 */
const finishUpload = async ({ token, type, mime_type: mimeType, timeout_ms: timeoutMs }) => {
  const entry = openUploads.get(token);
  if (!entry) {
    throw new BridgeError('MEDIA_UPLOAD_FAILED', 'the file is no longer on its way');
  }
  const file = new File(entry.parts, 'file', { type: mimeType });
  entry.parts = [];
  const work = async () => {
    const sound = type === 'voice' ? await waveformOf(file) : undefined;
    const prepared = await prepareMedia(file, type, sound);
    if (!openUploads.has(token)) {
      throw new BridgeError('MEDIA_UPLOAD_FAILED', 'it was given up');
    }
    try {
      const told = await uploadPrepared(prepared);
      if (!told?.directPath || !told.mediaKey) {
        throw new BridgeError('MEDIA_UPLOAD_FAILED', 'the upload gave no address');
      }
      const heard = sound ? { duration: sound.duration, waveform: portableBytes(sound.waveform) } : {};
      return { ...portableFields(prepared, PREPARED_FIELDS), ...heard, ...portableFields(told, UPLOADED_FIELDS) };
    } catch (error) {
      if (codeOf(error) === 'WHATSAPP_CHANGED') {
        throw error;
      }
      throw new BridgeError('MEDIA_UPLOAD_FAILED', wordsOf(error));
    }
  };
  try {
    return await within(work(), timeoutMs);
  } catch (error) {
    throw codeOf(error) === 'TIMEOUT' ? new BridgeError('MEDIA_UPLOAD_FAILED', 'no answer in time') : error;
  }
};

/** Frees the file. @param {string} token */
const endUpload = (token) => {
  openUploads.delete(token);
};
