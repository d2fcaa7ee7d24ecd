'use strict';

/* What WhatsApp says of how much this account may write to people it hasn't written to before. */
__d('WAWebMexFetchReachoutTimelockJob', (require, exports) => {
  const { wire } = require('SimWire');
  exports.mexFetchReachoutTimelock = async () => (await wire.ask('limits')).time_lock;
});

__d('WAWebMexFetchNewChatMessageCappingInfoJob', (require, exports) => {
  const { wire } = require('SimWire');
  exports.mexFetchNewChatMessageCapping = async () => (await wire.ask('limits')).cap;
});
