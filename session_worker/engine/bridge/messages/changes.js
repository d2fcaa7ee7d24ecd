/**
 * What becomes of messages after they were written: edits, deletions for everyone, reactions, votes. None of them is a
 * row of its own. Events tell them; what happened while no event could is read from the stores, message by message.
 *
 * @import { ChangePage, EditFacts, ReactionFacts, RevokeFacts, VoteFacts } from '../types'
 */
const CHILDREN_WAIT_MS = 8_000;

/** The key of a message's chat and its id. @param {string} key */
const idOf = (key) => key.split('_')[2] ?? '';

/** @param {any} message @returns {EditFacts} */
const editOf = (message) => ({
  key: message.id.toString(),
  text: String(textOf(message)),
  change_id: keyText(message.latestEditMsgKey),
  at_ms: asMs(message.latestEditSenderTimestampMs),
});

/** A row that was deleted for everyone stands under the deletion's key. @param {any} row @returns {RevokeFacts} */
const revokedOf = (row) => ({
  key: keyText(row.protocolMessageKey),
  change_id: keyText(row.id),
  at_ms: asMs(row.revokeTimestamp ?? row.t),
});

/**
 * @param {{key: unknown, parent: unknown, emoji: unknown, sender: unknown, at: unknown}} told
 * @returns {Promise<ReactionFacts>}
 */
const reactionOf = async ({ key, parent, emoji, sender, at }) => {
  const on = keyText(parent);
  const own = isOwn(sender);
  return {
    key: keyText(key),
    parent: on,
    chat: chatOf(on),
    from_me: own,
    sender: own ? ownNumber() : await personOf(sender),
    emoji: String(emoji ?? ''),
    at_ms: asMs(at),
  };
};

/**
 * A vote has a key that not every way of learning of it tells: it is named by its poll, its moment and, in a group, its
 * voter.
 * @param {{poll: string, sender: unknown, at: unknown, options: string[]}} told @returns {Promise<VoteFacts>}
 */
const voteOf = async ({ poll, sender, at, options }) => {
  const own = isOwn(sender);
  const atMs = asMs(at);
  const chat = chatOf(poll);
  const voter = chat.endsWith('@g.us') ? `_${String(sender)}` : '';
  return {
    key: `${own}_${chat}_${idOf(poll)}-${atMs}${voter}`,
    poll,
    chat,
    from_me: own,
    sender: own ? ownNumber() : await personOf(sender),
    options,
    at_ms: atMs,
  };
};

WPP.on('chat.msg_edited', ({ msg }) => {
  if (isOfConversation(msg.id.toString()) && !editing.has(keyText(/** @type {any} */ (msg).latestEditMsgKey))) {
    tell({ kind: 'edit', edit: editOf(msg) });
  }
});

/** @param {unknown} key @param {unknown} changeId */
const tellRevoked = (key, changeId) => {
  const revoked = keyText(key);
  if (isOfConversation(revoked)) {
    const change = keyText(changeId);
    tell({ kind: 'deletion', deletion: { key: revoked, change_id: change, at_ms: Date.now() } });
  }
};

WPP.on('chat.msg_revoke', ({ refId, id }) => tellRevoked(refId, id));
WPP.loader.onInjected(() => {
  // A deletion changes the message's key; a chat that gets another address does so too.
  whatsapp.MsgStore.on('change:msgKey', (/** @type {any} */ { newKey, oldKey }) => {
    if (whatsapp.MsgStore.get(newKey)?.type === REVOKED) {
      tellRevoked(oldKey, newKey);
    }
  });
});

WPP.on('chat.new_reaction', async ({ id, msgId, reactionText, sender, timestamp }) => {
  const reaction = await reactionOf({ key: id, parent: msgId, emoji: reactionText, sender, at: timestamp });
  if (isOfConversation(reaction.parent) && !(reaction.from_me && reactingTo.has(reaction.parent))) {
    tell({ kind: 'reaction', reaction });
  }
});

