'use strict';

/*
 * What carries an edit or a deletion to the server is a row of its own, under the change's key, stored before it is sent:
 * its ack says what became of it.
 */
__d('SimOrders', (require, exports) => {
  const { messageTable } = require('SimMessageTable');

  const SUBTYPES = { edit: 'message_edit', revoke: 'sender_revoke' };

  /* Send one (`kind`: edit, revoke), and resolve with the server's answer; `refused` is there where it has none. */
  exports.send = async (kind, message, key, text = '') => {
    const row = {
      id: String(key), type: 'protocol', subtype: SUBTYPES[kind], protocolMessageKey: String(message.id),
      t: Math.floor(Date.now() / 1000), ack: 0,
    };
    await messageTable.add(row).catch(() => undefined); // it is sent again
    const answer = await require('SimOutbox').change(kind, message, key.id, text).catch(() => ({ refused: 'throw' }));
    await messageTable.update(row.id, (old) => ({ ...old, ack: answer.refused === undefined ? 1 : -1 }));
    return answer;
  };
});
