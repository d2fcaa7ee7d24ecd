'use strict';

/* Profile pictures: their addresses, asked of the server each time anew. */
__d('WAWebProfilePicThumbModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');
  exports.default = defineModel(class ProfilePicThumb extends BaseModel {}, 'profile_pic_thumb', {
    id: null, img: undefined, imgFull: undefined, eurl: undefined, tag: '',
  });
});

__d('WAWebProfilePicThumbCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  const { wire } = require('SimWire');

  const DAY_S = 86_400;

  class ProfilePicThumbCollectionImpl extends BaseCollection {
    /* Undefined where it is hidden from this account; without addresses where there is none. */
    async find(id) {
      const { picture, hidden } = await wire.ask('picture', { wid: String(id) });
      if (hidden) {
        return undefined;
      }
      const expires = (Math.floor(Date.now() / 1000) + DAY_S).toString(16);
      const address = (size) => new URL(`/pp/${picture}.jpg?stp=${size}&oe=${expires}`, location.href).href;
      const urls = picture ? { img: address('s96'), imgFull: address('s640'), eurl: address('s640'), tag: picture } : {};
      return this.add({ id }).set({ img: undefined, imgFull: undefined, eurl: undefined, tag: '', ...urls });
    }
  }
  ProfilePicThumbCollectionImpl.model = require('WAWebProfilePicThumbModel').default;
  exports.ProfilePicThumbCollectionImpl = ProfilePicThumbCollectionImpl;
  exports.ProfilePicThumbCollection = new ProfilePicThumbCollectionImpl();
});
