'use strict';

/* Sending: store, hand to the server, take its ack; and again for what was left without one. */
__d('WAWebSendMsgChatAction', (require, exports) => {
  const { wire, NetworkError } = require('SimWire');
  const { session } = require('SimSession');
  const { SendMsgResult } = require('WAWebSendMsgResult');
  const { ACK } = require('WAWebAck');
  const messages = require('SimMessages');

  const underWay = new Map();

  const networkError = () => ({ messageSendResult: SendMsgResult.ERROR_NETWORK, t: null, count: null });

  async function refused(message, how) {
    if (how === 'network') {
      return networkError();
    }
    message.ack = ACK.FAILED;
    await messages.save(message);
    if (how === 'throw') {
      throw new Error('sendMsg failed');
    }
    const result = { messageSendResult: SendMsgResult.ERROR_UNKNOWN, t: null, count: null };
    return how === '463' ? { ...result, errorCode: 463 } : result;
  }

  async function handOver(message) {
    if (!session.online) {
      return networkError();
    }
    const { id, body } = message;
    let answer;
    try {
      const ask = { wid: String(id.remote), id: id.id, body };
      answer = await wire.ask('send', ask, session.settings.send_timeout_ms);
    } catch (error) {
      if (error instanceof NetworkError) {
        return networkError();
      }
      return refused(message, 'unknown');
    }
    if (answer.refused !== undefined) {
      return refused(message, answer.refused);
    }
    messages.raiseAck(String(id), ACK.SENT).catch((error) => console.error('ack not stored', error));
    messages.tellSeen(answer.rev);
    return { messageSendResult: SendMsgResult.OK, t: answer.t, count: null };
  }

  /* Hand a message to the server; while it is on its way, a second call waits for the first. */
  function transmit(message) {
    const key = String(message.id);
    let way = underWay.get(key);
    if (way === undefined) {
      way = handOver(message).finally(() => underWay.delete(key));
      underWay.set(key, way);
    }
    return way;
  }

  /* Add a message to its chat and send it; returns at once the promises of the stored message and of the outcome. */
  exports.addAndSendMsgToChat = (chat, values) => {
    const message = messages.addOwn(chat, values);
    const stored = messages.save(message).then(() => message);
    const outcome = stored.then(() => transmit(message));
    outcome.catch((error) => console.warn('send failed', error));
    return [stored, outcome];
  };

  /* Send again what the server hasn't acknowledged, oldest first, as the real page does once it is back online. */
  exports.resendPending = async () => {
    const { store } = require('SimStore');
    if (!session.settings.page_resends || !session.online) {
      return;
    }
    const pending = (await store.getPending()).sort((one, other) => one.t - other.t);
    for (const record of pending) {
      if (!session.online) {
        return;
      }
      if (!underWay.has(record.key)) {
        await transmit(messages.materialise(record));
      }
    }
  };

  let running = Promise.resolve();
  const resend = () => {
    running = running.then(() => exports.resendPending()).catch((error) => console.error('resend failed', error));
  };
  session.on('up_to_date', resend);

  let timer = null;
  session.on('settings', () => {
    clearInterval(timer);
    timer = setInterval(resend, Math.max(100, session.settings.resend_ms));
  });
});
