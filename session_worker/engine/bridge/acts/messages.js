/** Messages that something is to be done to, wherever they stand: loaded chat or not, under either address of it. */

/** Both forms of a key: rows may name the chat by number or by LID. @param {string} key @returns {string[]} */
const bothForms = (key) => {
  const [fromMe, chat = '', ...rest] = key.split('_');
  if (chat.endsWith('@g.us')) {
    return [key];
  }
  const wid = known('WidFactory').createWid(chat);
  const cache = known('lidPnCache');
  const other = wid.isLid() ? cache.getPhoneNumber(wid) : cache.getCurrentLid(wid);
  return other ? [key, [fromMe, String(other), ...rest].join('_')] : [key];
};

/** @param {string} key @returns {Promise<any>} */
const findMessage = async (key) => {
  const forms = bothForms(key);
  const held = forms.map((form) => known('MsgStore').get(form)).find(Boolean);
  if (held) {
    return held;
  }
  const { messages } = await known('MsgStore').getMessagesById(forms);
  return messages.find(Boolean) ?? null;
};

/** The message, in a chat that is open on this page. @param {string} key @returns {Promise<any>} */
const messageToActOn = async (key) => {
  const message = await findMessage(key);
  if (message === null) {
    throw new BridgeError('MESSAGE_NOT_FOUND');
  }
  await WPP.chat.find(message.id.remote);
  return message;
};

/**
 * Rows of the page's own database: by their own key, or by the key of the message that they were about.
 * @param {string} key @param {'id' | 'protocolMessageKey'} by @returns {Promise<any[]>}
 */
const rowsBy = async (key, by) => {
  const database = await openDatabase();
  try {
    const rows = database.transaction('message').objectStore('message');
    if (by === 'id') {
      return (await Promise.all(bothForms(key).map((form) => settled(rows.get(form))))).filter(Boolean);
    }
    if (!rows.indexNames.contains(by)) {
      return [];
    }
    return (await Promise.all(bothForms(key).map((form) => settled(rows.index(by).getAll(form))))).flat();
  } finally {
    database.close();
  }
};

/** What the page shows of an act; where none is true it does not say. */
const NOTHING_SEEN = Object.freeze({ took_place: false, refused: false, absent: false });

/** By what the server said of what carried it. @param {number | undefined} ack */
const seenByAck = (ack) => ({ ...NOTHING_SEEN, took_place: (ack ?? 0) > 0, refused: (ack ?? 0) < 0 });
