'use strict';

/* Sending again under the same key: on demand as the real page does, or by itself where a test wants that. */
__d('WAWebResendMsgAction', (require, exports) => {
  const messages = require('SimMessages');

  /* Send a failed message again; resolves with the outcome's name, or with undefined for one that hasn't failed. */
  exports.resendMsg = async (message) => {
    if (!require('WAWebMsgGetters').getIsFailed(message)) {
      return undefined;
    }
    await messages.change(message, { ack: 0, isSendFailure: false });
    if (message.mediaData !== undefined && !message.directPath) {
      const { upload, outcomeOfFailure } = require('SimMediaSending');
      const uploaded = await upload(message).then(() => true, () => false); // where the page still has the bytes
      if (!uploaded) {
        return outcomeOfFailure.messageSendResult;
      }
    }
    const { messageSendResult } = await require('WAWebSendMsgRecordAction').sendMsgRecord(message);
    return messageSendResult;
  };
});

/* The other way (`page_resends`): what is left at ack 0 is sent again after a reload and every `resend_ms`. */
__d('SimResending', (require, exports) => {
  const { session } = require('SimSession');
  const { messageTable } = require('SimMessageTable');
  const { MsgCollection } = require('WAWebMsgCollection');
  const messages = require('SimMessages');
  const outbox = require('SimOutbox');

  const isLeft = (message) => message.id.fromMe && message.ack === 0 && !outbox.holds(message.id);

  async function resend(left) {
    for (const message of left) {
      if (session.settings.page_resends && session.online && isLeft(message)) {
        await require('WAWebSendMsgRecordAction').sendMsgRecord(message);
      }
    }
  }

  async function fromTable() {
    if (session.settings.page_resends) {
      const rows = await messageTable.rows();
      const left = rows.filter((row) => row.id.startsWith('true_') && row.ack === 0 && row.type !== 'protocol');
      await resend(left.sort((one, other) => one.rowId - other.rowId).map(messages.materialise));
    }
  }

  let running = Promise.resolve();
  const inTurn = (work) => {
    running = running.then(work).catch((error) => console.error('resend failed', error));
  };

  let timer = null;
  exports.start = () => {
    session.on('up_to_date', () => inTurn(fromTable));
    session.on('settings', () => {
      clearInterval(timer);
      if (session.settings.page_resends) {
        timer = setInterval(() => inTurn(() => resend(MsgCollection.filter(isLeft))), session.settings.resend_ms);
      }
    });
  };
});
