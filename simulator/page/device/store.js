'use strict';

/*
 * What the page keeps in IndexedDB: the device's identity and login, chats, contacts and messages. A write is done when
 * its transaction is complete: from then on it survives a killed browser.
 */
__d('SimStore', (require, exports) => {
  const NAME = 'simulator-web';

  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  const completed = (transaction) =>
    new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });

  class Store {
    constructor() {
      this._database = null;
      this._waiting = [];
      this._writing = Promise.resolve();
    }

    async open() {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        const database = request.result;
        database.createObjectStore('meta');
        database.createObjectStore('chats', { keyPath: 'wid' });
        database.createObjectStore('contacts', { keyPath: 'number' });
        const messages = database.createObjectStore('messages', { keyPath: 'key' });
        messages.createIndex('by_chat', ['wid', 't']);
        messages.createIndex('pending', 'pending');
      };
      this._database = await settled(request);
    }

    async getMeta(name) {
      return settled(this._database.transaction('meta').objectStore('meta').get(name));
    }

    /* Keep a fact so that not even a power cut after the returned promise loses it. */
    async putMeta(name, value) {
      const transaction = this._database.transaction('meta', 'readwrite', { durability: 'strict' });
      transaction.objectStore('meta').put(value, name);
      return completed(transaction);
    }

    async getAll(table) {
      return settled(this._database.transaction(table).objectStore(table).getAll());
    }

    /* The records under some keys, in one transaction; undefined where there is none. */
    async getMany(table, keys) {
      const objects = this._database.transaction(table).objectStore(table);
      return Promise.all(keys.map((key) => settled(objects.get(key))));
    }

    async getPending() {
      return settled(this._database.transaction('messages').objectStore('messages').index('pending').getAll());
    }

    /* A chat's messages before (or from) a time, the nearest first, at most `count`. */
    async getChatMessages(wid, t, count, before) {
      const index = this._database.transaction('messages').objectStore('messages').index('by_chat');
      const range = before ? IDBKeyRange.bound([wid, 0], [wid, t]) : IDBKeyRange.bound([wid, t], [wid, Infinity]);
      const request = index.openCursor(range, before ? 'prev' : 'next');
      const found = [];
      return new Promise((resolve, reject) => {
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const cursor = request.result;
          if (cursor === null || found.length >= count) {
            resolve(found);
            return;
          }
          found.push(cursor.value);
          cursor.continue();
        };
      });
    }

    /* Write a record; records given while a transaction runs share the next one. */
    put(table, record) {
      return this._write((objects) => objects.put(record), table);
    }

    /* Change a record; nothing happens where there is none (any more). Shares a transaction as `put` does. */
    change(table, key, change) {
      return this._write((objects) => {
        const request = objects.get(key);
        request.onsuccess = () => {
          if (request.result !== undefined) {
            objects.put(change(request.result));
          }
        };
      }, table);
    }

    /* Empty tables of all that was put before. */
    clear(...tables) {
      return this._inTurn(() => {
        const transaction = this._database.transaction(tables, 'readwrite');
        for (const table of tables) {
          transaction.objectStore(table).clear();
        }
        return completed(transaction);
      });
    }

    _write(work, table) {
      return new Promise((resolve, reject) => {
        this._waiting.push({ table, work, resolve, reject });
        if (this._waiting.length === 1) {
          this._inTurn(() => this._flush());
        }
      });
    }

    /* One write after the other, whatever became of the one before. */
    _inTurn(work) {
      const done = this._writing.then(work);
      this._writing = done.catch(() => undefined);
      return done;
    }

    async _flush() {
      const batch = this._waiting;
      this._waiting = [];
      try {
        const transaction = this._database.transaction(['chats', 'contacts', 'messages'], 'readwrite', {
          durability: 'relaxed',
        });
        for (const { table, work } of batch) {
          work(transaction.objectStore(table));
        }
        await completed(transaction);
        batch.forEach(({ resolve }) => resolve());
      } catch (error) {
        batch.forEach(({ reject }) => reject(error));
      }
    }
  }

  exports.store = new Store();
});
