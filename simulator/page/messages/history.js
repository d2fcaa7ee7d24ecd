'use strict';

/* Older messages, from the store. */
__d('WAWebChatMessageSearch', (require, exports) => {
  const { store } = require('SimStore');

  exports.getSearchContext = ({ chat, msgKey }) => {
    const { MsgCollectionImpl } = require('WAWebMsgCollection');
    const collection = new MsgCollectionImpl();
    const key = String(msgKey.proxyName === 'msg' ? msgKey.id : msgKey);
    const load = async () => {
      const [record] = await store.getMany('messages', [key]);
      if (record !== undefined && record.wid === String(chat.id)) {
        collection.add(require('SimMessages').materialise(record));
      }
    };
    collection.loadAroundPromise = load();
    return { collection, msg: undefined, key };
  };
});

__d('WAWebDBMessageFindLocal', (require, exports) => {
  const { store } = require('SimStore');

  exports.msgFindByDirection = async ({ anchor, count, direction }) => {
    const [record] = await store.getMany('messages', [String(anchor)]);
    if (record === undefined) {
      return { messages: [] };
    }
    const before = direction !== 'after';
    const found = await store.getChatMessages(record.wid, record.t, Math.min(count, 1e6) + 1, before);
    const others = found.filter(({ key }) => key !== record.key).slice(0, count);
    const messages = others.map((one) => require('SimMessages').materialise(one));
    return { messages: before ? messages.reverse() : messages };
  };
  exports.msgFindBefore = (request) => exports.msgFindByDirection({ ...request, direction: 'before' });
  exports.msgFindAfter = (request) => exports.msgFindByDirection({ ...request, direction: 'after' });
});
