'use strict';

/* The device and the account it is linked to: keys, login, own ids. */
__d('WABase64', (require, exports) => {
  exports.encodeB64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
  exports.decodeB64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
});

__d('SimAccount', (require, exports) => {
  const { store } = require('SimStore');
  const { encodeB64 } = require('WABase64');

  const randomKey = () => encodeB64(crypto.getRandomValues(new Uint8Array(32)));

  class Account {
    constructor() {
      this.device = null;
      this.login = null;
    }

    /* Read identity and login from the store; a profile without an identity gets one. */
    async load() {
      this.device = await store.getMeta('device');
      this.login = (await store.getMeta('login')) ?? null;
      if (this.device === undefined) {
        this.device = { id: crypto.randomUUID(), noise: randomKey(), identity: randomKey(), adv: randomKey() };
        await store.putMeta('device', this.device);
      }
    }

    async setLogin(login) {
      await store.putMeta('login', login);
      this.login = login;
    }

    /* Take over what the server says of the account; the login as such stays. */
    update(known) {
      this.login = { ...this.login, ...known };
      return store.putMeta('login', this.login);
    }

    async wipe() {
      this.login = null;
      await Promise.all([
        store.clear('meta', 'chats', 'contacts', 'pushnames', 'groups'),
        require('SimMessageTable').messageTable.forget(),
        require('WAWebMediaStore').LruMediaStore.clear(),
      ]);
    }

    hello() {
      const { noise, identity, adv } = this.device;
      const login = this.login && { number: this.login.number, token: this.login.token };
      return { keys: [noise, identity, adv], login, version: window.Debug.VERSION };
    }
  }

  exports.account = new Account();
});

__d('WAWebUserPrefsMeUser', (require, exports) => {
  const { account } = require('SimAccount');
  const { createWid } = require('WAWebWidFactory');

  const present = (value, name) => {
    if (value === undefined) {
      throw new Error(`${name}: not logged in`);
    }
    return value;
  };

  exports.getMaybeMePnUser = () => (account.login ? createWid(`${account.login.number}@c.us`) : undefined);
  exports.getMaybeMeLidUser = () => (account.login ? createWid(`${account.login.lid}@lid`) : undefined);
  exports.getMaybeMeUser = () => exports.getMaybeMePnUser();
  exports.getMePnUserOrThrow = () => present(exports.getMaybeMePnUser(), 'getMePnUserOrThrow');
  exports.getMeLidUserOrThrow = () => present(exports.getMaybeMeLidUser(), 'getMeLidUserOrThrow');
  exports.getMaybeMeDisplayName = () => account.login?.name;
  exports.isMeAccount = (wid) =>
    Boolean(wid && (exports.getMaybeMePnUser()?.equals(wid) || exports.getMaybeMeLidUser()?.equals(wid)));
  exports.isMeUser = (wid) => exports.isMeAccount(wid);
});

__d('WAWebUserPrefsMultiDevice', (require, exports) => {
  const { account } = require('SimAccount');
  exports.getADVSecretKey = async () => account.device.adv;
  exports.setADVSignedIdentity = () => undefined;
});

__d('WAWebUserPrefsInfoStore', (require, exports) => {
  const { account } = require('SimAccount');
  const { decodeB64 } = require('WABase64');
  exports.waNoiseInfo = { get: async () => ({ staticKeyPair: { pubKey: decodeB64(account.device.noise) } }) };
});

__d('WAWebSignalStoreApi', (require, exports) => {
  const { account } = require('SimAccount');
  const { decodeB64 } = require('WABase64');
  exports.waSignalStore = {
    getRegistrationInfo: async () => ({ identityKeyPair: { pubKey: decodeB64(account.device.identity) } }),
  };
});

__d('WAWebUserPrefsRegistration', (require, exports) => {
  const { account } = require('SimAccount');
  exports.isRegistered = () => account.login !== null;
});

__d('WAWebAuthLogin', (require, exports) => {
  const { account } = require('SimAccount');
  exports.isLoggedIn = () => account.login !== null;
});

__d('WAWebBrowserInfo', (require, exports) => {
  exports.default = {
    id: () => 'browser',
    info: () => ({ os: 'Linux', name: 'Chrome', version: '', ua: navigator.userAgent }),
    hardRefresh: () => location.reload(),
    startDownloading: () => undefined,
  };
});
