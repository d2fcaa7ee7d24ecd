'use strict';

/* Chats. A chat's messages are loaded when they are asked for. */
__d('WAWebChatModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  const presence = { subscribe: async () => undefined, isOnline: false, hasData: false };

  class Chat extends BaseModel {
    get msgs() {
      if (this._msgs === undefined) {
        const { MsgCollectionImpl } = require('WAWebMsgCollection');
        Object.defineProperty(this, '_msgs', { value: new MsgCollectionImpl(), enumerable: false });
      }
      return this._msgs;
    }

    get presence() {
      return presence;
    }

    get groupMetadata() {
      return require('WAWebGroupMetadataCollection').default.get(this.id);
    }

    get contact() {
      return require('WAWebContactCollection').ContactCollection.get(this.id);
    }

    get formattedTitle() {
      return this.name || this.id.user;
    }
  }
  defineModel(Chat, 'chat', {
    id: null, name: '', unreadCount: 0, t: 0, lastReceivedKey: undefined, active: false, archive: false, pin: 0,
    isReadOnly: false, number: '', pausedTimerId: undefined,
  });
  exports.default = Chat;
});

__d('WAWebChatCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');

  class ChatCollectionImpl extends BaseCollection {}
  ChatCollectionImpl.model = require('WAWebChatModel').default;
  exports.ChatCollectionImpl = ChatCollectionImpl;
  exports.ChatCollection = new ChatCollectionImpl();
});

__d('SimChats', (require, exports) => {
  const { store } = require('SimStore');
  const { ChatCollection } = require('WAWebChatCollection');
  const { ContactCollection } = require('WAWebContactCollection');
  const { createWid } = require('WAWebWidFactory');

  function take(record) {
    const id = createWid(record.wid);
    const lastKey = record.last_key ? require('WAWebMsgKey').default.fromString(record.last_key) : undefined;
    const contact = ContactCollection.add({ id, name: record.name, pushname: record.name });
    contact.name ||= record.name;
    return ChatCollection.add({
      id, name: record.name, t: record.t, unreadCount: record.unread, lastReceivedKey: lastKey,
    });
  }

  exports.load = async () => {
    for (const record of await store.getAll('chats')) {
      take(record);
    }
  };

  exports.save = (chat) =>
    store.put('chats', {
      wid: String(chat.id),
      name: chat.name,
      t: chat.t,
      unread: chat.unreadCount,
      last_key: chat.lastReceivedKey ? String(chat.lastReceivedKey) : '',
    });

  /* The chat with a wid, made if there is none. */
  exports.ensure = (wid) => {
    const known = ChatCollection.get(wid);
    if (known !== undefined) {
      return { chat: known, created: false };
    }
    const name = require('SimDirectory').nameOf(wid);
    const chat = take({ wid: String(wid), name, t: Math.floor(Date.now() / 1000), unread: 0, last_key: '' });
    exports.save(chat).catch((error) => console.error('chat not stored', error));
    return { chat, created: true };
  };

  /* Note a message as the chat's latest. */
  exports.touch = (chat, message, unread) => {
    chat.t = message.t;
    chat.lastReceivedKey = message.id;
    chat.unreadCount += unread;
    exports.save(chat).catch((error) => console.error('chat not stored', error));
  };
});

__d('WAWebFindChatAction', (require, exports) => {
  exports.findOrCreateLatestChat = async (wid) => {
    if (wid.isGroup()) {
      await require('WAWebGroupMetadataCollection').default.find(wid);
    }
    const target = await require('SimDirectory').chatWidFor(wid);
    return require('SimChats').ensure(target);
  };
  exports.findChat = async (wid) => (await exports.findOrCreateLatestChat(wid)).chat;
  exports.findExistingChat = async (wid) => require('WAWebChatCollection').ChatCollection.get(wid);
});

__d('WAWebUpdateUnreadChatAction', (require, exports) => {
  const { wire } = require('SimWire');

  async function seen(chat) {
    if (chat.unreadCount !== 0) {
      chat.unreadCount = 0;
      await require('SimChats').save(chat);
      wire.tell('seen_chat', { wid: String(chat.id) });
    }
  }

  /* The chat's messages count as read, and their senders see it; now, or (`afterAvailable`) once somebody is there. */
  exports.sendSeen = async ({ chat, afterAvailable = true }) =>
    (afterAvailable ? require('SimAvailability').onceAvailable(chat, () => seen(chat)) : seen(chat));
  exports.markUnread = async (chat) => {
    chat.unreadCount = -1;
  };
});

__d('WAWebChatUnread', (require, exports) => {
  exports.getHasUnread = (chat) => chat.unreadCount !== 0;
});
