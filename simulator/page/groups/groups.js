'use strict';

/* The groups that this account is in, as the server tells them; their chats stand among the others. */
__d('SimGroups', (require, exports) => {
  const { store } = require('SimStore');
  const { wire } = require('SimWire');
  const { createWid } = require('WAWebWidFactory');
  const { lidPnCache } = require('WAWebLidPnCache');
  const ParticipantCollection = require('WAWebParticipantCollection').default;
  const groups = require('WAWebGroupMetadataCollection').default;

  const valuesOf = (told) => ({
    subject: told.subject,
    desc: told.description || undefined,
    owner: told.owner ? createWid(told.owner) : undefined,
    creation: told.created_at,
    announce: told.announce,
    restrict: told.restrict,
    isLidAddressingMode: told.lid,
    size: told.participants.length,
  });

  function take(told) {
    const id = createWid(told.wid);
    const known = groups.get(id) ?? groups.add({ id, participants: new ParticipantCollection() });
    const { participants } = known;
    const members = told.participants.map(({ wid, role }) => ({
      id: createWid(wid), isAdmin: role !== 'member', isSuperAdmin: role === 'superadmin',
    }));
    participants.filter(({ id: one }) => !members.some((member) => member.id.equals(one)))
      .forEach(({ id: one }) => participants.remove(one));
    members.forEach((member) => participants.add(member).set(member));
    known.set(valuesOf(told));
    told.participants.forEach(({ number, lid }) => lidPnCache.add(number, lid));
    const { chat } = require('SimChats').ensure(id);
    if (chat.name !== told.subject) {
      chat.name = told.subject;
      require('SimChats').save(chat).catch((error) => console.error('chat not stored', error));
    }
  }

  exports.load = async () => {
    (await store.getAll('groups')).forEach(take);
  };

  /* These are all groups now; of those that are no longer among them the chat stays. */
  exports.takeAll = (all) => {
    const left = groups.filter(({ id }) => !all.some(({ wid }) => id.equals(wid)));
    left.forEach(({ id }) => groups.remove(id));
    all.forEach(take);
    const kept = [...left.map(({ id }) => store.remove('groups', String(id))), ...all.map((told) => store.put('groups', told))];
    Promise.all(kept).catch((error) => console.error('groups not stored', error));
  };

  exports.ask = async () => {
    const { groups: all } = await wire.ask('groups');
    exports.takeAll(all);
    return all;
  };

  exports.start = () => wire.on('groups', ({ groups: all }) => exports.takeAll(all));
});

__d('WAWebGroupQueryJob', (require, exports) => {
  const { createWid } = require('WAWebWidFactory');

  exports.queryAllGroups = async () => {
    const all = await require('SimGroups').ask();
    return all.map(({ wid, subject, description, owner, created_at: creation, announce, participants }) => ({
      id: createWid(wid),
      subject,
      desc: description || undefined,
      owner: owner ? createWid(owner) : undefined,
      creation,
      announce,
      size: participants.length,
      participants: participants.map(({ wid: id, role }) => ({
        id: createWid(id), isAdmin: role !== 'member', isSuperAdmin: role === 'superadmin',
      })),
    }));
  };
});

__d('WAWebMsgInfoCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');
  const { wire } = require('SimWire');
  const { createWid } = require('WAWebWidFactory');

  class MsgInfoCollectionImpl extends BaseCollection {
    /* How far a message has come with each who gets it; asked of the server. */
    async find(key) {
      const { members } = await wire.ask('message_info', { key: String(key) });
      const reached = (ack) => members.filter((one) => one.ack >= ack).map(({ wid, t }) => ({ id: createWid(wid), t }));
      const remaining = (ack) => members.filter((one) => one.ack < ack).length;
      return {
        id: key, delivery: reached(2), read: reached(3), played: [],
        deliveryRemaining: remaining(2), readRemaining: remaining(3), playedRemaining: members.length,
      };
    }
  }
  MsgInfoCollectionImpl.model = require('WAWebBaseModel').BaseModel;
  exports.MsgInfoCollection = new MsgInfoCollectionImpl();
});
