/**
 * What comes in: told by events, which are fast and tell not everything, and read from the page's own database.
 *
 * @import { PlaceholderPage, RowPage } from '../types'
 */
const ROWS_WAIT_MS = 8_000;
const HYDRATE_WAIT_MS = 8_000;
const ASK_PHONE_WAIT_MS = 5_000;

/**
 * Whether it has a content at all; a text comes without one where the page could not decrypt it yet.
 * @param {any} message
 */
const isReadable = ({ type, body, ctwaContext }) => type !== PLACEHOLDER && !(type === 'chat' && !body && !ctwaContext);

/**
 * Handed over by this page: its acknowledgements are told, not the message. The event comes once.
 * @param {any} message
 */
const isHandedOver = ({ id, local }) => id.fromMe && (handedOver.delete(id.toString()) || local === true);

WPP.on('chat.new_message', async (message) => {
  if (!isOfConversation(message.id.toString()) || NOTES.has(String(message.type)) || isHandedOver(message)) {
    return;
  }
  if (!isReadable(message)) {
    tell({ kind: 'rows', cause: 'placeholder' });
  } else if (message.type !== REVOKED) {
    tell({ kind: 'message', message: await factsOf(message) });
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
  return new Map(
    messages.filter(Boolean).map((/** @type {WhatsApp.MsgModel} */ message) => [message.id.toString(), message]),
  );
};

/** A key as text, whichever way the database has it. @param {any} key @returns {string} */
const keyText = (key) => String(key?._serialized ?? key ?? '');

/**
 * Rows after one, and of them those that belong to a conversation and were written since a time.
 * @param {{after_row_id: number, limit: number, since_ms: number}} asked
 */
const rowsAfter = async ({ after_row_id: after, limit, since_ms: since }) => {
  await assertDatabase();
  /** @type {any[]} */
  const rows = await within(WPP.indexdb.getMessagesFromRowId({ minRowId: after, limit }), ROWS_WAIT_MS);
  const wanted = rows.filter(
    (row) => !NOTES.has(row.type) && asMs(row.t) >= since && isOfConversation(keyText(row.id)),
  );
  return { wanted, span: { rows: rows.length, last_row_id: rows.at(-1)?.rowId ?? after, more: rows.length === limit } };
};

/** @param {{after_row_id: number, limit: number, since_ms: number}} asked @returns {Promise<RowPage>} */
const readRows = async (asked) => {
  const { wanted, span } = await rowsAfter(asked);
  const written = wanted.filter(({ type }) => type !== PLACEHOLDER && type !== REVOKED);
  const messages = await hydrated(written.map(({ id }) => keyText(id)));
  /** @type {RowPage} */
  const page = { ...span, messages: [], revoked: [], placeholders: [] };
  for (const row of wanted) {
    const key = keyText(row.id);
    const message = messages.get(key);
    if (row.type === REVOKED) {
      page.revoked.push(...(row.protocolMessageKey ? [{ row_id: row.rowId, ...revokedOf(row) }] : []));
    } else if (message && isReadable(message)) {
      page.messages.push({ row_id: row.rowId, ...(await factsOf(message)) });
    } else {
      // also one whose content the page did not give: it is looked at again
      page.placeholders.push({ row_id: row.rowId, key, at_ms: asMs(row.t) });
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
  const untold = new Set([...NOTES, REVOKED]);
  const told = found.filter((message) => isReadable(message) && !untold.has(String(message.type)));
  return {
    messages: await Promise.all(told.map(factsOf)),
    open: found.filter((message) => !isReadable(message)).map(({ id }) => id.toString()),
    missing: keys.filter((key) => !messages.has(key)),
    not_asked: await askPhone(found.filter(({ type }) => type === PLACEHOLDER)),
  };
};
