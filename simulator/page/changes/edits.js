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

/* What the owner may write anew, and for how long. */
__d('WAWebMsgActionCapability', (require, exports) => {
  const { session } = require('SimSession');

  const WITH_CAPTION = new Set(['image', 'video', 'document']);

  const isYoung = ({ t }) => Date.now() / 1000 - t < session.settings.edit_window_s;
  const hasLeft = ({ id, ack, isSendFailure }) => id.fromMe && ack >= 1 && !isSendFailure;

  exports.canEditText = (message) => message.type === 'chat' && hasLeft(message) && isYoung(message);
  exports.canEditCaption = (message) =>
    WITH_CAPTION.has(message.type) && Boolean(message.caption) && hasLeft(message) && isYoung(message);
});

__d('WAWebSendMessageEditAction', (require, exports) => {
  const { messageTable } = require('SimMessageTable');
  const messages = require('SimMessages');
  const rows = require('SimRows');

  /* Send a message anew (`order`: a message of type protocol). It doesn't throw: what fails shows in `isSendFailure`. */
  exports.addAndSendMessageEdit = async (message, order) => {
    const { id, body, latestEditSenderTimestampMs } = order;
    const answer = await require('SimOrders').send('edit', message, id, body);
    if (answer.refused !== undefined) {
      await messages.change(message, { isSendFailure: true });
      return;
    }
    const text = message.type === 'chat' ? { body } : { caption: body };
    message.set({ ...text, latestEditSenderTimestampMs, latestEditMsgKey: id });
    const { msgRowOpaqueData } = rows.rowOf(message);
    const edited = { msgRowOpaqueData, latestEditSenderTimestampMs, latestEditMsgKey: String(id) };
    await messageTable.update(String(message.id), (old) => ({ ...old, ...edited }));
  };
});
