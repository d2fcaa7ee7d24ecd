'use strict';

/* The message that another one answers: from memory, or what the answer itself says of it. */
__d('WAWebQuotedMsgModelUtils', (require, exports) => {
  const { MsgCollection } = require('WAWebMsgCollection');
  const { Msg } = require('WAWebMsgModel');
  const { isMeAccount } = require('WAWebUserPrefsMeUser');
  const MsgKey = require('WAWebMsgKey').default;

  exports.getQuotedMsgObj = ({ id, quotedStanzaID, quotedParticipant, quotedMsg }) => {
    if (!quotedStanzaID || !quotedMsg) {
      return undefined;
    }
    const key = new MsgKey({
      fromMe: isMeAccount(quotedParticipant),
      remote: id.remote,
      id: quotedStanzaID,
      participant: id.remote.isGroup() ? quotedParticipant : undefined,
    });
    return MsgCollection.get(key) ?? new Msg({ ...quotedMsg, id: key });
  };
});

/* What can be answered: not what was deleted, what can't be read yet, what never left. */
__d('WAWebCanReplyMsg', (require, exports) => {
  const UNANSWERABLE = new Set(['revoked', 'ciphertext', 'protocol', 'call_log']);

  exports.canReplyMsg = ({ id, type, ack }) => !UNANSWERABLE.has(type) && !(id.fromMe && ack < 1);
});

/* What a message that answers another one says of it. */
__d('SimQuotes', (require, exports) => {
  const { QUOTED } = require('SimContents');
  const { createWid } = require('WAWebWidFactory');
  const rows = require('SimRows');

  exports.contextOf = (message, chatWid) => {
    const { id, author } = message;
    const sender = id.fromMe ? rows.ownWid(id.remote) : (author ?? id.participant ?? id.remote);
    const elsewhere = chatWid !== undefined && !id.remote.equals(chatWid);
    return {
      quotedMsg: { ...rows.pick(message, QUOTED), ...rows.pick(message, ['filehash', 'directPath', 'mediaKey']) },
      quotedStanzaID: id.id,
      quotedParticipant: createWid(String(sender)),
      ...(elsewhere ? { quotedRemoteJid: id.remote } : {}),
    };
  };
});
