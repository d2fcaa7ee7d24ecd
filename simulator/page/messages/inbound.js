'use strict';

/* What the server tells of messages: new ones, receipts for those that this device has sent, and deletions. */
__d('SimInbound', (require, exports) => {
  const { messageTable } = require('SimMessageTable');
  const { wire } = require('SimWire');
  const { MsgCollection } = require('WAWebMsgCollection');
  const { createWid } = require('WAWebWidFactory');
  const { ACK_STRING } = require('WAWebAck');
  const MsgKey = require('WAWebMsgKey').default;
  const messages = require('SimMessages');
  const rows = require('SimRows');

  const SEEN_EVERY_MS = 50;

  exports.apply = async (items) => {
    const unknown = items.filter((item) => item.kind === 'message' && MsgCollection.get(item.key) === undefined);
    const found = await messageTable.find(unknown.map((item) => item.key));
    const stored = new Set(found.filter(Boolean).map((row) => row.id));
    const takeIn = (item) => {
      if (item.kind === 'revoke') {
        return require('SimRevoking').revoked(item);
      }
      if (item.kind === 'receipt') {
        return receipt(item);
      }
      if (stored.has(item.key) || MsgCollection.get(item.key) !== undefined) {
        return item.from_me && item.ack >= 2 ? receipt(item) : messages.raiseAck(item.key, item.ack);
      }
      return arrive(item);
    };
    await Promise.all(items.map(takeIn));
    exports.tellSeen(Math.max(0, ...items.map((item) => item.rev)));
  };

  /* Bring the page up to date after connecting. */
  exports.catchUp = async ({ history, missed, rev }) => {
    if (history?.length > 0) {
      for (const item of history) {
        const { chat } = require('SimChats').ensure(createWid(item.wid));
        require('SimChats').touch(chat, { t: item.t, id: MsgKey.fromString(item.key) }, 0);
      }
      await messageTable.addHistory(history.map(rows.rowOfItem));
    }
    await exports.apply(missed);
    exports.tellSeen(rev);
  };

  async function receipt({ key, ack, wid, id, t }) {
    if (ack < 2) {
      await messages.raiseAck(key, ack);
      return;
    }
    await require('WAWebHandleChatSimpleReceipt').handleChatSimpleReceipt({
      ack,
      ackString: ack >= 3 ? ACK_STRING.READ : ACK_STRING.DELIVERY,
      from: createWid(wid),
      externalIds: [id],
      participant: null,
      recipient: undefined,
      ts: t,
    });
  }

  async function arrive(item) {
    const row = rows.rowOfItem(item);
    await messageTable.add(row);
    const wid = createWid(item.wid);
    const values = { ...rows.valuesOf(row), isNewMsg: true };
    const [message] = await MsgCollection.processMultipleMessages(wid, [values]);
    const { chat } = require('SimChats').ensure(wid);
    require('SimChats').touch(chat, message, item.from_me ? 0 : 1);
  }

  let seen = 0;
  let timer = null;

  /* Tell the server how far this device has stored everything, a few times a second at most. */
  exports.tellSeen = (rev) => {
    seen = Math.max(seen, rev);
    timer ??= setTimeout(() => {
      timer = null;
      wire.tell('seen', { rev: seen });
    }, SEEN_EVERY_MS);
  };

  let applying = Promise.resolve();
  wire.on('changes', ({ items }) => {
    applying = applying.then(() => exports.apply(items)).catch((error) => console.error('changes not applied', error));
  });
});
