'use strict';

/* WhatsApp ids: `<user>@<server>`. */
__d('WAWebWid', (require, exports) => {
  class Wid {
    constructor(serialized) {
      const [user, server] = serialized.split('@');
      this.server = server === 's.whatsapp.net' ? 'c.us' : server;
      this.user = user;
      this._serialized = `${this.user}@${this.server}`;
    }

    static isXWid(server, wid) {
      return Wid.isWid(wid) && String(wid).endsWith(`@${server}`);
    }

    static isWid(value) {
      return /^[^@\s]+@(c\.us|lid|g\.us|broadcast|newsletter|s\.whatsapp\.net|bot)$/.test(String(value));
    }

    static isUser(value) {
      return Wid.isXWid('c.us', value) || Wid.isXWid('lid', value);
    }

    static isStatusV3(value) {
      return String(value) === 'status@broadcast';
    }

    static isGroup(value) {
      return Wid.isXWid('g.us', value);
    }

    isUser() {
      return this.server === 'c.us' || this.server === 'lid';
    }

    isRegularUser() {
      return this.isUser();
    }

    isLid() {
      return this.server === 'lid';
    }

    isGroup() {
      return this.server === 'g.us';
    }

    isBroadcast() {
      return this.server === 'broadcast';
    }

    isStatusV3() {
      return this._serialized === 'status@broadcast';
    }

    isStatus() {
      return this.isStatusV3();
    }

    isNewsletter() {
      return this.server === 'newsletter';
    }

    isBot() {
      return this.server === 'bot';
    }

    isPSA() {
      return false;
    }

    isServer() {
      return false;
    }

    isCompanion() {
      return false;
    }

    isHosted() {
      return false;
    }

    getSignalAddress() {
      return this._serialized;
    }

    equals(other) {
      return other !== null && other !== undefined && String(other) === this._serialized;
    }

    isSameAccountAndAddressingMode(other) {
      return this.equals(other);
    }

    toString() {
      return this._serialized;
    }

    toJid() {
      return this.server === 'c.us' ? `${this.user}@s.whatsapp.net` : this._serialized;
    }

    toLogString() {
      return this._serialized;
    }

    toJSON() {
      return { server: this.server, user: this.user, _serialized: this._serialized };
    }
  }
  exports.default = Wid;
});

__d('WAWebWidFactory', (require, exports) => {
  const Wid = require('WAWebWid').default;

  exports.createWid = (text) => {
    if (!Wid.isWid(text)) {
      throw new Error(`wid error: invalid wid ${text}`);
    }
    return new Wid(String(text));
  };
  exports.createUserWidOrThrow = (user, server = 'c.us') =>
    exports.createWid(String(user).includes('@') ? user : `${user}@${server}`);
  exports.createUserWid = (user, server) => exports.createUserWidOrThrow(user, server);
  exports.isWidlike = (value) => value instanceof Wid || (typeof value === 'object' && Wid.isWid(value?._serialized));
  exports.createWidFromWidLike = (value) => exports.createWid(value?._serialized ?? String(value));
  exports.createDeviceWid = (text) => exports.createWid(text);
  exports.toChatWid = (wid) => wid;
  exports.toUserWid = (wid) => wid;
  exports.toUserWidOrThrow = (wid) => wid;
  exports.asUserWidOrThrow = (wid) => wid;
  exports.asChatWid = (wid) => wid;
});
