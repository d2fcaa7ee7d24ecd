/** A message from its hand-over to its acknowledgements. */

/** @typedef {{ack: number, unsent: boolean, revoked: boolean}} FoundMessage */

/**
 * Keys that can have reached the server once at most: handed over, not answered, and the connection held all the time.
 * Only then does a refusal say that nothing arrived; the page sends again by itself once a lost connection is back.
 */
const onlyCopies = new Set();

/** Keys that this page was handed, and whose event is awaited. */
const handedOver = new Set();

/** Keys whose refusal was told since they were last sent: page and outcome may both show it. */
const refused = new Set();

/** @param {string} key @param {string} [refusal] WhatsApp's code */
const tellRefusal = (key, refusal = '') => {
  refused.add(key);
  tell({ kind: 'ack', key, ack: onlyCopies.has(key) ? -1 : -2, refusal });
};

/** @param {{messageSendResult: string, ackErrorCode?: number | string}} outcome @param {string} key */
const takeOutcome = ({ messageSendResult: result, ackErrorCode: code }, key) => {
  // A failed network is no refusal: the page holds the message unsent, which a look-up will tell.
  if (result !== 'OK' && result !== 'ERROR_NETWORK' && !refused.has(key)) {
    tellRefusal(key, code === undefined ? '' : String(code));
  }
};

/**
 * Resolves once the message stands in the page's database: `taken`, or `known` where it stood there before.
 *
 * These are the two steps of all that wa-js sends; its own functions give the server's answer only to those who wait for
 * it. Without a link preview, which wa-js would fetch through other people's servers, and without marking the chat
 * as read, which nobody did. Media were uploaded before: nothing is done between the two.
 * @param {Handing} handing
 */
const handOver = async (handing) => {
  const { chat_id: chatId, key } = handing;
  await holdAvailability();
  const chat = await WPP.chat.find(chatId);
  const made = await rawOf(chat, handing);
  const raw = await WPP.chat.prepareRawMessage(chat, made.raw, made.options);
  if ((await modelOf(key)) !== null) {
    return 'known';
  }
  refused.delete(key);
  onlyCopies.add(key);
  handedOver.add(key);
  const [added, outcome] = await whatsapp.functions.addAndSendMsgToChat(chat, raw);
  outcome.then(
    (told) => takeOutcome(told, key),
    () => undefined, // no answer is no refusal: a look-up will tell
  ).finally(() => onlyCopies.delete(key));
  try {
    await added;
  } catch (error) {
    // The page refuses a key that its database has (DuplicateMessageError). Its database has the last word.
    if ((await modelOf(key)) !== null) {
      return 'known';
    }
    throw error;
  }
  return 'taken';
};

/**
 * Sends a message again that the page gave up on, as a person's click on "resend" does: the same row, the same key.
 * Resolves once the page has begun.
 * @param {KeyedMessage} message
 */
const resend = async ({ key }) => {
  const message = await modelOf(key);
  if (message === null || !isUnsent(message)) {
    throw new BridgeError('NOT_UNSENT', 'the page does not hold this message unsent');
  }
  const own = message.id.toString();
  refused.delete(own);
  onlyCopies.delete(own);
  const outcome = known('WAWebResendMsgAction.resendMsg')(message);
  outcome.then(
    (/** @type {string | undefined} */ result) => result && takeOutcome({ messageSendResult: result }, own),
    () => undefined,
  );
  return null;
};

/** Whether no page sends it by itself any more. @param {WhatsApp.MsgModel & {isSendFailure?: boolean}} message */
const isUnsent = (message) => (message.ack ?? 0) < 0 || (!message.ack && message.isSendFailure === true);

/** @param {KeyedMessage} message @returns {Promise<FoundMessage | null>} */
const lookUp = async ({ key }) => {
  const message = await modelOf(key);
  if (message !== null) {
    return {
      ack: message.ack ?? 0,
      unsent: isUnsent(message),
      revoked: message.type === 'revoked',
    };
  }
  const revoked = await isRevoked(key);
  return revoked ? { ack: 1, unsent: false, revoked } : null;
};

/**
 * A message out of the page's database, loaded chat or not, under either address of its chat; null: it isn't there.
 * @param {string} key @returns {Promise<(WhatsApp.MsgModel & {isSendFailure?: boolean}) | null>}
 */
const modelOf = async (key) => {
  for (const form of formsOf(key)) {
    const known = whatsapp.MsgStore.get(form);
    if (known) {
      return known;
    }
  }
  const { messages } = await whatsapp.MsgStore.getMessagesById(formsOf(key));
  return messages.find(Boolean) ?? null;
};

/**
 * Whether a message was deleted for everyone: its row then stands under the key of that deletion and names its own in
 * `protocolMessageKey`, which WhatsApp Web indexes.
 * @param {string} key @returns {Promise<boolean>}
 */
const isRevoked = async (key) => {
  const database = await openDatabase();
  try {
    const rows = database.transaction('message').objectStore('message');
    if (!rows.indexNames.contains('protocolMessageKey')) {
      return false;
    }
    const index = rows.index('protocolMessageKey');
    const counts = await Promise.all(formsOf(key).map((form) => settled(index.count(form))));
    return counts.some((count) => count > 0);
  } finally {
    database.close();
  }
};

/** @param {string} key @param {number} ack */
const tellAck = (key, ack) => {
  for (const form of formsOf(key)) {
    tell({ kind: 'ack', key: form, ack, refusal: '' });
  }
};

WPP.on('chat.msg_ack_change', ({ ack, ids }) => {
  for (const id of ids.filter((one) => one.fromMe && !one.remote.isGroup())) {
    tellAck(id.toString(), ack);
  }
});

WPP.loader.onInjected(() => {
  // wa-js tells nothing of refusals that come when a message is sent again.
  whatsapp.MsgStore.on('change:ack', (/** @type {WhatsApp.MsgModel} */ message) => {
    const key = message.id.toString();
    const ack = message.ack ?? 0;
    if (message.id.fromMe && ack < 0 && !onlyCopies.has(key)) {
      tellRefusal(key);
    }
    // wa-js names the member whose receipt it is in a group's keys, and one member's is not the message's.
    if (message.id.fromMe && ack > 0 && message.id.remote.isGroup()) {
      tellAck(key, ack);
    }
  });
  whatsapp.Socket.on('change:state', () => {
    if (whatsapp.Socket.state !== 'CONNECTED') {
      onlyCopies.clear();
    }
  });
});
