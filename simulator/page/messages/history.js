'use strict';

/* Older messages, from the store. */
__d('WAWebChatMessageSearch', (require, exports) => {
  const { messageTable } = require('SimMessageTable');

  exports.getSearchContext = ({ chat, msgKey }) => {
    const { MsgCollectionImpl } = require('WAWebMsgCollection');
    const collection = new MsgCollectionImpl();
    const key = String(msgKey.proxyName === 'msg' ? msgKey.id : msgKey);
    const load = async () => {
      const [row] = await messageTable.find([key]);
      if (row !== undefined && row.remote === String(chat.id)) {
        collection.add(require('SimMessages').materialise(row));
      }
    };
    collection.loadAroundPromise = load();
    return { collection, msg: undefined, key };
  };
});

__d('WAWebDBMessageFindLocal', (require, exports) => {
  const { messageTable } = require('SimMessageTable');

  exports.msgFindByDirection = async ({ anchor, count, direction }) => {
    const [row] = await messageTable.find([String(anchor)]);
    if (row === undefined) {
      return { messages: [] };
    }
    const before = direction !== 'after';
    const found = await messageTable.ofChat(row.remote, row.t, Math.min(count, 1e6) + 1, before);
    const others = found.filter(({ id }) => id !== row.id).slice(0, count);
    const messages = others.map((one) => require('SimMessages').materialise(one));
    return { messages: before ? messages.reverse() : messages };
  };
  exports.msgFindBefore = (request) => exports.msgFindByDirection({ ...request, direction: 'before' });
  exports.msgFindAfter = (request) => exports.msgFindByDirection({ ...request, direction: 'after' });
});
