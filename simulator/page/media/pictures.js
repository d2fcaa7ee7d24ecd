'use strict';

/* Pictures, films and sounds as far as the page looks into them: how large, how long, how they look when they are small. */
__d('WAWebImageUtils', (require, exports) => {
  const { encodeB64 } = require('WABase64');

  const THUMBNAIL_EDGE = 72;
  const LOAD_MS = 8000;

  const fitted = (width, height, edge) => {
    const scale = Math.min(1, edge / Math.max(width, height));
    return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  };

  /* Draw what can be drawn into a picture whose longer edge is at most `edge`. */
  exports.drawn = async (source, { width, height }, edge, type = 'image/jpeg', quality = 0.85) => {
    const size = fitted(width, height, edge);
    const canvas = new OffscreenCanvas(size.width, size.height);
    canvas.getContext('2d').drawImage(source, 0, 0, size.width, size.height);
    return { blob: await canvas.convertToBlob({ type, quality }), ...size };
  };

  exports.thumbnailOf = async (source, size) => {
    const { blob } = await exports.drawn(source, size, THUMBNAIL_EDGE);
    return encodeB64(await blob.arrayBuffer());
  };

  /* Load a file into an <audio> or <video> as far as `event`; rejects as the element says where it can't. */
  exports.loaded = (tag, file, event) =>
    new Promise((resolve, reject) => {
      const element = document.createElement(tag);
      const timer = setTimeout(() => reject(new Error('MEDIA_LOAD_TIMEOUT')), LOAD_MS);
      element.muted = true;
      element.preload = 'auto';
      element.addEventListener(event, () => {
        clearTimeout(timer);
        resolve(element);
      });
      element.addEventListener('error', () => {
        clearTimeout(timer);
        reject(new Error('MEDIA_ERR_SRC_NOT_SUPPORTED'));
      });
      element.src = URL.createObjectURL(file);
    });

  exports.unload = (element) => {
    URL.revokeObjectURL(element.src);
    element.removeAttribute('src');
    element.load();
  };

  /* Libraries put their own function here, for films that this browser can't show. */
  exports.generateVideoThumbsAndDuration = async ({ file, maxDimensions }) => {
    const video = await exports.loaded('video', file, 'loadeddata');
    try {
      const size = { width: video.videoWidth, height: video.videoHeight };
      const thumbs = maxDimensions.map(async (edge) => {
        const { blob, width, height } = await exports.drawn(video, size, edge);
        const url = `data:image/jpeg;base64,${encodeB64(await blob.arrayBuffer())}`;
        return { url, width, height, fullWidth: size.width, fullHeight: size.height };
      });
      return { duration: video.duration, thumbs: await Promise.all(thumbs) };
    } finally {
      exports.unload(video);
    }
  };

  /* Seconds; 0 of a sound that this browser can't play. */
  exports.durationOf = async (file) => {
    try {
      const audio = await exports.loaded('audio', file, 'loadedmetadata');
      const { duration } = audio;
      exports.unload(audio);
      return Number.isFinite(duration) ? duration : 0;
    } catch {
      return 0;
    }
  };
});

__d('WAWebMediaDataUtils', (require, exports) => {
  const OpaqueData = require('WAWebMediaOpaqueData').default;
  const { drawn } = require('WAWebImageUtils');

  const STICKER_EDGE = 512;

  exports.getImageWidthHeight = async (opaque) => {
    const bitmap = await createImageBitmap(opaque.forceToBlob());
    const { width, height } = bitmap;
    bitmap.close();
    return { width, height };
  };

  /* A sticker is a WebP of 512 by 512: one that is kept as it is, anything else is drawn anew. */
  exports.processRawSticker = async (opaque) => {
    const bitmap = await createImageBitmap(opaque.forceToBlob());
    try {
      const kept = opaque.type() === 'image/webp' && !require('SimSession').session.settings.reencode_images;
      const blob = kept ? opaque.forceToBlob() : (await drawn(bitmap, bitmap, STICKER_EDGE, 'image/webp')).blob;
      return {
        mediaBlob: kept ? opaque : await OpaqueData.createFromData(blob, 'image/webp'),
        mimetype: 'image/webp',
        width: bitmap.width,
        height: bitmap.height,
      };
    } finally {
      bitmap.close();
    }
  };

  exports.shouldUseMediaCache = () => true;
});

__d('WAWebStickerUtils', (require, exports) => {
  const MARK = [...'ANIM'].map((letter) => letter.charCodeAt(0));

  /* Whether a WebP (an ArrayBuffer) moves: its header says so. */
  exports.isAnimatedWebp = (buffer) => {
    const head = new Uint8Array(buffer, 0, Math.min(64, buffer.byteLength));
    return head.some((_, start) => MARK.every((byte, index) => head[start + index] === byte));
  };
});
