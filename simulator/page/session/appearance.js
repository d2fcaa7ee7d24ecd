'use strict';

/* From a few facts follows what Socket and Stream show; nothing else sets them. */
__d('SimAppearance', (require, exports) => {
  exports.appearance = (facts) => {
    const { registered, connected, pairing, synced, upToDate, ref, idle, conflict, block } = facts;
    if (block !== null) {
      return { state: block, mode: block, info: 'NORMAL' };
    }
    if (conflict) {
      return { state: 'CONFLICT', mode: 'CONFLICT', info: 'NORMAL' };
    }
    if (pairing) {
      return { state: 'PAIRING', mode: 'SYNCING', info: 'PAIRING' };
    }
    if (!registered) {
      if (idle) {
        return { state: 'UNPAIRED_IDLE', mode: 'QR', info: 'NORMAL' };
      }
      if (ref !== null) {
        return { state: 'UNPAIRED', mode: 'QR', info: 'NORMAL' };
      }
      return { state: 'OPENING', mode: 'QR', info: connected ? 'OPENING' : 'OFFLINE' };
    }
    if (!connected) {
      return { state: 'OPENING', mode: synced ? 'MAIN' : 'OFFLINE', info: 'OFFLINE' };
    }
    if (!synced) {
      return { state: 'CONNECTED', mode: 'SYNCING', info: 'SYNCING' };
    }
    return upToDate
      ? { state: 'CONNECTED', mode: 'MAIN', info: 'NORMAL' }
      : { state: 'OPENING', mode: 'MAIN', info: 'RESUMING' };
  };
});
