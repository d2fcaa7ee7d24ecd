'use strict';

/* Messages: in memory the recent ones, in the store all that this device has seen. */
__d('WAWebMsgModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class Msg extends BaseModel {
    updateAck(ack) {
      this.ack = ack;
    }
  }
  defineModel(Msg, 'msg', {
    id: null, body: '', type: 'chat', subtype: null, t: 0, from: null, to: null, self: 'in', ack: 0, isNewMsg: false,
    local: false, notifyName: '',
  });
  exports.default = Msg;
});

__d('WAWebMsgCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  const { ChatCollection } = require('WAWebChatCollection');
  const KEPT = 3000;

  class MsgCollectionImpl extends BaseCollection {
    /* Take in messages of a chat; the collection of all messages forgets its oldest ones beyond a limit. */
    async processMultipleMessages(wid, messages) {
      const { chat } = require('SimChats').ensure(wid);
      return messages.map((message) => this.keep(chat, message));
    }

    keep(chat, message) {
      const model = this.add(message);
      chat.msgs.add(model);
      if (this.length > KEPT) {
        this.forgetOldest();
      }
      return model;
    }

    forgetOldest() {
      for (const model of this._models.values()) {
        if (model.ack !== 0) {
          this.remove(model.id);
          ChatCollection.get(model.id.remote)?.msgs.remove(model.id);
          return;
        }
      }
    }
  }
  MsgCollectionImpl.model = require('WAWebMsgModel').default;
  exports.MsgCollectionImpl = MsgCollectionImpl;
  exports.MsgCollection = new MsgCollectionImpl();
});

__d('WAWebHandleChatSimpleReceipt', (require, exports) => {
  exports.handleChatSimpleReceipt = async ({ ack, from, externalIds }) => {
    const MsgKey = require('WAWebMsgKey').default;
    const messages = require('SimMessages');
    const keys = externalIds.map((id) => String(new MsgKey({ fromMe: true, remote: from, id })));
    await Promise.all(keys.map((key) => messages.raiseAck(key, ack)));
  };
});

__d('SimMessages', (require, exports) => {
  const { store } = require('SimStore');
  const { wire } = require('SimWire');
  const { MsgCollection } = require('WAWebMsgCollection');
  const { createWid } = require('WAWebWidFactory');
  const { ACK_STRING } = require('WAWebAck');
  const MsgKey = require('WAWebMsgKey').default;
  const me = require('WAWebUserPrefsMeUser');

  const SEEN_EVERY_MS = 50;

  const ownWid = (remote) => (remote.isLid() ? me.getMaybeMeLidUser() : me.getMaybeMePnUser());

  /* The stored form of a message. `pending` is there only while the server hasn't acknowledged it. */
  const recordOf = (message) => ({
    key: String(message.id),
    wid: String(message.id.remote),
    body: message.body,
    type: message.type,
    t: message.t,
    ack: message.ack,
    ...(message.id.fromMe && message.ack === 0 ? { pending: 1 } : {}),
  });

  const recordOfItem = ({ key, wid, body, t, ack }) => ({ key, wid, body, type: 'chat', t, ack });

  const attributesOf = (record) => {
    const id = MsgKey.fromString(record.key);
    const own = ownWid(id.remote);
    return {
      id,
      body: record.body,
      type: record.type,
      t: record.t,
      ack: record.ack,
      from: id.fromMe ? own : id.remote,
      to: id.fromMe ? id.remote : own,
      self: id.fromMe ? 'out' : 'in',
    };
  };

  exports.save = (message) => store.put('messages', recordOf(message));

  /* A stored message as a model in its chat. */
  exports.materialise = (record) => {
    const { chat } = require('SimChats').ensure(createWid(record.wid));
    return MsgCollection.keep(chat, attributesOf(record));
  };

  /* Take in an own message that is about to be sent; one that is known already stays as it is. */
  exports.addOwn = (chat, values) => {
    const message = MsgCollection.keep(chat, values);
    require('SimChats').touch(chat, message, 0);
    return message;
  };

  /* An ack never goes back. */
  exports.raiseAck = async (key, ack) => {
    const message = MsgCollection.get(key);
    if (message !== undefined && ack > message.ack) {
      message.ack = ack;
    }
    await store.change('messages', key, (record) => {
      if (ack <= record.ack) {
        return record;
      }
      const { pending, ...rest } = record;
      return { ...rest, ack };
    });
  };

  /* What the server tells of messages: new ones, and receipts for those this device has sent. */
  exports.apply = async (items) => {
    const unknown = items.filter((item) => item.kind === 'message' && MsgCollection.get(item.key) === undefined);
    const records = await store.getMany('messages', unknown.map((item) => item.key));
    const stored = new Set(records.filter(Boolean).map((record) => record.key));
    const takeIn = (item) => {
      if (item.kind === 'receipt') {
        return receipt(item);
      }
      if (stored.has(item.key) || MsgCollection.get(item.key) !== undefined) {
        return item.from_me && item.ack >= 2 ? receipt(item) : exports.raiseAck(item.key, item.ack);
      }
      return arrive(item);
    };
    await Promise.all(items.map(takeIn));
    tellSeen(Math.max(0, ...items.map((item) => item.rev)));
  };

  /* Bring the page up to date after connecting. */
  exports.catchUp = async ({ history, missed, rev }) => {
    await Promise.all((history ?? []).map((item) => {
      const { chat } = require('SimChats').ensure(createWid(item.wid));
      require('SimChats').touch(chat, { t: item.t, id: MsgKey.fromString(item.key) }, 0);
      return store.put('messages', recordOfItem(item));
    }));
    await exports.apply(missed);
    tellSeen(rev);
  };

  async function receipt({ key, ack, wid, id, t }) {
    if (ack < 2) {
      await exports.raiseAck(key, ack);
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
    const stored = store.put('messages', recordOfItem(item));
    const wid = createWid(item.wid);
    const values = { ...attributesOf(recordOfItem(item)), isNewMsg: true };
    const [message] = await MsgCollection.processMultipleMessages(wid, [values]);
    const { chat } = require('SimChats').ensure(wid);
    require('SimChats').touch(chat, message, item.from_me ? 0 : 1);
    await stored;
  }

  let seen = 0;
  let timer = null;

  /* Tell the server how far this device has stored everything, a few times a second at most. */
  function tellSeen(rev) {
    seen = Math.max(seen, rev);
    timer ??= setTimeout(() => {
      timer = null;
      wire.tell('seen', { rev: seen });
    }, SEEN_EVERY_MS);
  }
  exports.tellSeen = tellSeen;

  let applying = Promise.resolve();
  wire.on('changes', ({ items }) => {
    applying = applying.then(() => exports.apply(items)).catch((error) => console.error('changes not applied', error));
  });
});
