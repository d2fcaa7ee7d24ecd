/** Who is on WhatsApp, in which chat a number is written to, and that a chat was read. */

/** Whether WhatsApp can be asked right now. */
const isReady = () =>
  WPP.conn.isRegistered() &&
  WPP.conn.getStreamData().mode === 'MAIN' &&
  known('Socket').state === 'CONNECTED' &&
  WPP.conn.isOnline();

/**
 * The id under which WhatsApp knows a phone; null: it said of every form of its number that there is none.
 * @param {string[]} forms as `shared.recipient_key` gives them
 */
const widOf = async (forms) => {
  for (const number of forms) {
    const wid = await widOfForm(number);
    if (wid !== null) {
      return wid;
    }
  }
  return null;
};

/**
 * The id under which WhatsApp knows one form of a number; null: it said that there is none.
 *
 * wa-js answers null for failed requests too, and keeps it for 15 s. So its null is only a hint: WhatsApp's own
 * function, which throws where it can't ask, has the last word.
 * @param {string} number
 */
const widOfForm = async (number) => {
  const before = isReady();
  const hinted = await WPP.contact.queryWidExists(`${number}@c.us`);
  if (hinted !== null) {
    return hinted.wid;
  }
  if (!before) {
    throw new BridgeError('NOT_CONNECTED', 'WhatsApp could not be asked');
  }
  const wid = known('WidFactory').createWid(`${number}@c.us`);
  const answer = await known('functions.queryWidExists')(wid);
  if (!answer && !isReady()) {
    throw new BridgeError('NOT_CONNECTED', 'WhatsApp could not be asked');
  }
  return answer ? answer.wid : null;
};

/**
 * Opens the chat that a message to the phone would go to, on this page alone: nothing is sent, nobody sees it.
 * @param {string[]} forms @returns {Promise<{exists: boolean, chat_id: string | null}>}
 */
const findContact = async (forms) => {
  const wid = await widOf(forms);
  if (wid === null) {
    return { exists: false, chat_id: null };
  }
  const chat = await WPP.chat.find(wid).catch(() => null); // that the number exists is known all the same
  return { exists: true, chat_id: chat?.id.toString() ?? null };
};

/**
 * Those who wrote in a chat see that it was read, also while the number does not count as in use. WhatsApp Web does it
 * for chats that are open on the page, so it is opened, on this page alone.
 * @param {string} chatId
 */
const markRead = async (chatId) => {
  known('functions.sendSeen');
  await WPP.chat.find(chatId);
  await WPP.chat.markIsRead(chatId);
  return null;
};
