'use strict';

/* What becomes of messages that this device has: they are written anew, or their bytes lie elsewhere. */
__d('SimEdits', (require, exports) => {
  const { messageTable } = require('SimMessageTable');
  const { MsgCollection } = require('WAWebMsgCollection');
  const rows = require('SimRows');

  const EMPTY = 'ciphertext'; // what the phone sends again comes with all that was done to it since

  /* The row as it is after what the server told of it. */
  const updated = (old, told) => {
    if (old.type === EMPTY) {
      return old;
    }
    const moved = told.directPath ? { directPath: told.directPath } : {};
    if (!told.latestEditMsgKey || told.latestEditMsgKey === old.latestEditMsgKey) {
      return { ...old, ...moved };
    }
    const { latestEditMsgKey, latestEditSenderTimestampMs, msgRowOpaqueData } = told;
    return { ...old, ...moved, latestEditMsgKey, latestEditSenderTimestampMs, msgRowOpaqueData };
  };

  /* Bring a message that is known up to what the server tells of it. */
  exports.update = async (item) => {
    const keys = require('SimMessages').keysOf(item.key);
    const told = rows.rowOfItem(item);
    await messageTable.updateFirst(keys.map(String), (old) => updated(old, told));
    const message = keys.map((key) => MsgCollection.get(key)).find(Boolean);
    if (message !== undefined && message.type !== EMPTY) {
      const { body, caption, latestEditMsgKey, latestEditSenderTimestampMs, directPath } = rows.valuesOf(told);
      message.setQuietly({ directPath });
      if (latestEditMsgKey !== undefined && !latestEditMsgKey.equals(message.latestEditMsgKey)) {
        const changes = { body, caption, latestEditSenderTimestampMs, latestEditMsgKey };
        require('SimInbound').isShown(item) ? message.set(changes) : message.setQuietly(changes);
      }
    }
    if (item.kind === 'media') {
      keys.forEach((key) => require('SimDownloads').uploadedAgain(String(key)));
    }
  };
});
