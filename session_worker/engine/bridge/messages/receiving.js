/**
 * What comes in: told by events, which are fast and tell not everything, and read from the page's own database.
 *
 * @import { InboundText, PlaceholderPage, RowPage } from '../types'
 */
const ROWS_WAIT_MS = 8_000;
const HYDRATE_WAIT_MS = 8_000;
const ASK_PHONE_WAIT_MS = 5_000;
const PLACEHOLDER = 'ciphertext';

/** Digits, or the LID where WhatsApp knows no number. @param {WhatsApp.Wid} wid */
const senderOf = async (wid) => {
  if (!wid.isLid()) {
    return wid.user;
  }
  const known = whatsapp.lidPnCache.getPhoneNumber(wid);
  if (known) {
    return known.user;
  }
  const entry = await WPP.contact.getPnLidEntry(wid).catch(() => null);
  return entry?.phoneNumber?.id ?? `${wid.user}@lid`;
};

/** @param {WhatsApp.MsgModel} message @returns {Promise<InboundText>} */
const textOf = async (message) => ({
  key: message.id.toString(),
  sender: await senderOf(message.id.remote),
  text: message.body ?? '',
  at_ms: message.t ? message.t * 1000 : Date.now(),
});

/** From a person to this phone, by the key alone: `false_<chat>_<id>`. @param {string} key */
const isFromPerson = (key) => /^false_[^_]+@(c\.us|lid)_/.test(key);

/** @param {WhatsApp.MsgModel} message */
const isText = (message) => message.type === 'chat' && Boolean(message.body);

WPP.on('chat.new_message', async (message) => {
  if (!isFromPerson(message.id.toString())) {
    return;
  }
  if (message.type === PLACEHOLDER) {
    tell({ kind: 'rows', cause: 'placeholder' });
  } else if (isText(message)) {
    tell({ kind: 'inbound', ...(await textOf(message)) });
  }
});

WPP.on('conn.main_ready', () => tell({ kind: 'rows', cause: 'main_ready' }));
WPP.on('conn.backend_event', (name) => {
  if (name === 'offline_delivery_end') {
    tell({ kind: 'rows', cause: 'offline_delivery_end' });
  }
});

/** Messages with their contents, by key. @param {string[]} keys @returns {Promise<Map<string, WhatsApp.MsgModel>>} */
const hydrated = async (keys) => {
  if (keys.length === 0) {
    return new Map();
  }
  const { messages } = await within(whatsapp.MsgStore.getMessagesById(keys), HYDRATE_WAIT_MS);
  return new Map(messages.map((/** @type {WhatsApp.MsgModel} */ message) => [message.id.toString(), message]));
};

/** A row's key as text, whichever way the database has it. @param {{id: string | {_serialized: string}}} row */
const keyOf = ({ id }) => (typeof id === 'string' ? id : id._serialized);

/** @param {{after_row_id: number, limit: number, since_ms: number}} asked @returns {Promise<RowPage>} */
const readRows = async ({ after_row_id: after, limit, since_ms: since }) => {
  await assertDatabase();
  const rows = await within(WPP.indexdb.getMessagesFromRowId({ minRowId: after, limit }), ROWS_WAIT_MS);
  const wanted = rows.filter(({ type, t }) => (type === 'chat' || type === PLACEHOLDER) && (t ?? 0) * 1000 >= since);
  const ofPersons = wanted.filter((row) => isFromPerson(keyOf(row)));
  const messages = await hydrated(ofPersons.filter((row) => row.type === 'chat').map(keyOf));
  /** @type {RowPage} */
  const page = {
    rows: rows.length,
    last_row_id: rows.at(-1)?.rowId ?? after,
    more: rows.length === limit,
    texts: [],
    placeholders: [],
  };
  for (const row of ofPersons) {
    const key = keyOf(row);
    const message = messages.get(key);
    if (message && isText(message)) {
      page.texts.push({ row_id: row.rowId, ...(await textOf(message)) });
    } else {
      // also a text whose content the page did not give: it is looked at again
      page.placeholders.push({ row_id: row.rowId, key, at_ms: (row.t ?? 0) * 1000 });
    }
  }
  return page;
};

/** Keys for which this page asked the phone; it takes each only once. */
const asked = new Set();

/**
 * The page itself asks for them only when a person looks at their chat.
 * @param {WhatsApp.MsgModel[]} messages @returns {Promise<string>} why it could not, or nothing
 */
const askPhone = async (messages) => {
  const fresh = messages.filter(({ id }) => !asked.has(id.toString()));
  if (fresh.length === 0) {
    return '';
  }
  try {
    const handlePlaceholderMsgsSeen = known('PlaceholderMessageResendUtils.handlePlaceholderMsgsSeen');
    await within(Promise.resolve(handlePlaceholderMsgsSeen(fresh, true)), ASK_PHONE_WAIT_MS);
    fresh.forEach(({ id }) => asked.add(id.toString()));
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** @param {string[]} keys @returns {Promise<PlaceholderPage>} */
const readPlaceholders = async (keys) => {
  await assertDatabase();
  const messages = await hydrated(keys);
  const found = [...messages.values()];
  const texts = await Promise.all(found.filter(isText).map(textOf));
  const empty = found.filter(({ type }) => type === PLACEHOLDER);
  const open = found.filter((message) => message.type === PLACEHOLDER || (message.type === 'chat' && !message.body));
  return {
    texts,
    open: open.map(({ id }) => id.toString()),
    missing: keys.filter((key) => !messages.has(key)),
    not_asked: await askPhone(empty),
  };
};
