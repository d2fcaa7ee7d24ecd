'use strict';

/* What the server tells of messages: new ones, receipts for those that this device has sent, and deletions. */
__d('SimInbound', (require, exports) => {
  const { messageTable } = require('SimMessageTable');
  const { wire } = require('SimWire');
  const { MsgCollection } = require('WAWebMsgCollection');
  const { createWid } = require('WAWebWidFactory');
  const { ACK_STRING } = require('WAWebAck');
  const MsgKey = require('WAWebMsgKey').default;
  const { BackendEventBus } = require('WAWebBackendEventBus');
  const { session } = require('SimSession');
  const { DuplicateMessageError } = require('SimMessageTable');
  const messages = require('SimMessages');
  const rows = require('SimRows');

  const SEEN_EVERY_MS = 50;

  async function apply(items) {
    const unknown = items.filter((item) => item.kind === 'message' && MsgCollection.get(item.key) === undefined);
    const found = await messageTable.find(unknown.map((item) => item.key));
    const stored = new Set(found.filter(Boolean).map((row) => row.id));
    const takeIn = (item) => {
      if (item.kind === 'revoke') {
        return require('SimDeleting').revoked(item);
      }
      if (item.kind === 'receipt') {
        return receipt(item);
      }
      if (item.kind === 'resent') {
        return require('SimPlaceholders').resent(item);
      }
      if (stored.has(item.key) || MsgCollection.get(item.key) !== undefined) {
        return item.from_me && item.ack >= 2 ? receipt(item) : messages.raiseAck(item.key, item.ack);
      }
      return arrive(item);
    };
    await Promise.all(items.map(takeIn));
    exports.tellSeen(Math.max(0, ...items.map((item) => item.rev)));
  }

  /* Bring the page up to date after connecting. */
  async function takeInMissed({ history, missed, rev }) {
    if (history?.length > 0) {
      for (const item of history) {
        const { chat } = require('SimChats').ensure(createWid(item.wid));
        require('SimChats').touch(chat, { t: item.t, id: MsgKey.fromString(item.key) }, 0);
      }
      await messageTable.addHistory(history.map(rows.rowOfItem));
    }
    await apply(missed);
    exports.tellSeen(rev);
  }

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

  /* First the database, then the screen, where events come from; before the page is ready there is no screen. */
  async function arrive(item) {
    const row = rows.rowOfItem(item);
    const wid = createWid(item.wid);
    const { chat } = require('SimChats').ensure(wid);
    const shown = BackendEventBus.isMainStreamReadyMd || session.settings.startup_events;
    try {
      await messageTable.add(row);
    } catch (error) {
      if (error instanceof DuplicateMessageError) {
        return;
      }
      throw error;
    }
    if (!shown) {
      require('SimChats').touch(chat, { t: item.t, id: MsgKey.fromString(item.key) }, item.from_me ? 0 : 1);
      return;
    }
    const values = { ...rows.valuesOf(row), isNewMsg: true };
    const [message] = await MsgCollection.processMultipleMessages(wid, [values]);
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
  const inTurn = (work) => {
    const done = applying.then(work);
    applying = done.catch((error) => console.error('changes not applied', error));
    return done;
  };
  exports.catchUp = (answer) => inTurn(() => takeInMissed(answer));
  wire.on('changes', ({ items }) => inTurn(() => apply(items)));
});
