'use strict';

/* Message keys: `<fromMe>_<chat>_<id>`, and `_<participant>` behind it in groups. */
__d('WAWebMsgKey', (require, exports) => {
  const { createWid } = require('WAWebWidFactory');

  class MsgKey {
    constructor(parts) {
      if (parts === null || parts === undefined) {
        throw new Error('MsgKey error: obj is null/undefined');
      }
      const { from, to, id, selfDir, participant } = parts;
      const outward = selfDir === 'out';
      this.fromMe = parts.fromMe ?? outward;
      this.remote = parts.remote ?? (outward ? to : from);
      this.id = id;
      if (typeof this.remote === 'string') {
        this.remote = createWid(this.remote);
      }
      if (this.remote === undefined || !this.id) {
        throw new Error('MsgKey error: remote or id is missing');
      }
      if (participant) {
        this.participant = participant;
      }
      this._serialized = [String(this.fromMe), String(this.remote), this.id, participant].filter(Boolean).join('_');
    }

    static fromString(text) {
      const [fromMe, remote, id, participant] = String(text).split('_');
      if (!['true', 'false'].includes(fromMe) || !remote || !id) {
        throw new Error(`MsgKey error: not a key: ${text}`);
      }
      return new MsgKey({
        fromMe: fromMe === 'true',
        remote: createWid(remote),
        id,
        participant: participant ? createWid(participant) : undefined,
      });
    }

    static from(value) {
      return value instanceof MsgKey ? value : MsgKey.fromString(value);
    }

    static async newId() {
      const bytes = crypto.getRandomValues(new Uint8Array(9));
      return `3EB0${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`.toUpperCase();
    }

    equals(other) {
      return other !== null && other !== undefined && String(other) === this._serialized;
    }

    clone() {
      return new MsgKey(this);
    }

    toString() {
      return this._serialized;
    }
  }
  exports.default = MsgKey;
});
