'use strict';

/* Groups: what the page knows of each, and who is in it. In a group that goes by LIDs its members are LIDs. */
__d('WAWebParticipantModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class Participant extends BaseModel {
    get contact() {
      return require('WAWebContactCollection').ContactCollection.get(this.id);
    }
  }
  exports.default = defineModel(Participant, 'participant', { id: null, isAdmin: false, isSuperAdmin: false });
});

__d('WAWebParticipantCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  const { isMeAccount } = require('WAWebUserPrefsMeUser');

  class ParticipantCollectionImpl extends BaseCollection {
    me() {
      return this.findFirst(({ id }) => isMeAccount(id));
    }

    iAmMember() {
      return this.me() !== undefined;
    }

    iAmAdmin() {
      return Boolean(this.me()?.isAdmin);
    }

    iAmSuperAdmin() {
      return Boolean(this.me()?.isSuperAdmin);
    }

    iAmRestrictedMember() {
      return false;
    }
  }
  ParticipantCollectionImpl.model = require('WAWebParticipantModel').default;
  exports.default = ParticipantCollectionImpl;
});

__d('WAWebGroupMetadataModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class GroupMetadata extends BaseModel {
    canSetSubject() {
      return !this.restrict || this.participants.iAmAdmin();
    }

    canSetDescription() {
      return this.canSetSubject();
    }
  }
  defineModel(GroupMetadata, 'group_metadata', {
    id: null, subject: '', desc: undefined, owner: undefined, creation: undefined, announce: false, restrict: false,
    isParentGroup: false, isLidAddressingMode: false, groupType: 'DEFAULT', size: 0, participants: undefined,
  });
  exports.default = GroupMetadata;
});

__d('WAWebGroupMetadataCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');

  class GroupMetadataCollectionImpl extends BaseCollection {
    onParentGroupChange() {}

    /* What is known of a group; the server is asked where nothing is. Rejects for one that this account isn't in. */
    async find(id) {
      const known = this.get(id);
      if (known !== undefined) {
        return known;
      }
      await require('SimGroups').ask();
      const found = this.get(id);
      if (found === undefined) {
        throw Object.assign(new Error('group: forbidden'), { name: 'ServerStatusCodeError', status: 403 });
      }
      return found;
    }
  }
  GroupMetadataCollectionImpl.model = require('WAWebGroupMetadataModel').default;
  exports.default = new GroupMetadataCollectionImpl();
});
