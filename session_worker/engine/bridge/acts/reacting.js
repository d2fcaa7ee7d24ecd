/**
 * Reactions of ours. WhatsApp keeps one per message and person, so repeating one is harmless.
 *
 * @import { SeenReaction } from '../types'
 */

/** Keys of messages to which this page is putting a reaction: it is told once the server has it. @type {Set<string>} */
const reactingTo = new Set();

/** Our reaction to a message, as its store has it; one that is taken back has an empty text. @param {string} key */
const ownReactionRow = async (key) => {
  const database = await openDatabase();
  try {
    const rows = await childrenOf(database, 'reactions', bothForms(key));
    return rows.find(({ senderUserJid }) => isOwn(senderUserJid)) ?? null;
  } finally {
    database.close();
  }
};

/** @param {{key: string, emoji: string}} asked @returns {Promise<ReactionFacts>} */
const react = async ({ key, emoji }) => {
  const message = await messageToActOn(key);
  const parent = message.id.toString();
  reactingTo.add(parent);
  try {
    await known('functions.sendReactionToMsg')(message, emoji);
    const row = await ownReactionRow(parent);
    if (row === null) {
      // Nothing was there to take back.
      return reactionOf({ key: '', parent, emoji, sender: WPP.conn.getMyUserId(), at: Date.now() });
    }
    return { ...(await reactionOfRow(row)), emoji };
  } catch (error) {
    if (error instanceof Error && error.message === 'Reaction send error') {
      throw new BridgeError('REFUSED_BY_WHATSAPP');
    }
    throw error;
  } finally {
    reactingTo.delete(parent);
  }
};

/** @param {{key: string, emoji: string}} asked @returns {Promise<SeenReaction>} */
const lookUpReaction = async ({ key, emoji }) => {
  const row = await ownReactionRow(key);
  if (row === null) {
    return { ...NOTHING_SEEN, absent: true, change: null };
  }
  const change = await reactionOfRow(row);
  if (change.emoji !== emoji) {
    return { ...NOTHING_SEEN, absent: true, change: null };
  }
  return { ...seenByAck(row.ack), change };
};
