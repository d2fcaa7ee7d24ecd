'use strict';

/* The models that libraries watch: connection, socket, stream, commands, network. */
__d('WAWebConnModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class ConnImpl extends BaseModel {}
  defineModel(ConnImpl, 'conn', {
    id: 'conn', ref: null, refTTL: null, wid: null, connected: false, pushname: '', platform: 'android', is24h: true,
  });
  exports.ConnImpl = ConnImpl;
  exports.Conn = new ConnImpl();
});

__d('WAWebSocketModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class SocketImpl extends BaseModel {
    initConn() {}

    poke() {
      require('SimSession').session.refreshQr();
    }

    takeover() {
      require('SimSession').session.takeover();
    }

    logout() {
      require('SimSession').session.logOut('user_initiated', true);
    }
  }
  defineModel(SocketImpl, 'socket', { state: 'UNLAUNCHED', stream: 'DISCONNECTED', hasSynced: false });
  exports.Socket = new SocketImpl();
});

__d('WAWebStreamModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class StreamImpl extends BaseModel {
    markAvailable() {
      this.available = true;
    }

    markUnavailable() {
      this.available = false;
    }
  }
  defineModel(StreamImpl, 'stream', {
    mode: undefined, info: undefined, displayInfo: undefined, needsUpdate: false, isHardRefresh: false, available: true,
  });
  exports.Stream = new StreamImpl();
});

__d('WAWebCmd', (require, exports) => {
  exports.Revoke = { Sender: 'sender', Admin: 'admin' };

  const EventEmitter = require('WAWebEventEmitter').default;

  class CmdImpl extends EventEmitter {
    constructor() {
      super();
      this.isMainLoaded = false;
    }

    mainLoaded() {
      if (!this.isMainLoaded) {
        this.isMainLoaded = true;
        this.trigger('main_loaded');
      }
    }

    refreshQR() {
      require('SimSession').session.refreshQr();
    }

    storageInitializationError() {
      this.trigger('storage_initialization_error');
    }

    sendDeleteMsgs(chat, messages, clearMedia) {
      this.trigger('send_delete_msgs', chat, messages, clearMedia);
    }

    sendRevokeMsgs(chat, messages, options) {
      this.trigger('send_revoke_msgs', chat, messages, options);
    }

    onTemporaryBan(details) {
      this.trigger('on_temporary_ban', details);
    }

    logout() {
      this.trigger('logout');
    }
  }
  exports.CmdImpl = CmdImpl;
  exports.Cmd = new CmdImpl();
});

__d('WAWebNetworkStatus', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class NetworkStatus extends BaseModel {
    checkOnline() {
      return this.online;
    }
  }
  defineModel(NetworkStatus, 'network_status', { online: true });
  exports.default = new NetworkStatus();
});
