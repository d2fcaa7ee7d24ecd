'use strict';

/*
 * Reactions: one per message and person, in a store of their own. One that is taken back stays there with an empty text.
 */
__d('WAWebDBGetReactions', (require, exports) => {
  const { messageTable, REACTIONS } = require('SimMessageTable');
  const MsgKey = require('WAWebMsgKey').default;

  exports.REVOKED_REACTION_TEXT = '';

  /* The reactions to a message (its key as a text), by emoji. */
  exports.getReactions = async (parentKey) => {
    const found = await messageTable.addedTo(REACTIONS, String(parentKey));
    const standing = found.filter(({ reactionText, orphan }) => reactionText !== '' && orphan !== 1);
    const byMe = standing.find(({ msgKey }) => MsgKey.fromString(msgKey).fromMe) ?? null;
    const emojis = [...new Set(standing.map(({ reactionText }) => reactionText))];
    return {
      reactions: emojis.map((emoji) => ({
        aggregateEmoji: emoji,
        hasReactionByMe: byMe?.reactionText === emoji,
        senders: standing.filter(({ reactionText }) => reactionText === emoji),
      })),
      reactionByMe: byMe,
    };
  };
});

/* What the screen does with a reaction that is stored: libraries put their own function here, and tell of it. */
__d('WAWebReactionsMsgAction', (require, exports) => {
  exports.addOrUpdateReactionsModelCollection = async () => undefined;
});

__d('SimReactions', (require, exports) => {
  const { messageTable, REACTIONS } = require('SimMessageTable');
  const { MsgCollection } = require('WAWebMsgCollection');
  const { createWid } = require('WAWebWidFactory');
  const rows = require('SimRows');

  /* Who put something to a message: in a group the author, between two the contact or oneself. */
  exports.senderOf = (item) => {
    const remote = createWid(item.wid);
    return item.author ? createWid(item.author) : item.from_me ? rows.ownWid(remote) : remote;
  };

  /* First the store, then the screen, where events come from. */
  exports.arrived = async (item) => {
    const keys = require('SimMessages').keysOf(item.parent).map(String);
    const parent = (await messageTable.find(keys)).find(Boolean);
    const row = {
      msgKey: item.key,
      parentMsgKey: parent?.id ?? item.parent,
      senderUserJid: String(exports.senderOf(item)),
      reactionText: item.fields.body,
      timestamp: item.t_ms,
      orphan: parent === undefined ? 1 : 0,
      orphanReason: parent === undefined ? 'ParentMsgMissing' : undefined,
      read: false,
      ack: item.ack,
      t: item.t,
    };
    await messageTable.putAdded(REACTIONS, row, 'timestamp');
    const { reactions } = await require('WAWebDBGetReactions').getReactions(row.parentMsgKey);
    await messageTable.update(row.parentMsgKey, (old) => ({ ...old, hasReaction: reactions.length > 0 }));
    MsgCollection.get(row.parentMsgKey)?.setQuietly({ hasReaction: reactions.length > 0 });
    if (require('SimInbound').isShown(item)) {
      const { addOrUpdateReactionsModelCollection } = require('WAWebReactionsMsgAction');
      await addOrUpdateReactionsModelCollection(row, { allowNotify: true });
    }
  };
});

/* The owner's own reaction: it has a key of its own, and is stored here once the server has it. */
__d('WAWebSendReactionMsgAction', (require, exports) => {
  const { SendMsgResult } = require('WAWebSendMsgResult');
  const MsgKey = require('WAWebMsgKey').default;

  /* text: an emoji; empty to take the former one back. Rejects where the server refuses it. */
  exports.sendReactionToMsg = async (message, text) => {
    const id = await MsgKey.newId();
    const answer = await require('SimOutbox').change('react', message, id, text).catch(() => ({ refused: 'throw' }));
    if (answer.refused !== undefined) {
      throw new Error('Reaction send error');
    }
    await require('SimReactions').arrived(answer.item);
    return { messageSendResult: SendMsgResult.OK, t: answer.t };
  };
});
