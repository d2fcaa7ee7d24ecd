'use strict';

/* Linking by a code that is typed on the phone. */
__d('WAWebAltDeviceLinkingApi', (require, exports) => {
  const { wire } = require('SimWire');
  exports.initializeAltDeviceLinking = async () => undefined;
  exports.genLinkDeviceCodeForPhoneNumber = async (phone) => (await wire.ask('pairing_code', { number: phone })).code;
});

__d('WAWebLinkDeviceEvents', (require, exports) => {
  const EventEmitter = require('WAWebEventEmitter').default;
  exports.WAWebLinkDeviceEvents = new EventEmitter();
  exports.WAWebLinkDeviceEvents.triggerRefreshAltLinkingCode = () => undefined;
});
