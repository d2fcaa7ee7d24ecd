'use strict';

/* What the page does to itself when the server asks for it, so that a client sees how it copes. */
__d('SimFaults', (require, exports) => {
  const { wire } = require('SimWire');

  /* Keep the main thread busy, for ever if no time is given. */
  function hang(ms) {
    const end = ms === null ? Infinity : performance.now() + ms;
    while (performance.now() < end);
  }

  /* Ask for an array of more elements than the engine can hold in one piece: that ends the renderer, it doesn't throw. */
  function crash() {
    const part = new Array(1 << 24).fill(0);
    return new Array(10).fill(part).flat();
  }

  /* Memory first: an acknowledgement that comes meanwhile must not write down again what is being forgotten. */
  async function wipeLocalStore() {
    require('WAWebMsgCollection').MsgCollection.reset();
    require('WAWebChatCollection').ChatCollection.reset();
    require('WAWebContactCollection').ContactCollection.reset();
    require('WAWebGroupMetadataCollection').default.reset();
    await Promise.all([
      require('SimMessageTable').messageTable.forget(),
      require('SimStore').store.clear('chats', 'contacts', 'pushnames', 'groups'),
    ]);
  }

  exports.start = () => {
    wire.on('act', ({ kind, value }) => {
      const acts = {
        hang_page: () => hang(value),
        crash_page: crash,
        detach: () => location.reload(),
        self_reload: () => location.reload(),
        wipe_local_store: wipeLocalStore,
        migrate_to_lid: () => require('SimLidMigration').migrate(),
      };
      setTimeout(acts[kind], 0);
    });
  };
});
