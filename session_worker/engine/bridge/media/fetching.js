/**
 * Bytes of received messages: the page downloads and decrypts them, keeps them until they were read slice by slice, and
 * frees them. They are found by stored fields alone, without chat or message; the message is looked at only where
 * WhatsApp's servers no longer have them.
 *
 * @import { MediaAsked, StoredSource } from '../types'
 */
const MEDIA_PHONE_WAIT_MS = 10_000;
const MEDIA_MESSAGE_WAIT_MS = 8_000;
/** What WhatsApp measures of a download; nobody here reads it. */
const UNMEASURED = { addAnnotations: () => UNMEASURED, addPoint: () => UNMEASURED };

/** Downloads under way and bytes that wait to be read, by the caller's token. */
/** @type {Map<string, {stop: AbortController, bytes: ArrayBuffer | null}>} */
const openMedia = new Map();
/** What the phone was asked to send again and did not yet, by the message's key. @type {Map<string, Promise<unknown>>} */
const phoneAsked = new Map();

/** @param {any} error of the page's: its servers answer 404 or 410 for what they no longer keep */
const isGone = (error) => error?.status === 404 || error?.status === 410 || codeOf(error) === 'media_not_found';

/** @param {StoredSource} source @param {AbortSignal} signal @returns {Promise<ArrayBuffer>} */
const download = (source, signal) =>
  known('WAWebDownloadManager.downloadManager').downloadAndMaybeDecrypt({
    directPath: source.direct_path,
    encFilehash: source.enc_filehash,
    filehash: source.filehash,
    mediaKey: source.media_key,
    mediaKeyTimestamp: source.media_key_timestamp,
    type: source.wa_type,
    signal,
    downloadQpl: UNMEASURED,
  });

/** The message, as the page's database has it; chats need not be loaded. @param {string} key */
const messageOf = async (key) => {
  const { messages } = await within(known('MsgStore').getMessagesById([key]), MEDIA_MESSAGE_WAIT_MS);
  return /** @type {any} */ (messages[0] ?? null);
};

/** Where the message says that the bytes are now. @param {StoredSource} source @param {any} message @returns {StoredSource} */
const sourceNow = (source, message) => ({
  ...source,
  direct_path: message?.directPath ?? source.direct_path,
  media_key: message?.mediaKey ?? source.media_key,
  media_key_timestamp: message?.mediaKeyTimestamp ?? source.media_key_timestamp,
  enc_filehash: message?.encFilehash ?? source.enc_filehash,
  filehash: message?.filehash ?? source.filehash,
});

/**
 * Has the page ask the phone to send the bytes again, and waits a little: a phone that is off is silent for ever.
 * @param {string} key @param {any} message @returns {Promise<boolean>} whether it answered
 */
const askPhoneForMedia = async (key, message) => {
  const asking =
    phoneAsked.get(key) ??
    Promise.resolve(message.downloadMedia({ downloadEvenIfExpensive: true, rmrReason: 1, isUserInitiated: true }))
      .catch(() => undefined) // what came of it shows in the message
      .then(() => phoneAsked.delete(key));
  phoneAsked.set(key, asking);
  const silence = new Promise((resolve) => setTimeout(() => resolve(false), MEDIA_PHONE_WAIT_MS));
  return Promise.race([asking.then(() => true), /** @type {Promise<boolean>} */ (silence)]);
};

/** @param {string} key @param {StoredSource} stored @param {AbortSignal} signal */
const downloadOrAsk = async (key, stored, signal) => {
  const tried = new Set();
  /** @param {StoredSource} source @returns {Promise<ArrayBuffer | null>} null: they are not there, or were not before */
  const attempt = async (source) => {
    if (!source.direct_path || !source.media_key || tried.has(source.direct_path)) {
      return null;
    }
    tried.add(source.direct_path);
    try {
      return await download(source, signal);
    } catch (error) {
      if (isGone(error)) {
        return null;
      }
      throw error;
    }
  };
  const bytes = await attempt(stored);
  if (bytes) {
    return bytes;
  }
  const message = await messageOf(key);
  const elsewhere = message && (await attempt(sourceNow(stored, message)));
  if (elsewhere) {
    return elsewhere;
  }
  if (message && (await askPhoneForMedia(key, message))) {
    tried.clear();
    const again = await attempt(sourceNow(stored, message));
    if (again) {
      return again;
    }
  }
  throw new BridgeError('MEDIA_EXPIRED', message ? 'the phone was asked' : 'the page does not have the message');
};

/** Downloads, and says how many bytes wait to be read. @param {MediaAsked} asked */
const beginMedia = async ({ token, key, source, max_bytes: maxBytes, timeout_ms: timeoutMs }) => {
  const stop = new AbortController();
  /** @type {{stop: AbortController, bytes: ArrayBuffer | null}} */
  const entry = { stop, bytes: null };
  openMedia.set(token, entry);
  try {
    const bytes = await within(downloadOrAsk(key, source, stop.signal), timeoutMs);
    if (bytes.byteLength > maxBytes) {
      throw new BridgeError('MEDIA_TOO_LARGE');
    }
    entry.bytes = bytes;
    return { size: bytes.byteLength };
  } catch (error) {
    endMedia(token);
    throw error;
  }
};

/** A slice, as base64. @param {{token: string, offset: number, length: number}} asked @returns {Promise<string>} */
const readMedia = ({ token, offset, length }) => {
  const bytes = openMedia.get(token)?.bytes;
  if (!bytes) {
    throw new BridgeError('MEDIA_CLOSED', 'its bytes are not on the page');
  }
  const slice = new Blob([new Uint8Array(bytes, offset, Math.min(length, bytes.byteLength - offset))]);
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(slice);
  });
};

/** Frees the bytes, or stops the download. @param {string} token */
const endMedia = (token) => {
  openMedia.get(token)?.stop.abort();
  openMedia.delete(token);
};
