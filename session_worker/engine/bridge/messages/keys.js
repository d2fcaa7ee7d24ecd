/** A message's key: in which chat it stands, under which id, and in a group who wrote it. */

/** @typedef {{chat_id: string, key: string}} KeyedMessage */

/** The linked phone's own id: its LID or its number. @param {boolean} byLid */
const ownWid = (byLid) => {
  const me = /** @type {any} */ (known('UserPrefs'));
  return (byLid && me.getMaybeMeLidUser()) || me.getMaybeMePnUser();
};

/**
 * A chat with a person; or a group, by its id alone.
 * @param {string[]} forms of the recipient's number @returns {Promise<KeyedMessage>}
 */
const prepare = async (forms) => {
  if (forms[0]?.endsWith('@g.us')) {
    return prepareForGroup(forms[0]);
  }
  const wid = await widOf(forms);
  if (wid === null) {
    throw new BridgeError('NOT_ON_WHATSAPP');
  }
  // The chat may carry another id than the number (…@lid): the key is made from the chat.
  const chat = await WPP.chat.find(wid);
  const key = await WPP.chat.generateMessageID(chat);
  return { chat_id: chat.id.toString(), key: key.toString() };
};

/**
 * wa-js names the own LID in every group's key; WhatsApp does so only where the group addresses its members by LIDs, and
 * refuses the other kind (421).
 * @param {string} groupId @returns {Promise<KeyedMessage>}
 */
const prepareForGroup = async (groupId) => {
  if (!isReady()) {
    throw new BridgeError('NOT_CONNECTED', 'WhatsApp could not be asked');
  }
  const chat = await groupOf(groupId);
  const own = ownWid(isLidAddressed(chat));
  const MsgKey = known('MsgKey');
  const id = await known('functions.randomMessageId')();
  const key = new MsgKey(/** @type {any} */ ({ from: own, to: chat.id, id, participant: own, selfDir: 'out' }));
  return { chat_id: chat.id.toString(), key: key.toString() };
};

/** The chat of a group of which the number is a member. @param {string} groupId */
const groupOf = async (groupId) => {
  const isKnown = Boolean(known('ChatStore').get(groupId)); // the page has the chats of all groups from its first sync on
  let chat;
  try {
    chat = await WPP.chat.find(groupId);
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    const isRefused = status === 403 || status === 404; // by WhatsApp's server: no member any more, or no such group
    throw (isKnown && !isRefused) || !isReady() ? error : new BridgeError('NOT_IN_GROUP');
  }
  const members = chat.groupMetadata?.participants?.getModelsArray?.() ?? [];
  if (members.length > 0 && !members.some(({ id }) => isOwn(id))) {
    throw new BridgeError('NOT_IN_GROUP');
  }
  return chat;
};

/** @param {any} chat of a group */
const isLidAddressed = (chat) => Boolean(chat.groupMetadata?.isLidAddressingMode);

/** @param {string} key */
const formsOf = (key) => {
  const other = otherForm(key);
  return other === null ? [key] : [key, other];
};

/** The other address of a person, the linked phone's own included; null where the page knows none. @param {WhatsApp.Wid} wid */
const otherAddress = (wid) => {
  if (isOwn(wid)) {
    return ownWids().find((own) => own !== wid.toString()) ?? null;
  }
  const cache = known('lidPnCache');
  return (wid.isLid() ? cache.getPhoneNumber(wid) : cache.getCurrentLid(wid))?.toString() ?? null;
};

/**
 * A key with the other address of the one whom it names: rows and receipts may name a chat, and in a group a writer, by
 * number or by LID.
 * @param {string} key
 */
const otherForm = (key) => {
  const [from, remote = '', id, participant] = key.split('_');
  const named = known('WidFactory').createWid(participant ?? remote);
  const other = named.isGroup() ? null : otherAddress(named);
  if (other === null) {
    return null;
  }
  return participant ? `${from}_${remote}_${id}_${other}` : `${from}_${other}_${id}`;
};
