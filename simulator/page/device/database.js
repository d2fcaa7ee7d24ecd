'use strict';

/*
 * One IndexedDB database. A write is done when its transaction is complete: from then on it survives a killed browser.
 * Writes that are asked for while a transaction runs share the next one.
 */
__d('SimDatabase', (require, exports) => {
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

  class Database {
    /* tables: those whose writes share transactions. create(database): makes what a new profile lacks. */
    constructor(name, version, tables, create) {
      this._name = name;
      this._version = version;
      this._tables = tables;
      this._create = create;
      this._database = null;
      this._waiting = [];
      this._writing = Promise.resolve();
    }

    async open() {
      const request = indexedDB.open(this._name, this._version);
      request.onupgradeneeded = () => this._create(request.result);
      this._database = await settled(request);
    }

    transaction(tables, mode, options) {
      return this._database.transaction(tables, mode, options);
    }

    objects(table) {
      return this.transaction(table).objectStore(table);
    }

    async getAll(table) {
      return settled(this.objects(table).getAll());
    }

    /* The records under some keys, in one transaction; undefined where there is none. */
    async getMany(table, keys) {
      const objects = this.objects(table);
      return Promise.all(keys.map((key) => settled(objects.get(key))));
    }

    /* Write a record. */
    put(table, record) {
      return this.write(table, (objects) => objects.put(record));
    }

    remove(table, key) {
      return this.write(table, (objects) => objects.delete(key));
    }

    /* Change a record; nothing happens where there is none (any more). */
    change(table, key, change) {
      return this.write(table, (objects) => {
        const request = objects.get(key);
        request.onsuccess = () => {
          if (request.result !== undefined) {
            objects.put(change(request.result));
          }
        };
      });
    }

    /* Empty tables of all that was put before. */
    clear(...tables) {
      return this._inTurn(() => {
        const transaction = this.transaction(tables, 'readwrite');
        for (const table of tables) {
          transaction.objectStore(table).clear();
        }
        return completed(transaction);
      });
    }

    /*
     * Do `work(objects, shared, refuse)` in the next transaction and resolve when that is complete. shared: an object of
     * all works of the transaction. refuse(error): rejects this one work and leaves the others alone.
     */
    write(table, work) {
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
        const transaction = this.transaction(this._tables, 'readwrite', { durability: 'relaxed' });
        const shared = {};
        for (const { table, work, reject } of batch) {
          work(transaction.objectStore(table), shared, reject);
        }
        await completed(transaction);
        batch.forEach(({ resolve }) => resolve());
      } catch (error) {
        batch.forEach(({ reject }) => reject(error));
      }
    }
  }

  exports.Database = Database;
  exports.settled = settled;
  exports.completed = completed;
});
