'use strict';

/*
 * Database `model-storage`: messages, reactions, votes in polls. Store `message`: a row per key, each with a number, `rowId`.
 * Own messages and those that come in get the next number above all others, in the order in which they come, over all
 * chats; history gets numbers below the first, downwards. A number is free again when the newest rows are deleted.
 */
__d('SimMessageTable', (require, exports) => {
  const { Database, settled } = require('SimDatabase');

  const TABLE = 'message';
  const REACTIONS = 'reactions';
  const VOTES = 'poll-votes';
  const FIRST_ROW_ID = 1e9; // history lies below, everything else above

  class DuplicateMessageError extends Error {
    constructor(key) {
      super(`the message is stored already: ${key}`);
      this.name = 'DuplicateMessageError';
    }
  }

  class MessageTable extends Database {
    constructor() {
      super('model-storage', 2, [TABLE, REACTIONS, VOTES], (database) => {
        if (!database.objectStoreNames.contains(TABLE)) {
          const messages = database.createObjectStore(TABLE, { keyPath: 'id' });
          messages.createIndex('rowId', 'rowId', { unique: true });
          messages.createIndex('protocolMessageKey', 'protocolMessageKey');
          messages.createIndex('by_chat', ['remote', 't']);
        }
        const reactions = database.createObjectStore(REACTIONS, { keyPath: ['parentMsgKey', 'senderUserJid'] });
        const votes = database.createObjectStore(VOTES, { keyPath: ['parentMsgKey', 'sender'] });
        for (const added of [reactions, votes]) {
          added.createIndex('parentMsgKey', 'parentMsgKey');
          added.createIndex('msgKey', 'msgKey');
        }
      });
    }

    /* What is put to a message: its rows in `reactions` or `poll-votes`. */
    async addedTo(table, parentKey) {
      return settled(this.objects(table).index('parentMsgKey').getAll(parentKey));
    }

    /* Put a reaction or a vote in place of the same person's former one, unless that is the newer one. */
    putAdded(table, row, when) {
      return this.write(table, (objects) => {
        const { keyPath } = objects;
        const former = objects.get(keyPath.map((name) => row[name]));
        former.onsuccess = () => {
          if (former.result === undefined || former.result[when] <= row[when]) {
            objects.put(row);
          }
        };
      });
    }

    rows() {
      return this.getAll(TABLE);
    }

    find(keys) {
      return this.getMany(TABLE, keys);
    }

    /* Add a row with the next number. Rejects with DuplicateMessageError, and writes nothing, if its key is known. */
    add(row) {
      return this.write(TABLE, (objects, shared, refuse) => {
        if (!shared.asked) {
          shared.asked = true;
          const newest = objects.index('rowId').openKeyCursor(null, 'prev');
          newest.onsuccess = () => {
            shared.highest = Math.max(FIRST_ROW_ID, newest.result?.key ?? 0);
          };
        }
        const known = objects.getKey(row.id);
        known.onsuccess = () => {
          if (known.result !== undefined || shared.added?.has(row.id)) {
            refuse(new DuplicateMessageError(row.id));
            return;
          }
          (shared.added ??= new Set()).add(row.id);
          shared.highest += 1;
          objects.add({ ...row, rowId: shared.highest });
        };
      });
    }

    /* Add older messages, oldest first, with the numbers below all others; those whose key is known are left out. */
    addHistory(rows) {
      return this.write(TABLE, (objects) => {
        const oldest = objects.index('rowId').openKeyCursor(null, 'next');
        oldest.onsuccess = () => {
          const first = Math.min(FIRST_ROW_ID, oldest.result?.key ?? FIRST_ROW_ID) - rows.length;
          rows.forEach((row, index) => {
            const known = objects.getKey(row.id);
            known.onsuccess = () => {
              if (known.result === undefined) {
                objects.add({ ...row, rowId: first + index });
              }
            };
          });
        };
      });
    }

    /* Change a row; nothing happens where there is none. */
    update(key, change) {
      return this.change(TABLE, key, change);
    }

    /* Change the row under the first of some keys that there is one under. */
    updateFirst(keys, change) {
      return this.write(TABLE, (objects) => {
        const look = ([key, ...others]) => {
          const request = objects.get(key);
          request.onsuccess = () => {
            if (request.result !== undefined) {
              objects.put(change(request.result));
            } else if (others.length > 0) {
              look(others);
            }
          };
        };
        look(keys);
      });
    }

    /* Change a row and its key with it; its number stays. Nothing happens where there is none, or the new key is known. */
    rekey(key, change) {
      return this.write(TABLE, (objects) => {
        const old = objects.get(key);
        old.onsuccess = () => {
          if (old.result !== undefined) {
            const next = change(old.result);
            objects.delete(key);
            objects.put({ ...next, rowId: old.result.rowId });
          }
        };
      });
    }

    delete(key) {
      return this.remove(TABLE, key);
    }

    forget() {
      return this.clear(TABLE, REACTIONS, VOTES);
    }

    /* A chat's rows before (or from) a time, the nearest first, at most `count`. */
    async ofChat(remote, t, count, before) {
      const index = this.objects(TABLE).index('by_chat');
      const range = before
        ? IDBKeyRange.bound([remote, 0], [remote, t])
        : IDBKeyRange.bound([remote, t], [remote, Infinity]);
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
  }

  exports.DuplicateMessageError = DuplicateMessageError;
  exports.messageTable = new MessageTable();
  exports.REACTIONS = REACTIONS;
  exports.VOTES = VOTES;
});

__d('WAWebDBProcessMessage', (require, exports) => {
  exports.DuplicateMessageError = require('SimMessageTable').DuplicateMessageError;
});
