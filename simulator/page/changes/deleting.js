'use strict';

/*
 * Delete for everyone: the message goes on under the deletion's own id, without what was in it. Delete on this device
 * alone: its row is gone, and the row's number with it.
 */
__d('SimDeleting', (require, exports) => {
  const { messageTable } = require('SimMessageTable');
  const { MsgCollection } = require('WAWebMsgCollection');
  const { ChatCollection } = require('WAWebChatCollection');
  const { CONTENT } = require('SimContents');
  const MsgKey = require('WAWebMsgKey').default;

  exports.start = () => {
    require('WAWebCmd').Cmd.on('send_revoke_msgs', (chat, { list }) => {
      const { sendRevoke } = require('WAWebRevokeMsgAction');
      list.forEach((data) => sendRevoke({ type: 'message', data }).catch((error) => console.warn('not deleted', error)));
    });
    require('WAWebCmd').Cmd.on('send_delete_msgs', async (chat, { list }) => {
      for (const message of list) {
        chat.msgs.remove(message.id);
        MsgCollection.remove(message.id);
        await messageTable.delete(String(message.id));
      }
    });
  };

  /* Somebody deleted a message. It may stand here under the chat's other id. */
  exports.revoked = async (item) => {
    const keys = require('SimMessages').keysOf(item.revoked_key);
    const found = await messageTable.find(keys.map(String));
    const index = found.findIndex(Boolean);
    if (index < 0) {
      const [known] = await messageTable.find([item.key]);
      await (known ?? messageTable.add(require('SimRows').rowOfItem(item)));
      return;
    }
    const oldKey = keys[index];
    const newKey = new MsgKey({ ...oldKey, id: item.id });
    await messageTable.rekey(String(oldKey), ({ remote, from, to, author, t, ack }) => ({
      id: String(newKey),
      remote, from, to, ...(author ? { author } : {}), t, ack,
      type: 'revoked',
      subtype: item.subtype,
      protocolMessageKey: String(oldKey),
      revokeTimestamp: item.t,
    }));
    await show(item, oldKey, newKey);
  };

  async function show(item, oldKey, newKey) {
    const message = MsgCollection.get(oldKey);
    const shown = require('SimInbound').isShown(item);
    if (message !== undefined) {
      showRevoked(message, item.subtype, oldKey, newKey, shown);
    }
    if (shown) {
      const { from, to, author } = require('SimRows').valuesOf((await messageTable.find([String(newKey)]))[0]);
      const order = { id: newKey, type: 'protocol', subtype: `${item.subtype}_revoke`, protocolMessageKey: oldKey };
      await MsgCollection.processMultipleMessages(oldKey.remote, [
        { ...order, from, to, author, t: item.t, isNewMsg: true },
      ]);
    }
  }

  function showRevoked(message, subtype, oldKey, newKey, shown) {
    const chat = ChatCollection.get(oldKey.remote);
    MsgCollection.replaceId(oldKey, newKey);
    chat?.msgs.replaceId(oldKey, newKey);
    const { author } = message;
    const changes = {
      ...Object.fromEntries(CONTENT.map((name) => [name, undefined])),
      id: newKey, author, type: 'revoked', subtype, protocolMessageKey: oldKey, isSendFailure: false,
    };
    if (shown) {
      message.set(changes);
      message.trigger('change:msgKey', { newKey, oldKey });
      MsgCollection.trigger('change:msgKey', { newKey, oldKey });
    } else {
      message.setQuietly(changes);
    }
    if (chat && oldKey.equals(chat.lastReceivedKey)) {
      chat.lastReceivedKey = newKey;
    }
  }
});

/* The owner, or an admin, deletes for everyone: first the server has it, then it is so here. */
__d('WAWebRevokeMsgAction', (require, exports) => {
  const { SendMsgResult } = require('WAWebSendMsgResult');
  const MsgKey = require('WAWebMsgKey').default;

  const REFUSALS = { network: SendMsgResult.ERROR_NETWORK };

  /* of: `{type: 'message', data}`, one message. Resolves with the outcome. */
  exports.sendRevoke = async ({ data: message }) => {
    const key = new MsgKey({ ...message.id, fromMe: true, id: await MsgKey.newId() });
    const answer = await require('SimOrders').send('revoke', message, key);
    if (answer.refused === 'throw') {
      throw new Error('sendRevoke failed');
    }
    if (answer.refused !== undefined) {
      return { messageSendResult: REFUSALS[answer.refused] ?? SendMsgResult.ERROR_UNKNOWN };
    }
    await require('SimDeleting').revoked(answer.item);
    return { messageSendResult: SendMsgResult.OK, t: answer.t };
  };
});
