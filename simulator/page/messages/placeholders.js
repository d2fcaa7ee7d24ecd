'use strict';

/*
 * The first message of a lead from an ad reaches a linked device as an empty placeholder, until the phone is asked to send
 * it again.
 */
__d('WAWebNonMessageDataRequestPlaceholderMessageResendUtils', (require, exports) => {
  const { wire } = require('SimWire');

  const AT_MOST = 32;
  const DAYS = 14;
  const asked = new Set();

  /* Ask the phone for the placeholders among some messages; each once in a page's life. asks: false does nothing. */
  exports.handlePlaceholderMsgsSeen = (messages, asks) => {
    const oldest = Date.now() / 1000 - DAYS * 86400;
    const wanted = messages
      .filter(({ type, t, isMdHistoryMsg }) => type === 'ciphertext' && t >= oldest && !isMdHistoryMsg)
      .map(({ id }) => String(id))
      .filter((key) => asks && !asked.has(key));
    wanted.forEach((key) => asked.add(key));
    for (let start = 0; start < wanted.length; start += AT_MOST) {
      wire.tell('placeholder_resend', { keys: wanted.slice(start, start + AT_MOST) });
    }
  };
});

__d('SimPlaceholders', (require, exports) => {
  const { messageTable } = require('SimMessageTable');
  const { MsgCollection } = require('WAWebMsgCollection');
  const rows = require('SimRows');

  /* The phone sent it again: the same row and message turn into what they are. */
  exports.resent = async (item) => {
    const row = rows.rowOfItem(item);
    await messageTable.update(item.key, (old) => ({ ...old, ...row, ack: old.ack }));
    const message = MsgCollection.get(item.key);
    if (message !== undefined) {
      const { id, ack, rowId, isSendFailure, isMdHistoryMsg, type, ...content } = rows.valuesOf(row);
      message.set(content);
      message.type = type; // last: whoever waits for it finds the rest there
    }
  };
});
