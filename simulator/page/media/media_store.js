'use strict';

/* Bytes that were downloaded: a store that outlives the page, up to a size, and a cache in memory. By their hash. */
__d('WAWebMediaStore', (require, exports) => {
  const NAME = 'lru-media-array-buffer-cache';
  const MAX_BYTES = 64 * 1024 * 1024;
  const addressOf = (hash) => `/lru-media/${encodeURIComponent(hash)}`;
  const sizeOf = (response) => Number(response.headers.get('content-length'));

  exports.LruMediaStore = {
    async get(hash) {
      const found = await (await caches.open(NAME)).match(addressOf(hash));
      return found === undefined ? null : found.arrayBuffer();
    },

    /* The oldest make room; what is larger than the store is left out. */
    async put(hash, bytes) {
      if (bytes.byteLength > MAX_BYTES) {
        return;
      }
      const cache = await caches.open(NAME);
      const kept = await Promise.all((await cache.keys()).map(async (key) => [key, sizeOf(await cache.match(key))]));
      let total = kept.reduce((sum, [, size]) => sum + size, bytes.byteLength);
      for (const [key, size] of kept) {
        if (total > MAX_BYTES) {
          total -= size;
          await cache.delete(key);
        }
      }
      await cache.put(addressOf(hash), new Response(bytes, { headers: { 'content-length': bytes.byteLength } }));
    },

    async del(hash) {
      await (await caches.open(NAME)).delete(addressOf(hash));
    },

    async has(hash) {
      return (await (await caches.open(NAME)).match(addressOf(hash))) !== undefined;
    },

    async count() {
      return (await (await caches.open(NAME)).keys()).length;
    },

    async clear() {
      await caches.delete(NAME);
    },
  };
});

__d('WAWebMediaInMemoryBlobCache', (require, exports) => {
  const MAX_BYTES = 25e7;

  class InMemoryMediaBlobCacheImpl {
    constructor() {
      Object.defineProperty(this, '_blobs', { value: new Map(), enumerable: false });
    }

    get(hash) {
      return this._blobs.get(hash);
    }

    has(hash) {
      return this._blobs.has(hash);
    }

    put(hash, blob) {
      this._blobs.delete(hash);
      this._blobs.set(hash, blob);
      let total = [...this._blobs.values()].reduce((sum, { size }) => sum + size, 0);
      for (const [oldest, { size }] of this._blobs) {
        if (total <= MAX_BYTES) {
          return;
        }
        total -= size;
        this._blobs.delete(oldest);
      }
    }

    delete(hash) {
      this._blobs.delete(hash);
    }

    clear() {
      this._blobs.clear();
    }
  }
  exports.InMemoryMediaBlobCacheImpl = InMemoryMediaBlobCacheImpl;
  exports.InMemoryMediaBlobCache = new InMemoryMediaBlobCacheImpl();
});
