/**
 * Deletions for everyone, of ours. What orders one is stored before it is sent; that the message is deleted says its own
 * row, which gets another key once the server has the order.
 *
 * @import { SeenDeletion } from '../types'
 */

/** The row of a message that was deleted for everyone; null: it was not. @param {string} key */
const deletedRow = async (key) => (await rowsBy(key, 'protocolMessageKey')).find(({ type }) => type === REVOKED) ?? null;

/** @param {{key: string}} asked @returns {Promise<RevokeFacts>} */
const deleteMessage = async ({ key }) => {
  const deleted = await deletedRow(key);
  if (deleted !== null) {
    return revokedOf(deleted);
  }
  const message = await messageToActOn(key);
  const own = message.id.toString();
  const { messageSendResult: result } = await known('WAWebRevokeMsgAction.sendRevoke')(
    { type: 'message', data: message }, known('WAWebCmd.Revoke').Sender, true,
  );
  if (result !== 'OK') {
    throw new BridgeError('REFUSED_BY_WHATSAPP');
  }
  const row = await deletedRow(own);
  return row === null ? { key: own, change_id: '', at_ms: Date.now() } : revokedOf(row);
};

/** @param {{key: string}} asked @returns {Promise<SeenDeletion>} */
const lookUpDeletion = async ({ key }) => {
  const about = await rowsBy(key, 'protocolMessageKey');
  const deleted = about.find(({ type }) => type === REVOKED);
  if (deleted !== undefined) {
    return { ...NOTHING_SEEN, took_place: true, change: revokedOf(deleted) };
  }
  const order = about.filter(({ subtype }) => subtype === 'sender_revoke').at(-1);
  if (order === undefined) {
    return { ...NOTHING_SEEN, absent: true, change: null };
  }
  return { ...seenByAck(order.ack), change: { key, change_id: keyText(order.id), at_ms: asMs(order.t) } };
};
