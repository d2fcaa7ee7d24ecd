'use strict';

/* The life of the page: from the first code to being linked, in sync, offline, taken over, logged out. */
__d('SimSession', (require, exports) => {
  const EventEmitter = require('WAWebEventEmitter').default;
  const { account } = require('SimAccount');
  const { wire } = require('SimWire');
  const { appearance } = require('SimAppearance');
  const { Conn } = require('WAWebConnModel');
  const { Socket } = require('WAWebSocketModel');
  const { Stream } = require('WAWebStreamModel');
  const { Cmd } = require('WAWebCmd');
  const { createWid } = require('WAWebWidFactory');
  const networkStatus = require('WAWebNetworkStatus').default;
  const { BackendEventBus } = require('WAWebBackendEventBus');

  const BLOCKS = { proxyblock: 'PROXYBLOCK' };
  const LEAVE_AFTER_MS = 150;

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  class Session extends EventEmitter {
    constructor() {
      super();
      this.settings = {
        sync_ms: 1000, resume_ms: 0, page_resends: false, resend_ms: 5000, reload_above: 1000, upload_in_worker: false,
        upload_limits: {}, reencode_images: false, edit_window_s: 1200,
      };
      this._facts = {
        registered: false, connected: false, pairing: false, synced: false, upToDate: false, ref: null, idle: false,
        conflict: false, block: null,
      };
      this._leaving = false;
      this._startedAt = 0;
    }

    /* True while a send can reach the server. */
    get online() {
      const { connected, upToDate, conflict, block } = this._facts;
      return connected && upToDate && !conflict && block === null;
    }

    start() {
      this._startedAt = performance.now();
      wire.on('welcome', (push) => this._welcome(push));
      wire.on('closed', () => this._closed());
      wire.on('ref', ({ ref, ttl_ms: ttl }) => this._showRef(ref, ttl));
      wire.on('ref_idle', () => this._showRef(null, null, true));
      wire.on('pair', (push) => this._pair(push));
      wire.on('conflict', () => this._conflict());
      wire.on('logout', ({ reason }) => this.logOut(reason, false));
      wire.on('settings', ({ settings }) => this._useSettings(settings));
      wire.on('account', (push) => this._useAccount(push.account));
      wire.on('faults', ({ faults }) => this._showFaults(faults));
      if (account.login !== null) {
        this._registered();
      }
      this._show({ registered: account.login !== null });
      wire.start(account.device.id, () => account.hello());
    }

    refreshQr() {
      wire.ask('refresh_qr').catch((error) => console.error('no new code', error));
    }

    takeover() {
      this._show({ conflict: false });
      wire.start(account.device.id, () => account.hello());
    }

    /* Leave the account: say why, forget the login and everything else, and start over at the login page. */
    async logOut(reason, tellServer) {
      if (this._leaving) {
        return;
      }
      this._leaving = true;
      if (tellServer) {
        wire.tell('logout');
      }
      const code = require('WAWebLogoutReason').getErrorCodeFromLogoutReason(reason);
      Cmd.trigger('logout');
      await account.wipe();
      await pause(LEAVE_AFTER_MS);
      wire.stop();
      location.replace(`/?post_logout=1&logout_reason=${code}`);
    }

    _show(facts) {
      Object.assign(this._facts, facts);
      const { state, mode, info } = appearance(this._facts);
      Conn.ref = this._facts.ref;
      Stream.info = info;
      Stream.displayInfo = info;
      Socket.hasSynced = this._facts.synced;
      Socket.stream = this._facts.connected ? 'CONNECTED' : 'DISCONNECTED';
      Stream.mode = mode;
      Socket.state = state;
      this.trigger('shown');
    }

    _registered() {
      Conn.wid = createWid(`${account.login.number}@c.us`);
      Conn.pushname = account.login.name;
      Conn.connected = true;
      Cmd.mainLoaded();
    }

    _useSettings(settings) {
      this.settings = settings;
      wire.reconnectMs = settings.reconnect_ms;
      this.trigger('settings');
    }

    _useAccount(known) {
      const migrated = account.login.lid_migrated !== known.lid_migrated;
      account.update(known).catch((error) => console.error('login not stored', error));
      if (migrated) {
        this.trigger('lid_migrated');
      }
    }

    _welcome({ account: known, settings }) {
      this._useSettings(settings);
      networkStatus.online = true;
      this._show({ connected: true, conflict: false });
      if (known === null) {
        return;
      }
      this._useAccount(known);
      const earliest = this._facts.synced ? 0 : this._startedAt + settings.resume_ms - performance.now();
      this._sync(Math.max(0, earliest));
    }

    async _sync(afterMs) {
      await pause(afterMs);
      try {
        const answer = await wire.ask('sync');
        if (BackendEventBus.isMainStreamReadyMd && answer.missed.length > this.settings.reload_above) {
          location.reload();
          return;
        }
        require('SimGroups').takeAll(answer.groups);
        await require('SimInbound').catchUp(answer);
      } catch (error) {
        console.error('sync failed', error);
        return;
      }
      this._show({ synced: true, upToDate: this._facts.connected });
      BackendEventBus.triggerMainStreamModeReady();
      BackendEventBus.triggerOfflineDeliveryEnd();
      this.trigger('up_to_date');
    }

    _closed() {
      if (this._leaving) {
        return;
      }
      networkStatus.online = this._facts.conflict;
      BackendEventBus.triggerOfflineDeliveryStateReset();
      this._show({ connected: false, upToDate: false, ref: null, idle: false, pairing: false });
    }

    _showRef(ref, ttl, idle = false) {
      Conn.refTTL = ttl;
      this._show({ ref, idle });
    }

    async _pair({ number, name, lid, token }) {
      this._show({ pairing: true, ref: null, idle: false });
      await account.setLogin({ number, name, lid, token, lid_migrated: false });
      const { os } = require('WAWebBrowserInfo').default.info();
      const { account: known } = await wire.ask('paired', { number, token, os });
      this._useAccount(known);
      this._show({ pairing: false, registered: true });
      this._registered();
      await this._sync(this.settings.sync_ms);
    }

    _conflict() {
      wire.stop();
      this._show({ conflict: true });
    }

    _showFaults(faults) {
      let block = null;
      for (const { kind, value } of faults) {
        if (kind === 'ban') {
          BackendEventBus.trigger('account_temporarily_banned', { code: 101, expire: 3600 });
          Cmd.onTemporaryBan({ code: 101, expire: 3600 });
          block = { tos: 'TOS_BLOCK', smb_tos: 'SMB_TOS_BLOCK', event: block }[value];
        } else if (kind === 'storage_initialization_error') {
          BackendEventBus.trigger('storage_initialization_error');
          Cmd.storageInitializationError();
        } else {
          block = BLOCKS[kind];
        }
      }
      const healed = this._facts.block !== null && block === null;
      this._show({ block });
      if (healed && this._facts.upToDate) {
        this.trigger('up_to_date');
      }
    }
  }

  exports.session = new Session();
});
