'use strict';

/* What the page knows of bytes: an object per hash, shared by the messages that carry them, and a model per message. */
__d('WAWebMediaDataModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class MediaData extends BaseModel {}
  defineModel(MediaData, 'media-data', {
    type: undefined, mimetype: undefined, size: undefined, filehash: undefined, mediaStage: 'INIT', mediaBlob: undefined,
    filename: undefined, duration: undefined, isViewOnce: false, isGif: false, isAnimated: false, preview: undefined,
    fullWidth: undefined, fullHeight: undefined, renderableUrl: undefined, directPath: undefined, mediaKey: undefined,
    mediaKeyTimestamp: undefined, encFilehash: undefined, sidecar: undefined, firstFrameSidecar: undefined,
    pageCount: undefined,
  });
  exports.default = MediaData;
});

__d('WAWebMediaStorage', (require, exports) => {
  const objects = new Map();

  class MediaObject {
    constructor(filehash) {
      this.filehash = filehash;
      this.type = undefined;
      this.downloadStage = 'INIT';
      this.downloadPromise = null;
      this.entries = { getDownloadEntry: () => undefined };
      this.msgs = [];
      this.contentInfo = {};
      this.mediaBlob = undefined;
    }

    /* Take over what is known now; the messages that carry these bytes show it. */
    consolidate(values) {
      Object.assign(this, values);
      if (values.downloadStage !== undefined) {
        for (const { mediaData } of this.msgs.filter((message) => message.mediaData !== undefined)) {
          mediaData.mediaStage = values.downloadStage;
        }
      }
    }
  }

  exports.getOrCreateMediaObject = (filehash) => {
    if (!objects.has(filehash)) {
      objects.set(filehash, new MediaObject(filehash));
    }
    return objects.get(filehash);
  };
});

__d('SimMedia', (require, exports) => {
  const MediaData = require('WAWebMediaDataModel').default;
  const { getOrCreateMediaObject } = require('WAWebMediaStorage');

  const TYPES = new Set(['image', 'video', 'ptv', 'audio', 'ptt', 'document', 'sticker']);
  const known = new WeakMap();

  exports.dataOf = (message) => {
    if (!TYPES.has(message.type) || !message.filehash) {
      return undefined;
    }
    if (!known.has(message)) {
      const { type, mimetype, size, filehash, filename, duration } = message;
      const object = getOrCreateMediaObject(filehash);
      known.set(message, new MediaData({
        type, mimetype, size, filehash, filename, duration, mediaStage: object.downloadStage,
      }));
      object.type ??= type.toUpperCase();
      object.msgs.push(message);
    }
    return known.get(message);
  };

  exports.objectOf = (message) =>
    (exports.dataOf(message) === undefined ? undefined : getOrCreateMediaObject(message.filehash));
});
