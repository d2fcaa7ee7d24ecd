'use strict';

/* Events: `on`, `once`, `off`, `trigger`, as the site's models, collections and commands offer them. */
__d('WAWebEventEmitter', (require, exports) => {
  class EventEmitter {
    on(name, callback, context) {
      if (typeof callback !== 'function') {
        throw new TypeError('Callback parameter passed is not a function');
      }
      this._listeners ??= new Map();
      const listeners = this._listeners.get(name) ?? [];
      this._listeners.set(name, [...listeners, { callback, context, once: false }]);
      return this;
    }

    once(name, callback, context) {
      this.on(name, callback, context);
      this._listeners.get(name).at(-1).once = true;
      return this;
    }

    off(name, callback) {
      const listeners = this._listeners?.get(name);
      if (listeners !== undefined) {
        this._listeners.set(name, callback ? listeners.filter((one) => one.callback !== callback) : []);
      }
      return this;
    }

    trigger(name, ...details) {
      for (const listener of this._listeners?.get(name) ?? []) {
        if (listener.once) {
          this.off(name, listener.callback);
        }
        try {
          listener.callback.apply(listener.context ?? this, details);
        } catch (error) {
          console.error(`a listener of ${name} failed`, error);
        }
      }
      return this;
    }

    emit(name, ...details) {
      return this.trigger(name, ...details);
    }

    addListener(name, callback) {
      return this.on(name, callback);
    }

    removeListener(name, callback) {
      return this.off(name, callback);
    }

    listenTo(other, name, callback) {
      other.on(name, callback, this);
      return this;
    }

    stopListening() {}
  }
  exports.default = EventEmitter;
});

__d('WAWebBackendEventBus', (require, exports) => {
  const EventEmitter = require('WAWebEventEmitter').default;
  exports.BackendEvent = {
    ACCOUNT_TEMPORARILY_BANNED: 'account_temporarily_banned',
    STORAGE_INITIALIZATION_ERROR: 'storage_initialization_error',
    MAIN_STREAM_MODE_READY: 'main_stream_mode_ready',
    OFFLINE_DELIVERY_END: 'offline_delivery_end',
    OFFLINE_DELIVERY_STATE_RESET: 'offline_delivery_state_reset',
  };

  class BackendEventBusImpl extends EventEmitter {
    constructor() {
      super();
      this.isMainStreamReadyMd = false; // from here on what comes in is shown, so that there are events
      this.isOfflineDeliveryEnd = false; // all that waited for this device has been taken in
    }

    triggerMainStreamModeReady() {
      if (!this.isMainStreamReadyMd) {
        this.isMainStreamReadyMd = true;
        this.trigger('main_stream_mode_ready');
      }
    }

    triggerOfflineDeliveryEnd() {
      if (!this.isOfflineDeliveryEnd) {
        this.isOfflineDeliveryEnd = true;
        this.trigger('offline_delivery_end');
      }
    }

    triggerOfflineDeliveryStateReset() {
      if (this.isOfflineDeliveryEnd) {
        this.isOfflineDeliveryEnd = false;
        this.trigger('offline_delivery_state_reset');
      }
    }
  }
  exports.BackendEventBus = new BackendEventBusImpl();
});
