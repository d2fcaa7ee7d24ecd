'use strict';

/* The page moves the chats it has to their other id, and the messages in them to other keys. */
__d('SimLidMigration', (require, exports) => {
  const { store } = require('SimStore');
  const { lidPnCache } = require('WAWebLidPnCache');
  const { ChatCollection } = require('WAWebChatCollection');

  exports.migrate = async () => {
    for (const chat of ChatCollection.filter(({ id }) => !id.isLid() && lidPnCache.getCurrentLid(id) !== null)) {
      const lid = lidPnCache.getCurrentLid(chat.id);
      await moveMessages(String(chat.id), lid);
      await store.remove('chats', String(chat.id));
      ChatCollection.replaceId(chat.id, lid);
      chat.id = lid;
      await require('SimChats').save(chat);
    }
  };

  async function moveMessages(remote, lid) {
    const { messageTable } = require('SimMessageTable');
    const { MsgCollection } = require('WAWebMsgCollection');
    const { getAlternateMsgKey } = require('WAWebLidMigrationUtils');
    const MsgKey = require('WAWebMsgKey').default;
    for (const row of (await messageTable.rows()).filter((one) => one.remote === remote)) {
      const oldKey = MsgKey.fromString(row.id);
      const newKey = getAlternateMsgKey(oldKey);
      await messageTable.rekey(row.id, (old) => ({ ...old, id: String(newKey), remote: String(lid) }));
      const message = MsgCollection.get(oldKey);
      if (message !== undefined) {
        MsgCollection.replaceId(oldKey, newKey);
        ChatCollection.get(remote)?.msgs.replaceId(oldKey, newKey);
        message.id = newKey;
      }
    }
  }
});
