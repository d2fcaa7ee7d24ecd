/**
 * Edits of ours. The page shows the new text, and names the edit in the message, before the server has it: neither says
 * that it took place. What carries the edit is a row of its own under the edit's key; its ack says so.
 *
 * @import { SeenEdit } from '../types'
 */

/** Keys of edits that this page is sending: they are told once the server has them. @type {Set<string>} */
const editing = new Set();

/** @param {any} message @param {string} editId @returns {string} */
const editKeyOf = ({ id }, editId) =>
  ['true', id.remote.toString(), editId, ...(id.participant ? [id.participant.toString()] : [])].join('_');

/** @param {{key: string, text: string, edit_id: string}} asked @returns {Promise<EditFacts>} */
const editMessage = async ({ key, text, edit_id: editId }) => {
  const message = await messageToActOn(key);
  const editKey = editKeyOf(message, editId);
  if (!known('functions.canEditMsg')(message) && !known('functions.canEditCaption')(message)) {
    throw new BridgeError('NOT_EDITABLE');
  }
  const chat = await WPP.chat.find(message.id.remote);
  const prepared = await WPP.chat.prepareRawMessage(
    chat,
    /** @type {any} */ ({
      type: 'protocol',
      subtype: 'message_edit',
      protocolMessageKey: message.id,
      editMsgType: message.type,
      body: text,
      caption: text,
    }),
    { messageId: editKey, detectMentioned: false },
  );
  const raw = { ...prepared, latestEditMsgKey: prepared.id, latestEditSenderTimestampMs: Date.now() };
  editing.add(editKey);
  try {
    // Resolves once the server answered, whatever it said.
    await known('functions.addAndSendMessageEdit')(message, raw);
  } finally {
    editing.delete(editKey);
  }
  if (message.isSendFailure === true) {
    throw new BridgeError('REFUSED_BY_WHATSAPP');
  }
  return { ...editOf(message), text, change_id: editKey };
};

/** @param {{key: string, text: string, edit_id: string}} asked @returns {Promise<SeenEdit>} */
const lookUpEdit = async ({ key, text, edit_id: editId }) => {
  const message = await findMessage(key);
  if (message === null) {
    return { ...NOTHING_SEEN, change: null };
  }
  const editKey = editKeyOf(message, editId);
  const [row] = await rowsBy(editKey, 'id');
  if (row === undefined) {
    return { ...NOTHING_SEEN, absent: keyText(message.latestEditMsgKey) !== editKey, change: null };
  }
  return { ...seenByAck(row.ack), change: { ...editOf(message), text, change_id: editKey } };
};

/**
 * Of messages of ours: the keys of their latest edits that the server does not have. One that the owner made on the phone
 * has no row of its own here, or an acknowledged one.
 * @param {any[]} messages @returns {Promise<Set<string>>}
 */
const unsentEdits = async (messages) => {
  const keys = messages.filter(({ id }) => id.fromMe).map(({ latestEditMsgKey }) => keyText(latestEditMsgKey));
  const rows = (await Promise.all(keys.map((key) => rowsBy(key, 'id')))).flat();
  return new Set([...editing, ...rows.filter(({ ack }) => (ack ?? 0) < 1).map(({ id }) => keyText(id))]);
};
