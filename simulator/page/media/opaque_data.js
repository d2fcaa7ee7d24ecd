'use strict';

/*
 * Bytes that the page holds without looking into them. They are counted: about a second after the last one let go of them
 * (`autorelease`) they are gone, and whoever still reaches for them gets an error.
 */
__d('WAWebMediaOpaqueData', (require, exports) => {
  const RELEASE_AFTER_MS = 1000;

  class OpaqueData {
    constructor(blob) {
      Object.defineProperties(this, {
        _blob: { value: blob, writable: true, enumerable: false },
        _holders: { value: 1, writable: true, enumerable: false },
        _url: { value: null, writable: true, enumerable: false },
      });
      this.released = false;
    }

    static async createFromData(data, type = data?.type ?? '') {
      return new OpaqueData(new Blob([data], { type }));
    }

    retain() {
      this.throwIfReleased('retain');
      this._holders += 1;
    }

    autorelease() {
      this.throwIfReleased('autorelease');
      setTimeout(() => this._letGo(), RELEASE_AFTER_MS);
    }

    autoreleaseWhenPromiseCompletes(promise) {
      promise.then(() => this.autorelease(), () => this.autorelease());
    }

    throwIfReleased(what) {
      if (this.released) {
        throw new Error(`OpaqueData.${what}: the data was released`);
      }
    }

    url() {
      this.throwIfReleased('url');
      this._url ??= URL.createObjectURL(this._blob);
      return this._url;
    }

    forceToBlob() {
      this.throwIfReleased('forceToBlob');
      return this._blob;
    }

    formData() {
      return this.forceToBlob();
    }

    type() {
      return this.forceToBlob().type;
    }

    size() {
      return this.forceToBlob().size;
    }

    _letGo() {
      this._holders -= 1;
      if (this._holders > 0 || this.released) {
        return;
      }
      this.released = true;
      this._blob = null;
      if (this._url !== null) {
        URL.revokeObjectURL(this._url);
      }
    }
  }
  exports.default = OpaqueData;
});
