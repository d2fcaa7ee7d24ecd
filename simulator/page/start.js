'use strict';

/* Start: read the store, then connect. */
__d('SimStart', (require, exports) => {
  async function start() {
    const { store } = require('SimStore');
    await store.open();
    await require('SimAccount').account.load(); // first: libraries soon ask whether the page is linked
    await require('SimMessageTable').messageTable.open();
    await require('SimDirectory').load();
    await require('SimChats').load();
    await require('SimGroups').load();
    require('SimBallast');
    require('SimInbound');
    require('WAWebSendMsgChatAction');
    require('SimResending').start();
    require('SimGroups').start();
    require('SimDeleting').start();
    require('SimScreen').start();
    require('SimFaults').start();
    require('SimAvailability').start();
    require('SimUpdates').start();
    require('SimSession').session.start();
  }

  exports.start = () => start().catch((error) => {
    console.error('the page could not start', error);
    require('WAWebBackendEventBus').BackendEventBus.trigger('storage_initialization_error');
  });
});

require('SimStart').start();