WPP.on('chat.poll_response', async ({ msgId, selectedOptions, sender, timestamp }) => {
  const options = Object.values(/** @type {any} */ (selectedOptions)).filter(Boolean).map(({ name }) => String(name));
  const vote = await voteOf({ poll: keyText(msgId), sender, at: timestamp, options });
  if (isOfConversation(vote.poll)) {
    tell({ kind: 'vote', vote });
  }
});

/**
 * What a store has of some messages; nothing where the page has no such store.
 * @param {IDBDatabase} database @param {string} name @param {string[]} parents @returns {Promise<any[]>}
 */
const childrenOf = async (database, name, parents) => {
  if (parents.length === 0 || !database.objectStoreNames.contains(name)) {
    return [];
  }
  const store = database.transaction(name).objectStore(name);
  const children = (/** @type {string} */ parent) =>
    store.indexNames.contains('parentMsgKey')
      ? settled(store.index('parentMsgKey').getAll(parent))
      : settled(store.getAll(IDBKeyRange.bound([parent], [parent, []])));
  return (await within(Promise.all(parents.map(children)), CHILDREN_WAIT_MS)).flat();
};

/** @param {any} row @returns {Promise<ReactionFacts>} */
const reactionOfRow = async (row) => {
  const parent = keyText(row.parentMsgKey);
  let emoji = row.reactionText;
  if (typeof emoji !== 'string') {
    // The row keeps its content to itself: the page's own function opens it. One that is taken back is not among them.
    const { reactions } = await known('functions.getReactions')(parent);
    const all = reactions.flatMap(({ senders }) => senders);
    emoji = all.find(({ senderUserJid }) => String(senderUserJid) === String(row.senderUserJid))?.reactionText ?? '';
  }
  return reactionOf({ key: row.msgKey, parent, emoji, sender: row.senderUserJid, at: row.timestamp });
};

/** @param {any[]} rows of votes @param {Map<string, any>} polls @returns {Promise<VoteFacts[]>} */
const votesOf = async (rows, polls) => {
  const sealed = rows.some(({ selectedOptionLocalIds: ids }) => !Array.isArray(ids));
  const keys = [...polls.values()].map(({ id }) => id);
  /** @type {any[]} */
  const votes = sealed ? await whatsapp.functions.getVotes(keys) : rows;
  return Promise.all(
    votes.map(({ parentMsgKey, sender, senderTimestampMs: at, selectedOptionLocalIds: chosen }) => {
      const poll = keyText(parentMsgKey);
      const offered = polls.get(poll)?.pollOptions ?? [];
      const options = offered.filter((/** @type {any} */ { localId }) => chosen.includes(localId));
      return voteOf({ poll, sender, at, options: options.map((/** @type {any} */ { name }) => String(name)) });
    }),
  );
};

/** @param {{after_row_id: number, limit: number, since_ms: number}} asked @returns {Promise<ChangePage>} */
const readChanges = async (asked) => {
  const { wanted, span } = await rowsAfter(asked);
  const keys = wanted.map(({ id }) => keyText(id));
  const pollKeys = wanted.filter(({ type }) => type === 'poll_creation').map(({ id }) => keyText(id));
  const editedKeys = wanted.filter((row) => row.latestEditMsgKey).map(({ id }) => keyText(id));
  const database = await openDatabase();
  try {
    const reactions = await childrenOf(database, 'reactions', keys);
    const votes = await childrenOf(database, 'poll-votes', pollKeys);
    const messages = await hydrated([...new Set([...editedKeys, ...(votes.length > 0 ? pollKeys : [])])]);
    const edited = editedKeys.map((key) => messages.get(key)).filter((/** @type {any} */ message) => message?.latestEditMsgKey);
    const unsent = await unsentEdits(edited);
    const polls = new Map([...messages].filter(([key]) => pollKeys.includes(key)));
    return {
      ...span,
      revoked: wanted.filter((row) => row.type === REVOKED && row.protocolMessageKey).map(revokedOf),
      edited: edited.map(editOf).filter(({ change_id: changeId }) => !unsent.has(changeId)),
      reactions: await Promise.all(reactions.map(reactionOfRow)),
      votes: votes.length > 0 ? await votesOf(votes, polls) : [],
    };
  } finally {
    database.close();
  }
};
