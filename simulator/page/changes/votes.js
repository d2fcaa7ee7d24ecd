'use strict';

/* Votes in polls: one per poll and person, in a store of their own, with what is chosen encrypted at rest. */
__d('WAWebPollsVotesSchema', (require, exports) => {
  const { messageTable, VOTES } = require('SimMessageTable');
  const { mask } = require('SimRows');

  const opened = (row) => ({ ...row, selectedOptionLocalIds: mask(new Uint8Array(row.selectedOptionLocalIds)).buffer });

  /* By some keys: of polls (`parentMsgKey`), or of polls and people (`parentMsgKey`, `sender`). */
  async function anyOf(names, keys) {
    const wanted = keys.map((key) => [key].flat().map(String));
    const polls = [...new Set(wanted.map(([poll]) => poll))];
    const found = await Promise.all(polls.map((poll) => messageTable.addedTo(VOTES, poll)));
    const matches = (row) => wanted.some((key) => names.every((name, index) => row[name] === key[index]));
    return found.flat().filter(matches).map(opened);
  }

  /* Libraries know this function by the table's name in it, in double quotes. */
  exports.getTable = () => ({ name: "poll-votes", anyOf, equals: (names, key) => anyOf(names, [key]) });
});

__d('WAWebPollsDbSerialization', (require, exports) => {
  const { createWid } = require('WAWebWidFactory');
  const MsgKey = require('WAWebMsgKey').default;

  exports.dbRowFromVote = (vote) => ({
    ...vote,
    msgKey: String(vote.msgKey),
    parentMsgKey: String(vote.parentMsgKey),
    sender: String(vote.sender),
    selectedOptionLocalIds: new Uint8Array(vote.selectedOptionLocalIds).buffer,
  });
  exports.voteFromDbRow = (row) => ({
    ...row,
    msgKey: MsgKey.fromString(row.msgKey),
    parentMsgKey: MsgKey.fromString(row.parentMsgKey),
    sender: createWid(row.sender),
    selectedOptionLocalIds: [...new Uint8Array(row.selectedOptionLocalIds)],
  });
});

/* Libraries put their own function here, and tell of the votes that pass. */
__d('WAWebDBPollsUpsertVotes', (require, exports) => {
  exports.upsertVotesDb = (votes) => require('SimVotes').store(votes);
});

__d('SimVotes', (require, exports) => {
  const { messageTable, VOTES } = require('SimMessageTable');
  const { dbRowFromVote } = require('WAWebPollsDbSerialization');
  const { mask } = require('SimRows');
  const MsgKey = require('WAWebMsgKey').default;

  exports.store = async (votes) => {
    for (const row of votes.map(dbRowFromVote)) {
      const sealed = mask(new Uint8Array(row.selectedOptionLocalIds)).buffer;
      await messageTable.putAdded(VOTES, { ...row, selectedOptionLocalIds: sealed }, 'senderTimestampMs');
    }
    return votes;
  };

  exports.arrived = async (item) => {
    const keys = require('SimMessages').keysOf(item.parent).map(String);
    const poll = (await messageTable.find(keys)).find(Boolean);
    const vote = {
      msgKey: MsgKey.fromString(item.key),
      parentMsgKey: MsgKey.fromString(poll?.id ?? item.parent),
      sender: require('SimReactions').senderOf(item),
      selectedOptionLocalIds: item.fields.selectedOptionLocalIds,
      senderTimestampMs: item.t_ms,
      t: item.t,
      ack: item.ack,
      read: false,
    };
    await (item.silent ? exports.store([vote]) : require('WAWebDBPollsUpsertVotes').upsertVotesDb([vote]));
  };
});
