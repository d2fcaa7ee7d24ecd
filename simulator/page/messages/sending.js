'use strict';

/* Sending a message: what becomes of it when the server has answered. */
__d('WAWebSendMsgRecordAction', (require, exports) => {
  const { SendMsgResult } = require('WAWebSendMsgResult');
  const { ACK } = require('WAWebAck');
  const { ChatCollection } = require('WAWebChatCollection');
  const { NACK_CAPPED } = require('SimNacks');
  const messages = require('SimMessages');
  const outbox = require('SimOutbox');

  const ended = (messageSendResult, details = {}) => ({ messageSendResult, t: null, count: null, ...details });

  /* refused: "network" (a status error of the server), "throw", "unknown", or the code of a negative acknowledgement. */
  async function failed(message, refused) {
    if (refused === 'network' || refused === 'throw') {
      await messages.change(message, { isSendFailure: true });
      if (refused === 'throw') {
        throw new Error('sendMsg failed');
      }
      return ended(SendMsgResult.ERROR_NETWORK);
    }
    const code = refused === 'unknown' ? undefined : Number(refused);
    const errorCode = code === NACK_CAPPED ? 'UserReachedMaxMonthlyLimitForNewMessages' : undefined;
    await messages.change(message, { isSendFailure: true, ack: ACK.FAILED, ...(errorCode ? { errorCode } : {}) });
    return ended(SendMsgResult.ERROR_UNKNOWN, code === undefined ? {} : { ackErrorCode: code });
  }

  /* Send a message that stands in the table; resolves with the outcome once the server has answered. */
  exports.sendMsgRecord = async (message) => {
    const chat = ChatCollection.get(message.id.remote);
    if (chat !== undefined) {
      require('WAWebUpdateUnreadChatAction').sendSeen({ chat });
    }
    const answer = await outbox.submit(message);
    if (answer.refused !== undefined) {
      return failed(message, answer.refused);
    }
    messages.raiseAck(String(message.id), ACK.SENT).catch((error) => console.error('ack not stored', error));
    require('SimInbound').tellSeenInTurn(answer.rev);
    return ended(SendMsgResult.OK, { t: answer.t });
  };
});

__d('SimNacks', (require, exports) => {
  exports.NACK_CAPPED = 475; // the cap on messages to new chats
});

__d('WAWebSendMsgChatAction', (require, exports) => {
  const messages = require('SimMessages');
  const { UploadFailed, outcomeOfFailure } = require('SimMediaSending');
  const lastOfChat = new WeakMap();

  /* One message of a chat after the other is ready to leave; one that fails doesn't hold up the next. */
  function inTurn(chat, ready) {
    const turn = (lastOfChat.get(chat) ?? Promise.resolve()).then(() => ready);
    lastOfChat.set(chat, turn.catch(() => undefined));
    return turn;
  }

  /*
   * Add a message to its chat and send it; returns at once the promises of the stored message and of the outcome.
   * data: the message's values, or a promise of them. beforeSend: what has to be done between the two, an upload.
   */
  exports.addAndSendMsgToChat = (chat, data, beforeSend) => {
    const added = Promise.resolve(data).then((values) => messages.addOwn(chat, values));
    const ready = beforeSend === undefined ? added : added.then(beforeSend).then(() => added);
    const outcome = inTurn(chat, ready).then(
      (message) => require('WAWebSendMsgRecordAction').sendMsgRecord(message),
      (error) => {
        if (error instanceof UploadFailed) {
          return outcomeOfFailure;
        }
        throw error;
      },
    );
    outcome.catch((error) => console.warn('send failed', error));
    return [added, outcome];
  };
});
