/**
 * What a message of a conversation is, in WhatsApp's own words: the adapter says what they mean.
 *
 * @import { MessageFacts } from '../types'
 */

/** WhatsApp's own notes in a chat, and what is read where it belongs (`changes.js`). Nobody wrote these to anybody. */
const NOTES = new Set([
  'protocol', 'e2e_notification', 'notification', 'notification_template', 'broadcast_notification', 'gp2', 'debug',
  'pinned_message', 'reaction', 'poll_update',
]);

const PLACEHOLDER = 'ciphertext';
const REVOKED = 'revoked';

/** Their `body` is a small picture. */
const WITH_PICTURE = new Set(['image', 'video', 'ptv', 'audio', 'ptt', 'document', 'sticker', 'location']);

/** What the types have besides a text, as WhatsApp names it. */
const FIELDS = /** @type {const} */ ([
  'mimetype', 'size', 'filename', 'duration', 'directPath', 'mediaKey', 'mediaKeyTimestamp', 'filehash', 'encFilehash',
  'isGif', 'lat', 'lng', 'loc', 'clientUrl', 'vcardFormattedName', 'vcardList', 'pollName', 'pollOptions',
  'pollSelectableOptionsCount', 'selectedButtonId', 'selectedId', 'listResponse', 'callOutcome', 'callDuration',
  'isVideoCall', 'isGroupCall', 'ctwaContext',
]);

/** With a person or in a group, by the key alone: `<from me>_<chat>_<id>`, and `_<author>` in a group. @param {string} key */
const isOfConversation = (key) => /^(true|false)_[^_]+@(c\.us|lid|g\.us)_/.test(key);

/** @param {string} key */
const chatOf = (key) => key.split('_')[1] ?? '';

/** @param {unknown} wid a text or an object of WhatsApp's @returns {WhatsApp.Wid | null} */
const asWid = (wid) => {
  if (!wid) {
    return null;
  }
  return typeof wid === 'string' ? known('WidFactory').createWid(wid) : /** @type {WhatsApp.Wid} */ (wid);
};

/** Digits, or the LID where WhatsApp knows no number. @param {unknown} given */
const personOf = async (given) => {
  const wid = asWid(given);
  if (wid === null) {
    return '';
  }
  if (!wid.isLid()) {
    return wid.user;
  }
  const cached = known('lidPnCache').getPhoneNumber(wid);
  if (cached) {
    return cached.user;
  }
  const entry = await WPP.contact.getPnLidEntry(wid).catch(() => null);
  return entry?.phoneNumber?.id ?? `${wid.user}@lid`;
};

/** The linked phone's own ids, by number and by LID. */
const ownWids = () => {
  const lid = /** @type {any} */ (known('UserPrefs')).getMaybeMeLidUser?.();
  return [WPP.conn.getMyUserId(), lid].filter(Boolean).map(String);
};

/** @param {unknown} wid */
const isOwn = (wid) => Boolean(wid) && ownWids().includes(String(wid));

const ownNumber = () => WPP.conn.getMyUserId()?.user ?? '';

/** Bytes as text, anything else as it is. @param {string} _ @param {unknown} value */
const withoutBytes = (_, value) => {
  if (value instanceof Uint8Array) {
    return base64(new Uint8Array(value).buffer);
  }
  return value instanceof ArrayBuffer ? base64(value) : value;
};

/** As JSON has it. @param {unknown} value */
const portable = (value) => JSON.parse(JSON.stringify(value, withoutBytes) ?? 'null');

/** Milliseconds; WhatsApp gives some of its times in seconds. @param {unknown} time */
const asMs = (time) => {
  const found = Number(time);
  if (!(found > 0)) {
    return Date.now();
  }
  return Math.round(found < 100_000_000_000 ? found * 1000 : found);
};

/** The key of what a message answers. @param {any} message */
const quotedKeyOf = (message) => {
  if (!message.quotedStanzaID) {
    return '';
  }
  const remote = asWid(message.quotedRemoteJid ?? message.id.remote);
  const participant = asWid(message.quotedParticipant);
  const MsgKey = known('MsgKey');
  const parts = { id: message.quotedStanzaID, fromMe: isOwn(participant), remote };
  return new MsgKey(/** @type {any} */ (remote?.isGroup() ? { ...parts, participant } : parts)).toString();
};

/** The text as people read it. @param {any} message @returns {string} */
const textOf = ({ type, body, caption }) => (WITH_PICTURE.has(type) ? caption : caption || body) || '';

/** Who wrote it, where that is not the phone's own account. @param {any} message */
const writerOf = ({ id, author }) => asWid(id.remote.isGroup() ? (author ?? id.participant) : id.remote);

/**
 * What the writer calls himself: an event says it with the message, a row leaves it to the contact.
 * @param {any} message
 */
const pushNameOf = (message) => {
  const writer = message.id.fromMe ? null : writerOf(message);
  return String(message.notifyName || (writer && known('ContactStore').get(writer)?.pushname) || '');
};

/** As the page knows it by itself: nobody is asked. @param {string} chat */
const groupNameOf = (chat) =>
  chat.endsWith('@g.us') ? String(/** @type {any} */ (known('ChatStore').get(chat))?.name ?? '') : '';

/**
 * @param {any} message
 * @returns {Promise<MessageFacts>} only what its key says where the page can't tell more of it
 */
const factsOf = async (message) => {
  const key = message.id.toString();
  /** @type {MessageFacts} */
  const facts = {
    key,
    chat: chatOf(key),
    from_me: message.id.fromMe === true,
    type: String(message.type),
    subtype: String(message.subtype ?? ''),
    at_ms: asMs(message.t),
    sender: '',
    push_name: '',
    chat_name: '',
    text: '',
    reply_to: '',
    fields: {},
  };
  const parts = {
    sender: () => (facts.from_me ? ownNumber() : personOf(writerOf(message))),
    push_name: () => pushNameOf(message),
    chat_name: () => groupNameOf(facts.chat),
    text: () => String(textOf(message)),
    reply_to: () => quotedKeyOf(message),
    fields: () => portable(Object.fromEntries(FIELDS.map((name) => [name, message[name]]))),
  };
  for (const [name, find] of Object.entries(parts)) {
    try {
      Object.assign(facts, { [name]: await find() });
    } catch (error) {
      console.error(`a message's ${name} was not read`, error);
    }
  }
  return { ...facts, sender: facts.sender || (facts.from_me ? ownNumber() : facts.chat.replace(/@c\.us$/, '')) };
};
