'use strict';

/* A file becomes what a message can carry: of which type it is, what it says of itself, its hash. */
__d('SimPreparing', (require, exports) => {
  const OpaqueData = require('WAWebMediaOpaqueData').default;
  const pictures = require('WAWebImageUtils');
  const { calculateFilehashFromBlob } = require('WAWebMediaFilehash');

  const DEFAULT_EDGE = 1600;
  const THUMBNAIL_EDGES = [100];

  class InvalidMediaError extends Error {
    constructor(why) {
      super(why);
      this.name = 'InvalidMediaError';
    }
  }
  exports.InvalidMediaError = InvalidMediaError;

  exports.typeOf = (opaque, { asDocument, asSticker, isPtt }) => {
    const [kind] = opaque.type().split('/');
    if (asDocument) {
      return 'document';
    }
    if (asSticker) {
      return 'sticker';
    }
    if (kind === 'audio') {
      return isPtt ? 'ptt' : 'audio';
    }
    return kind === 'image' || kind === 'video' ? kind : 'document';
  };

  async function pictured(opaque, { maxDimension = DEFAULT_EDGE }) {
    if (opaque.type() === 'image/svg+xml') {
      throw new InvalidMediaError('a drawing is no picture');
    }
    const bitmap = await createImageBitmap(opaque.forceToBlob()).catch(() => {
      throw new InvalidMediaError('the picture can not be shown');
    });
    try {
      const preview = await pictures.thumbnailOf(bitmap, bitmap);
      if (!require('SimSession').session.settings.reencode_images) {
        return { mediaBlob: opaque, preview, fullWidth: bitmap.width, fullHeight: bitmap.height };
      }
      const { blob, width, height } = await pictures.drawn(bitmap, bitmap, maxDimension);
      const mediaBlob = await OpaqueData.createFromData(blob, 'image/jpeg');
      return { mediaBlob, mimetype: 'image/jpeg', preview, fullWidth: width, fullHeight: height };
    } finally {
      bitmap.close();
    }
  }

  async function filmed(opaque, { asGif }) {
    const asked = { file: opaque.forceToBlob(), maxDimensions: THUMBNAIL_EDGES };
    const { duration, thumbs } = await pictures.generateVideoThumbsAndDuration(asked);
    const [{ url, fullWidth, fullHeight }] = thumbs;
    return {
      mediaBlob: opaque, preview: url.split(',')[1], duration: Math.round(duration), fullWidth, fullHeight, isGif: Boolean(asGif),
    };
  }

  async function sounded(opaque, { precomputedFields }) {
    const seconds = precomputedFields?.duration ?? (await pictures.durationOf(opaque.forceToBlob()));
    return { mediaBlob: opaque, duration: Math.max(1, Math.round(seconds)) };
  }

  async function sticker(opaque) {
    const { mediaBlob, mimetype, width, height } = await require('WAWebMediaDataUtils')
      .processRawSticker(opaque)
      .catch(() => {
        throw new InvalidMediaError('the sticker can not be shown');
      });
    const isAnimated = require('WAWebStickerUtils').isAnimatedWebp(await mediaBlob.forceToBlob().arrayBuffer());
    return { mediaBlob, mimetype, fullWidth: width, fullHeight: height, isAnimated };
  }

  const WAYS = {
    image: pictured,
    video: filmed,
    audio: sounded,
    ptt: sounded,
    sticker,
    document: async (opaque) => ({ mediaBlob: opaque }),
  };

  /* Rejects with InvalidMediaError, or as the browser does, where these bytes can't be sent as this type. */
  exports.prepared = async (opaque, type, options) => {
    if (opaque.size() === 0) {
      throw new InvalidMediaError('the file is empty');
    }
    const found = await WAYS[type](opaque, options);
    const blob = found.mediaBlob.forceToBlob();
    const filehash = await calculateFilehashFromBlob(blob);
    return { mimetype: opaque.type(), ...found, type, size: blob.size, filehash, mediaStage: 'EXISTS' };
  };
});

__d('WAWebMediaFilehash', (require, exports) => {
  const { encodeB64 } = require('WABase64');

  exports.calculateFilehashFromBlob = async (blob) =>
    encodeB64(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
});

__d('WAWebMedia', (require, exports) => {
  const MediaData = require('WAWebMediaDataModel').default;
  const { getOrCreateMediaObject } = require('WAWebMediaStorage');
  const preparing = require('SimPreparing');

  class MediaPrep {
    /* preparation: a promise of what is to be known of the bytes. */
    constructor(type, preparation) {
      this._type = type;
      this._mediaData = new MediaData({ type, mediaStage: 'PREPARING' });
      this._preparation = preparation.then((found) => this._mediaData.set(found));
      this._preparation.catch(() => {
        this._mediaData.mediaStage = 'ERROR_UNSUPPORTED';
      });
    }

    get mediaData() {
      return this._mediaData;
    }

    /* Resolves with the model of the bytes; rejects where they can't be sent as this type. */
    async waitForPrep() {
      await this._preparation;
      return this._mediaData;
    }

    /* The library's way: the message stands in its chat before the upload begins. Resolves with the outcome. */
    sendToChat({ chat, options = {} }) {
      return this.waitForPrep().then((data) => require('SimMediaSending').send(chat, data, options));
    }
  }
  exports.MediaPrep = MediaPrep;

  exports.prepRawMedia = (opaque, options = {}) => {
    const type = preparing.typeOf(opaque, options);
    const preparation = preparing.prepared(opaque, type, options).then((found) => {
      const object = getOrCreateMediaObject(found.filehash);
      object.contentInfo = { ...object.contentInfo, waveform: options.precomputedFields?.waveform };
      return found;
    });
    return new MediaPrep(type, preparation);
  };

  exports.uploadProductImage = async () => {
    throw new Error('there are no products here');
  };
});
