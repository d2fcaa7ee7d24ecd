'use strict';

/*
 * Delete for everyone: the message goes on under the deletion's own id, without its text. Delete on this device alone: its
 * row is gone, and the row's number with it.
 */
__d('SimDeleting', (require, exports) => {
  const { messageTable } = require('SimMessageTable');
  const { MsgCollection } = require('WAWebMsgCollection');
  const { ChatCollection } = require('WAWebChatCollection');
  const { getAlternateMsgKey } = require('WAWebLidMigrationUtils');
  const MsgKey = require('WAWebMsgKey').default;

  exports.start = () => {
    require('WAWebCmd').Cmd.on('send_delete_msgs', async (chat, { list }) => {
      for (const message of list) {
        chat.msgs.remove(message.id);
        MsgCollection.remove(message.id);
        await messageTable.delete(String(message.id));
      }
    });
  };

  /* The owner deleted a message on the phone. It may stand here under the chat's other id. */
  exports.revoked = async (item) => {
    const told = MsgKey.fromString(item.revoked_key);
    const keys = [told, getAlternateMsgKey(told)].filter(Boolean);
    const found = await messageTable.find(keys.map(String));
    const index = found.findIndex(Boolean);
    if (index < 0) {
      const [known] = await messageTable.find([item.key]);
      await (known ?? messageTable.add(require('SimRows').rowOfItem(item)));
      return;
    }
    const oldKey = keys[index];
    const newKey = new MsgKey({ fromMe: oldKey.fromMe, remote: oldKey.remote, id: item.id });
    await messageTable.rekey(String(oldKey), ({ msgRowOpaqueData, isSendFailure, errorCode, ...row }) => ({
      ...row,
      id: String(newKey),
      type: 'revoked',
      subtype: 'sender',
      protocolMessageKey: String(oldKey),
    }));
    const message = MsgCollection.get(oldKey);
    if (message !== undefined) {
      showRevoked(message, oldKey, newKey);
    }
  };

  function showRevoked(message, oldKey, newKey) {
    const chat = ChatCollection.get(oldKey.remote);
    MsgCollection.replaceId(oldKey, newKey);
    chat?.msgs.replaceId(oldKey, newKey);
    message.set({
      id: newKey, type: 'revoked', subtype: 'sender', protocolMessageKey: oldKey, body: undefined, isSendFailure: false,
      errorCode: undefined,
    });
    message.trigger('change:msgKey', { newKey, oldKey });
    MsgCollection.trigger('change:msgKey', { newKey, oldKey });
    if (chat && oldKey.equals(chat.lastReceivedKey)) {
      chat.lastReceivedKey = newKey;
    }
  }
});
