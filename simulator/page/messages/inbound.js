'use strict';

/* What the server tells of messages: new ones, receipts for those that this device has sent, changes. */
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

  /* Each kind of news but messages themselves has its own taker. */
  const TAKERS = {
    revoke: (item) => require('SimDeleting').revoked(item),
    receipt: (item) => receipt(item),
    resent: (item) => require('SimPlaceholders').resent(item),
    reaction: (item) => require('SimReactions').arrived(item),
    poll_vote: (item) => require('SimVotes').arrived(item),
    media_missing: (item) =>
      messages.keysOf(item.key).forEach((key) => require('SimDownloads').notOnPhone(String(key))),
  };

  /* Whether events tell of it: not before the page is ready, and not of what is to be silent. */
  exports.isShown = (item) => (BackendEventBus.isMainStreamReadyMd || session.settings.startup_events) && !item.silent;

  async function apply(items) {
    const told = items.filter((item) => TAKERS[item.kind] === undefined);
    const keys = told.flatMap((item) => messages.keysOf(item.key).map(String));
    const found = await messageTable.find(keys);
    const stored = new Set(found.filter(Boolean).map((row) => row.id));
    const isKnown = (key) => stored.has(String(key)) || MsgCollection.get(key) !== undefined;
    const takeIn = async (item) => {
      const taker = TAKERS[item.kind];
      if (taker !== undefined) {
        return taker(item);
      }
      if (!messages.keysOf(item.key).some(isKnown)) {
        return arrive(item);
      }
      await require('SimEdits').update(item);
      return item.from_me && item.ack >= 2 ? receipt(item) : messages.raiseAck(item.key, item.ack);
    };
    await Promise.all(items.map(takeIn));
    tellSeen(Math.max(0, ...items.map((item) => item.rev)));
  }

  /* Bring the page up to date after connecting. */
  async function takeInMissed({ history, missed, rev }) {
    if (history?.length > 0) {
      const rowsOf = history.filter(({ kind }) => kind !== 'reaction' && kind !== 'poll_vote');
      for (const item of rowsOf) {
        const { chat } = require('SimChats').ensure(createWid(item.wid));
        require('SimChats').touch(chat, { t: item.t, id: MsgKey.fromString(item.key) }, 0);
      }
      await messageTable.addHistory(rowsOf.map(rows.rowOfItem));
      const added = history.filter((item) => !rowsOf.includes(item));
      await Promise.all(added.map((item) => TAKERS[item.kind]({ ...item, silent: true })));
    }
    await apply(missed);
    tellSeen(rev);
  }

  /* Of a message in a group each member's device says how far it has come there; told once for each step. */
  const toldOf = new Map();
  async function receiptsOfMembers({ key, wid, id, t, members }) {
    const told = toldOf.get(key) ?? {};
    toldOf.set(key, { ...told, ...members });
    for (const [member, ack] of Object.entries(members).filter(([one, ack]) => ack >= 2 && ack > (told[one] ?? 0))) {
      const ackString = ack >= 3 ? ACK_STRING.READ : ACK_STRING.DELIVERY;
      const from = createWid(wid);
      await require('WAWebHandleGroupSimpleReceipt').handleGroupSimpleReceipt({
        ack, ackString, from, externalIds: [id], participant: createWid(member), recipient: undefined, ts: t,
      });
    }
  }

  async function receipt({ key, ack, wid, id, t, members }) {
    if (members !== undefined) {
      await receiptsOfMembers({ key, wid, id, t, members });
      await messages.raiseAck(key, ack);
      return;
    }
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
    const shown = exports.isShown(item);
    if (!item.from_me) {
      require('SimDirectory').heard(createWid(item.author ?? item.wid), item.fields.notifyName, item.number);
    }
    const { chat } = require('SimChats').ensure(wid);
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
    const values = { ...rows.valuesOf(row), notifyName: item.fields.notifyName ?? '', isNewMsg: true };
    const [message] = await MsgCollection.processMultipleMessages(wid, [values]);
    require('SimChats').touch(chat, message, item.from_me ? 0 : 1);
  }

  let seen = 0;
  let timer = null;

  /* Tell the server how far this device has stored everything, a few times a second at most. */
  const tellSeen = (rev) => {
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

  /* The same of a change that came as an answer: what was told before it may not be stored yet. */
  exports.tellSeenInTurn = (rev) => inTurn(() => tellSeen(rev));
  exports.catchUp = (answer) => inTurn(() => takeInMissed(answer));
  wire.on('changes', ({ items }) => inTurn(() => apply(items)));
});
