'use strict';

/*
 * What libraries look for and this stand-in has no part in: collections that stay empty, functions that do nothing.
 * Without them a library logs one error for each and works all the same.
 */
(() => {
  const COLLECTIONS = [
    'AggReactions', 'Blocklist', 'BotProfile', 'BusinessCategoriesResult', 'BusinessProfile', 'Button', 'Cart',
    'CartItem', 'Catalog', 'EmojiVariant', 'Label', 'LabelItem', 'Mute', 'Note', 'Order', 'OrderItem',
    'PinInChat', 'ProductColl', 'Product', 'ProductImage', 'ProductMessageList', 'QuickReply',
    'Reactions', 'RecentEmoji', 'RecentSticker', 'StarredMsg', 'Sticker', 'StickerPack', 'StickerSearch', 'TextStatus',
  ];
  const MODELS = ['label', 'business_profile', 'call'];
  const FUNCTIONS = {
    WAWebLinkPreviewMinimal: ['genMinimalLinkPreview'],
    WAWebProtobufMediaType: ['mediaTypeFromProtobuf'],
    WAWebProtobufTypeAttribute: ['typeAttributeFromProtobuf'],
    WAWebMsgIsUnread: ['getIsUnreadType'],
    WAWebCreateChat: ['createChat'],
    WAWebCreateChatRecord: ['createChatRecord'],
    WAWebNumPinned: ['getNumChatsPinned'],
    WAWebLabelCollectionActions: ['addToLabelCollection', 'removeLabelFromCollection', 'createLabelItemId'],
    WAWebGroupActions: ['updateDBForGroupAction'],
    WAWebHandleSingleMsg: ['handleSingleMsg'],
    WAWebMsgProtobuf: ['createMsgProtobuf'],
    WAWebEncryptAndSendMsg: ['encryptAndSendMsg'],
    WAWebEncryptAndSendStatusMsg: ['encryptAndSendStatusMsg'],
    WAWebMediaTypes: ['encodeMaybeMediaType'],
    WAWebFanoutStanza: ['createFanoutMsgStanza'],
    WAWebPrimaryFeatures: ['primaryFeatureEnabled'],
    WAWebHandleStatusSimpleReceipt: ['handleStatusSimpleReceipt'],
    WAWebChatSeenPlayed: ['markPlayed', 'canMarkPlayed'],
    WAWebChatGetters: [
      'getShouldAppearInList', 'getPreviewMessage', 'getShowChangeNumberNotification', 'getShouldShowUnreadDivider',
      'getIsNewsletter', 'getIsBroadcast',
    ],
    WAWebContactGetters: [
      'getNotifyName', 'getPremiumMessageName', 'getUserid', 'getUserhash', 'getIsMe', 'getIsUser', 'getIsGroup',
      'getIsBroadcast', 'getIsNewsletter', 'getIsPSA', 'getIsIAS', 'getIsSupportAccount', 'getIsWAContact',
      'getCanRequestPhoneNumber', 'getShowBusinessCheckmarkAsPrimary', 'getShowBusinessCheckmarkAsSecondary',
      'getShowBusinessCheckmarkInChatlist', 'getIsDisplayNameApproved', 'getShouldForceBusinessUpdate',
    ],
    WAWebFrontendContactGetters: [
      'getPhoneNumber', 'getTextStatusString', 'getPnForLid', 'getDisplayName', 'getUserDisplayNameForLid',
      'getFormattedPhone', 'getFormattedUsernameOrPhone', 'getFormattedShortNameWithNonBreakingSpaces',
      'getFormattedShortName', 'getFormattedName', 'getFormattedUser', 'getSearchName', 'getIsMyContact',
      'getMentionName', 'getSearchVerifiedName', 'getHeader',
    ],
    WAWebPresenceBridge: ['subscribePresence'],
    WAWebMd5: ['md5', 'md5ArrayBufferHex'],
    WAWebMarkComposing: ['sendChatStateComposing', 'sendChatStatePaused'],
    WAWebFilterInbox: ['isFilterExcludedFromSearchTreatmentInInboxFlow'],
  };

  for (const name of COLLECTIONS) {
    __d(`WAWeb${name}Collection`, (require, exports) => {
      const { BaseCollection } = require('WAWebBaseCollection');
      class EmptyCollection extends BaseCollection {}
      EmptyCollection.model = require('WAWebBaseModel').BaseModel;
      exports[`${name}CollectionImpl`] = EmptyCollection;
      exports[`${name}Collection`] = new EmptyCollection();
    });
  }

  for (const name of MODELS) {
    __d(`WAWebStubModel_${name}`, (require, exports) => {
      const { BaseModel, defineModel } = require('WAWebBaseModel');
      exports.default = defineModel(class extends BaseModel {}, name, { id: null });
    });
  }

  for (const [id, names] of Object.entries(FUNCTIONS)) {
    __d(id, (require, exports) => {
      for (const name of names) {
        exports[name] = () => undefined;
      }
    });
  }
})();

__d('WAWebPresenceCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  class PresenceCollectionImpl extends BaseCollection {}
  PresenceCollectionImpl.model = require('WAWebBaseModel').BaseModel;
  exports.PresenceCollection = new PresenceCollectionImpl();
});

__d('WAWebStatusCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  class StatusCollectionImpl extends BaseCollection {}
  StatusCollectionImpl.model = require('WAWebBaseModel').BaseModel;
  exports.StatusCollectionImpl = StatusCollectionImpl;
  exports.StatusCollection = new StatusCollectionImpl();
});

__d('WAWebCallCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  class CallCollectionImpl extends BaseCollection {
    processIncomingCall() {}

    setActiveCall() {}
  }
  CallCollectionImpl.model = require('WAWebBaseModel').BaseModel;
  exports.CallCollectionImpl = CallCollectionImpl;
  exports.default = new CallCollectionImpl();
});

__d('WAWebNewsletterCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  class NewsletterCollectionImpl extends BaseCollection {}
  NewsletterCollectionImpl.model = require('WAWebBaseModel').BaseModel;
  exports.default = new NewsletterCollectionImpl();
});

__d('WAWebEphemeralUtils', (require, exports) => {
  exports.getEphemeralFields = () => ({});
});

__d('WAWebFindFirstWebLink', (require, exports) => {
  exports.findFirstWebLink = (text) => {
    const url = /https?:\/\/\S+/.exec(text)?.[0];
    return url === undefined ? null : { url, href: url };
  };
});

__d('WAWebLinkPreviewChatAction', (require, exports) => {
  exports.getLinkPreview = async () => null;
});

__d('WAWebChatSearchQuery', (require, exports) => {
  exports.SearchQuery = class SearchQuery {
    updateLabelQuery(filter) {
      this.filter = filter;
    }
  };
});

__d('WAWebHistorySyncProgress', (require, exports) => {
  exports.getHistorySyncProgressModel = () => ({ realProgress: 100, remainingPausedSeconds: 0 });
});
