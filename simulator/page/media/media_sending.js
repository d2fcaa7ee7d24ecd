'use strict';

/*
 * The library's own way of sending media: the message stands in the database and in its chat first, then it is uploaded,
 * then it leaves. The bytes are in memory alone: what a reload finds without an address can't be sent any more.
 */
__d('SimMediaSending', (require, exports) => {
  const { SendMsgResult } = require('WAWebSendMsgResult');
  const { ACK } = require('WAWebAck');
  const { getOrCreateMediaObject } = require('WAWebMediaStorage');
  const { InMemoryMediaBlobCache } = require('WAWebMediaInMemoryBlobCache');
  const { msgToMediaType } = require('WAWebMmsMediaTypes');
  const messages = require('SimMessages');

  class UploadFailed extends Error {}
  exports.UploadFailed = UploadFailed;

  /* Upload a message's bytes and note where they are. Rejects with UploadFailed; the message is failed then. */
  exports.upload = async (message) => {
    const mediaObject = getOrCreateMediaObject(message.filehash);
    const { mediaData, mimetype } = message;
    mediaData.mediaStage = 'UPLOADING';
    try {
      const asked = { mimetype, mediaObject, mediaType: msgToMediaType(message) };
      const { mediaEntry } = await require('WAWebMediaMmsV4Upload').uploadMedia(asked);
      const { directPath, mediaKey, mediaKeyTimestamp, encFilehash, sidecar } = mediaEntry;
      await messages.change(message, {
        directPath, mediaKey, mediaKeyTimestamp, encFilehash, ...(sidecar ? { streamingSidecar: sidecar } : {}),
      });
      mediaData.mediaStage = 'RESOLVED';
    } catch (error) {
      mediaData.mediaStage = 'ERROR_UPLOAD';
      await messages.change(message, { ack: ACK.FAILED, isSendFailure: true });
      throw new UploadFailed(error.message);
    }
  };

  exports.outcomeOfFailure = { messageSendResult: SendMsgResult.ERROR_UPLOAD, t: null, count: null };

  exports.send = async (chat, data, { caption, isViewOnce, productMsgOptions }) => {
    const { type, mimetype, size, filehash, duration, fullWidth, fullHeight, isGif, isAnimated, preview } = data;
    const object = getOrCreateMediaObject(filehash);
    object.consolidate(data.toJSON());
    InMemoryMediaBlobCache.put(filehash, data.mediaBlob.formData());
    const values = {
      ...productMsgOptions,
      type, mimetype, size, filehash, duration, isGif, isAnimated,
      body: preview ?? '',
      caption: caption ?? productMsgOptions?.caption,
      width: fullWidth,
      height: fullHeight,
      isViewOnce: Boolean(isViewOnce),
      waveform: object.contentInfo?.waveform,
    };
    const [, outcome] = require('WAWebSendMsgChatAction').addAndSendMsgToChat(chat, values, exports.upload);
    return outcome;
  };
});
