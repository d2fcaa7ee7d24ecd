'use strict';

/* A message on the page, and the collection of those that are in memory: the recent ones and those asked for. */
__d('WAWebMsgModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class Msg extends BaseModel {
    updateAck(ack) {
      this.ack = ack;
    }

    /* What is known of its bytes; undefined where it has none. */
    get mediaData() {
      return require('SimMedia').dataOf(this);
    }

    get mediaObject() {
      return require('SimMedia').objectOf(this);
    }

    get chat() {
      return require('WAWebChatCollection').ChatCollection.get(this.id.remote);
    }

    get senderObj() {
      const sender = this.author ?? this.id.participant ?? this.id.remote;
      const contact = require('WAWebContactCollection').ContactCollection.get(sender);
      return { id: sender, name: contact?.name, isMe: this.id.fromMe };
    }

    /* What an answer to it has to say of it. */
    msgContextInfo(chatWid) {
      return require('SimQuotes').contextOf(this, chatWid);
    }

    downloadMedia() {
      return require('SimDownloads').downloadOf(this);
    }
  }
  const { CONTENT } = require('SimContents');
  defineModel(Msg, 'msg', {
    ...Object.fromEntries(CONTENT.map((name) => [name, undefined])),
    id: null, body: '', type: 'chat', subtype: null, t: 0, from: null, to: null, author: undefined, self: 'in', ack: 0,
    isNewMsg: false, local: false, notifyName: '', rowId: undefined, isSendFailure: false, errorCode: undefined,
    isMdHistoryMsg: false,
  });
  exports.default = Msg;
  exports.Msg = Msg;
});

__d('WAWebMsgGetters', (require, exports) => {
  exports.getIsFailed = (message) => message.ack < 0 || Boolean(message.isSendFailure);
});

__d('WAWebMsgCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  const { ChatCollection } = require('WAWebChatCollection');
  const KEPT = 3000;

  class MsgCollectionImpl extends BaseCollection {
    /*
     * Take in messages of a chat; the collection of all messages forgets its oldest ones beyond a limit. What is only an
     * order to the page (`protocol`) is told of and not kept.
     */
    async processMultipleMessages(wid, messages) {
      const { chat } = require('SimChats').ensure(wid);
      return messages.map((message) => {
        if (message.type !== 'protocol') {
          return this.keep(chat, message);
        }
        const order = new MsgCollectionImpl.model(message);
        this.trigger('add', order, this);
        return order;
      });
    }

    /* Messages from the database, by keys; no chat has to be loaded. Those that there are none of are left out. */
    async getMessagesById(keys) {
      const messages = await require('SimMessages').hydrate(keys.map(String));
      return { messages, eof: true, canceled: false };
    }

    /* chat: undefined where none is loaded. */
    keep(chat, message) {
      const model = this.add(message);
      chat?.msgs.add(model);
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
