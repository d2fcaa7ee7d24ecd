'use strict';

/* What the page keeps besides its messages: the device's identity and login, chats and contacts. */
__d('SimStore', (require, exports) => {
  const { Database, settled, completed } = require('SimDatabase');

  class Store extends Database {
    constructor() {
      super('simulator-web', 4, ['chats', 'contacts', 'pushnames', 'groups'], (database) => {
        const known = database.objectStoreNames;
        if (known.contains('messages')) {
          database.deleteObjectStore('messages'); // of profiles from before; messages have a database of their own
        }
        if (!known.contains('meta')) {
          database.createObjectStore('meta');
          database.createObjectStore('chats', { keyPath: 'wid' });
          database.createObjectStore('contacts', { keyPath: 'number' });
        }
        if (!known.contains('pushnames')) {
          database.createObjectStore('pushnames', { keyPath: 'wid' });
        }
        if (!known.contains('groups')) {
          database.createObjectStore('groups', { keyPath: 'wid' });
        }
      });
    }

    async getMeta(name) {
      return settled(this.objects('meta').get(name));
    }

    /* Keep a fact so that not even a power cut after the returned promise loses it. */
    async putMeta(name, value) {
      const transaction = this.transaction('meta', 'readwrite', { durability: 'strict' });
      transaction.objectStore('meta').put(value, name);
      return completed(transaction);
    }
  }

  exports.store = new Store();
});
