'use strict';

/* Messages: in memory the recent ones, in the table all that this device has seen. */
__d('SimMessages', (require, exports) => {
  const { messageTable } = require('SimMessageTable');
  const { MsgCollection } = require('WAWebMsgCollection');
  const { ChatCollection } = require('WAWebChatCollection');
  const { getAlternateMsgKey } = require('WAWebLidMigrationUtils');
  const MsgKey = require('WAWebMsgKey').default;
  const rows = require('SimRows');

  /* The keys that a message (told by a text) may stand under: the one told, and that with the chat's other id. */
  exports.keysOf = (text) => {
    const key = MsgKey.fromString(text);
    return [key, getAlternateMsgKey(key)].filter(Boolean);
  };

  /* A row as a model; in its chat if that is loaded. */
  exports.materialise = (row) => {
    const values = rows.valuesOf(row);
    return MsgCollection.get(values.id) ?? MsgCollection.keep(ChatCollection.get(values.id.remote), values);
  };

  /* The messages under some keys (texts), from memory or from the table. */
  exports.hydrate = async (keys) => {
    const found = await messageTable.find(keys);
    return found.filter(Boolean).map(exports.materialise);
  };

  /*
   * Take in an own message that is about to be sent: first in memory, then in the table, last in its chat. Rejects with
   * DuplicateMessageError, and leaves what there is as it is, if its key is known.
   */
  exports.addOwn = async (chat, values) => {
    const known = MsgCollection.get(values.id);
    const message = known ?? MsgCollection.keep(undefined, values);
    try {
      await messageTable.add(rows.rowOf(message));
    } catch (error) {
      if (known === undefined) {
        MsgCollection.remove(message.id);
      }
      throw error;
    }
    chat.msgs.add(message);
    require('SimChats').touch(chat, message, 0);
    return message;
  };

  /* Change a message in the table and then in memory. */
  exports.change = async (message, values) => {
    await messageTable.update(String(message.id), (row) => ({ ...row, ...values }));
    message.set(values);
  };

  /* An ack never goes back. The message may stand under the chat's other id. */
  exports.raiseAck = async (text, ack) => {
    const keys = exports.keysOf(text);
    const message = keys.map((one) => MsgCollection.get(one)).find(Boolean);
    if (message !== undefined && ack > message.ack) {
      message.isSendFailure = false;
      message.ack = ack;
    }
    await messageTable.updateFirst(keys.map(String), (row) => {
      if (ack <= row.ack) {
        return row;
      }
      const { isSendFailure, errorCode, ...rest } = row;
      return { ...rest, ack };
    });
  };
});

__d('WAWebHandleChatSimpleReceipt', (require, exports) => {
  exports.handleChatSimpleReceipt = async ({ ack, from, externalIds }) => {
    const MsgKey = require('WAWebMsgKey').default;
    const messages = require('SimMessages');
    const keys = externalIds.map((id) => String(new MsgKey({ fromMe: true, remote: from, id })));
    await Promise.all(keys.map((key) => messages.raiseAck(key, ack)));
  };
});

/* What one member of a group says of a message. The message as a whole has come as far as it has with all of them. */
__d('WAWebHandleGroupSimpleReceipt', (require, exports) => {
  exports.handleGroupSimpleReceipt = async () => undefined;
});
