'use strict';

/*
 * The connection to the server. `ask` resolves with the answer and rejects when it can't come; pushes are events. A lost
 * connection is opened again until `stop`.
 */
__d('SimWire', (require, exports) => {
  const EventEmitter = require('WAWebEventEmitter').default;

  class NetworkError extends Error {}

  class Wire extends EventEmitter {
    constructor() {
      super();
      this.reconnectMs = 500;
      this._socket = null;
      this._wanted = false;
      this._number = 0;
      this._asked = new Map();
    }

    /* Connect as a device and stay connected; `hello` gives the first message of each connection. */
    start(deviceId, hello) {
      this._deviceId = deviceId;
      this._hello = hello;
      this._wanted = true;
      this._connect();
    }

    stop() {
      this._wanted = false;
      this._socket?.close();
    }

    /* timeoutMs: null to wait as long as the connection holds. */
    ask(op, body = {}, timeoutMs = 20000) {
      if (this._socket?.readyState !== WebSocket.OPEN) {
        return Promise.reject(new NetworkError('not connected'));
      }
      this._number += 1;
      const n = this._number;
      return new Promise((resolve, reject) => {
        const giveUp = () => {
          this._asked.delete(n);
          reject(new NetworkError('no answer'));
        };
        const timer = timeoutMs === null ? null : setTimeout(giveUp, timeoutMs);
        this._asked.set(n, { resolve, reject, timer });
        this._socket.send(JSON.stringify({ n, op, ...body }));
      });
    }

    tell(op, body = {}) {
      if (this._socket?.readyState === WebSocket.OPEN) {
        this._socket.send(JSON.stringify({ op, ...body }));
      }
    }

    _connect() {
      const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
      const socket = new WebSocket(`${scheme}://${location.host}/ws?device=${encodeURIComponent(this._deviceId)}`);
      this._socket = socket;
      socket.onopen = async () => socket.send(JSON.stringify({ op: 'hello', ...(await this._hello()) }));
      socket.onmessage = (event) => this._receive(JSON.parse(event.data));
      socket.onclose = () => {
        if (this._socket !== socket) {
          return;
        }
        this._socket = null;
        for (const { reject, timer } of this._asked.values()) {
          clearTimeout(timer);
          reject(new NetworkError('the connection was lost'));
        }
        this._asked.clear();
        this.trigger('closed');
        if (this._wanted) {
          setTimeout(() => this._wanted && this._socket === null && this._connect(), this.reconnectMs);
        }
      };
    }

    _receive(message) {
      if (message.push !== undefined) {
        this.trigger(message.push, message);
        return;
      }
      const asked = this._asked.get(message.re);
      if (asked !== undefined) {
        this._asked.delete(message.re);
        clearTimeout(asked.timer);
        if (message.error) {
          asked.reject(new Error(`${message.error}: ${message.message}`));
        } else {
          asked.resolve(message);
        }
      }
    }
  }

  exports.NetworkError = NetworkError;
  exports.wire = new Wire();
});
