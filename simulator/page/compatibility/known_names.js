'use strict';

/*
 * What libraries reach for by a module's name instead of its shape: whatsapp-web.js asks for these, and stops where one is
 * unknown. Last of the modules, so that those who search by shape find the ones they know first.
 */
__d('WAWebCollections', (require, exports) => {
  exports.Msg = require('WAWebMsgCollection').MsgCollection;
  exports.Chat = require('WAWebChatCollection').ChatCollection;
  exports.Contact = require('WAWebContactCollection').ContactCollection;
});

__d('WAWebOfflineHandler', (require, exports) => {
  exports.OfflineMessageHandler = { getOfflineDeliveryProgress: () => 100 };
});

__d('WAWebCompanionRegClientUtils', (require, exports) => {
  exports.DEVICE_PLATFORM = '1';
});

__d('WAWebGetEphemeralFieldsMsgActionsUtils', (require, exports) => {
  exports.getEphemeralFields = () => ({});
});

__d('WAWebAdvSignatureApi', () => undefined);

__d('WAWebSyncGatingUtils', (require, exports) => {
  exports.isPlaceholderMessageResendEnabled = () => false;
});

__d('WALinkify', (require, exports) => {
  exports.findLinks = (text) => (text ?? '').match(/https?:\/\/\S+/g)?.map((href) => ({ href })) ?? [];
  exports.findLink = (text) => exports.findLinks(text)[0];
});
