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
