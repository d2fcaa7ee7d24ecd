/** A message from its key to its acknowledgements. */

/** @param {string} number @returns {Promise<{chat_id: string, key: string}>} */
const prepare = async (number) => {
  const wid = await widOf(number);
  if (wid === null) {
    throw new BridgeError('NOT_ON_WHATSAPP');
  }
  // The chat may carry another id than the number (…@lid): the key is made from the chat.
  const chat = await WPP.chat.find(wid);
  const key = await WPP.chat.generateMessageID(chat);
  return { chat_id: chat.id.toString(), key: key.toString() };
};

/** Keys of which the server has not answered the first copy yet; what it answers then is about no other copy. */
const firstCopies = new Set();

/** Keys whose refusal was told since they were last handed over: page and outcome may both show it. */
const refused = new Set();

/** The page sends again by itself: only a refusal of the first copy says that nothing arrived. @param {string} key */
const tellRefusal = (key) => {
  refused.add(key);
  tell({ kind: 'ack', key, ack: firstCopies.has(key) ? -1 : -2 });
};

/**
 * Resolves once the page holds the message.
 *
 * These are the two steps of `sendTextMessage`: that function gives the server's answer only to those who wait for
 * it. Without a link preview, which wa-js would fetch through other people's servers, and without marking the chat
 * as read, which nobody did.
 * @param {{chat_id: string, key: string, text: string}} message
 */
const handOver = async ({ chat_id: chatId, key, text }) => {
  await holdAvailability();
  const chat = await WPP.chat.find(chatId);
  const raw = await WPP.chat.prepareRawMessage(
    chat,
    { type: 'chat', body: text, subtype: null, urlText: null, urlNumber: null },
    { messageId: key },
  );
  refused.delete(key);
  if (!whatsapp.MsgStore.get(key)) {
    firstCopies.add(key);
  }
  const [added, outcome] = await whatsapp.functions.addAndSendMsgToChat(chat, raw);
  outcome.then(
    ({ messageSendResult }) => {
      // A message that the page marks as failed is told by its ack, below, unless it was marked already.
      if (isRefusal(messageSendResult) && !refused.has(key)) {
        tellRefusal(key);
      }
    },
    () => undefined, // no answer is no refusal: the acknowledgement will tell
  ).finally(() => firstCopies.delete(key));
  await added;
  return null;
};

/** A failed network is no refusal: the page sends again by itself. @param {`${WhatsApp.enums.SendMsgResult}`} result */
const isRefusal = (result) => result !== 'OK' && result !== 'ERROR_NETWORK';

/** @param {{chat_id: string, key: string}} message @returns {Promise<number | null>} */
const acknowledgement = async ({ chat_id: chatId, key }) => {
  await WPP.chat.find(chatId); // getMessageById knows only loaded chats
  try {
    const message = await WPP.chat.getMessageById(key);
    return message.ack ?? 0;
  } catch (error) {
    if (codeOf(error) === 'msg_not_found') {
      return null;
    }
    throw error;
  }
};

/** A key with the chat's other id, since a receipt may name the chat by number or by LID. @param {string} key */
const otherForm = (key) => {
  const [, remote, id] = key.split('_');
  const wid = whatsapp.WidFactory.createWid(remote);
  const other = wid.isLid()
    ? whatsapp.lidPnCache.getPhoneNumber(wid)
    : whatsapp.lidPnCache.getCurrentLid(wid);
  return other ? `true_${other.toString()}_${id}` : null;
};

WPP.on('chat.msg_ack_change', ({ ack, ids }) => {
  for (const id of ids.filter((one) => one.fromMe && !one.remote.isGroup())) {
    const key = id.toString();
    const other = whatsapp.MsgStore.get(key) ? null : otherForm(key);
    for (const form of other === null ? [key] : [key, other]) {
      tell({ kind: 'ack', key: form, ack });
    }
  }
});

// wa-js tells nothing of refusals that come later, when the page sends again by itself.
WPP.loader.onInjected(() => {
  whatsapp.MsgStore.on('change:ack', (/** @type {WhatsApp.MsgModel} */ message) => {
    if (message.id.fromMe && (message.ack ?? 0) < 0) {
      tellRefusal(message.id.toString());
    }
  });
});
