'use strict';

/* Contacts, and which of their two ids (phone number, LID) belongs to which. */
__d('WAWebContactModel', (require, exports) => {
  const { BaseModel, defineModel } = require('WAWebBaseModel');

  class Contact extends BaseModel {}
  defineModel(Contact, 'contact', {
    id: null, name: '', pushname: '', isBusiness: false, type: 'in', verifiedName: undefined, isEnterprise: false,
  });
  exports.default = Contact;
});

__d('WAWebContactCollection', (require, exports) => {
  const { BaseCollection } = require('WAWebBaseCollection');

  class ContactCollectionImpl extends BaseCollection {}
  ContactCollectionImpl.model = require('WAWebContactModel').default;
  exports.ContactCollectionImpl = ContactCollectionImpl;
  exports.ContactCollection = new ContactCollectionImpl();
});

__d('WAWebLidPnCache', (require, exports) => {
  const { createWid } = require('WAWebWidFactory');
  const lids = new Map();
  const numbers = new Map();

  exports.lidPnCache = {
    add(number, lid) {
      lids.set(`${number}@c.us`, createWid(`${lid}@lid`));
      numbers.set(`${lid}@lid`, createWid(`${number}@c.us`));
    },
    getCurrentLid: (wid) => lids.get(String(wid)) ?? null,
    getPhoneNumber: (wid) => numbers.get(String(wid)) ?? null,
  };
});

__d('WAWebApiContact', (require, exports) => {
  const { lidPnCache } = require('WAWebLidPnCache');

  exports.getCurrentLid = (wid) => lidPnCache.getCurrentLid(wid);
  exports.getPhoneNumber = (wid) => lidPnCache.getPhoneNumber(wid);
  exports.getAlternateUserWid = (wid) =>
    wid.isLid() ? lidPnCache.getPhoneNumber(wid) : lidPnCache.getCurrentLid(wid);
});

/* Both ids of a contact, and the two keys that a message may stand under. */
__d('WAWebLidMigrationUtils', (require, exports) => {
  const { lidPnCache } = require('WAWebLidPnCache');

  exports.toPn = (wid) => (wid.isLid() ? lidPnCache.getPhoneNumber(wid) : wid);
  exports.toLid = (wid) => (wid.isLid() ? wid : lidPnCache.getCurrentLid(wid));
  exports.toUserLid = (wid) => exports.toLid(wid);

  /* The key with the chat's other id; undefined where that isn't known. */
  exports.getAlternateMsgKey = (key) => {
    if (!key.remote.isUser()) {
      return undefined;
    }
    const MsgKey = require('WAWebMsgKey').default;
    const remote = require('WAWebApiContact').getAlternateUserWid(key.remote);
    return remote ? new MsgKey({ fromMe: key.fromMe, remote, id: key.id, participant: key.participant }) : undefined;
  };
});

__d('WAWebLid1X1MigrationGating', (require, exports) => {
  const { account } = require('SimAccount');
  exports.Lid1X1MigrationUtils = {
    isLidMigrated: () => Boolean(account.login?.lid_migrated),
    isSyncdSessionMigrated: () => Boolean(account.login?.lid_migrated),
    shouldApplyNonMigratedMessagingRules: () => false,
  };
});

/* What the server says of a number; asked once, then known. */
__d('SimDirectory', (require, exports) => {
  const { wire } = require('SimWire');
  const { store } = require('SimStore');
  const { account } = require('SimAccount');
  const { session } = require('SimSession');
  const { lidPnCache } = require('WAWebLidPnCache');
  const { ContactCollection } = require('WAWebContactCollection');
  const { createWid } = require('WAWebWidFactory');

  const known = new Map();

  function learn(contact) {
    known.set(`${contact.number}@c.us`, contact);
    known.set(`${contact.lid}@lid`, contact);
    lidPnCache.add(contact.number, contact.lid);
  }

  exports.load = async () => {
    for (const contact of await store.getAll('contacts')) {
      learn(contact);
    }
    for (const { wid, name } of await store.getAll('pushnames')) {
      ContactCollection.add({ id: createWid(wid), pushname: name });
    }
  };

  /* What a message tells of its sender: the name that they go by, and the number behind a LID; either may be missing. */
  exports.heard = (wid, name, number) => {
    if (number && wid.isLid() && lidPnCache.getPhoneNumber(wid) === null) {
      const contact = { number, lid: wid.user, usesLid: true, name: '', exists: true };
      learn(contact);
      store.put('contacts', contact).catch((error) => console.error('contact not stored', error));
    }
    const known = ContactCollection.get(wid) ?? ContactCollection.add({ id: wid });
    if (name && known.pushname !== name) {
      known.pushname = name;
      store.put('pushnames', { wid: String(wid), name }).catch((error) => console.error('name not stored', error));
    }
  };

  /* Ask the server about a wid; rejects when it can't be asked. */
  exports.ask = async (wid) => {
    if (!session.online) {
      throw new Error('not connected');
    }
    const { exists, number, lid, uses_lid: usesLid, name, business } = await wire.ask('query', { wid: String(wid) });
    const contact = { number, lid, usesLid, name, exists, business };
    if (exists) {
      learn(contact);
      store.put('contacts', contact).catch((error) => console.error('contact not stored', error));
    }
    return contact;
  };

  exports.nameOf = (wid) => known.get(String(wid))?.name ?? '';

  /* The wid a chat with this contact goes by. Without the server only what is known can be said. */
  exports.chatWidFor = async (wid) => {
    if (wid.server !== 'c.us') {
      return wid;
    }
    let contact = known.get(String(wid));
    if (contact === undefined && session.online) {
      contact = await exports.ask(wid);
    }
    if (contact === undefined) {
      if (account.login?.lid_migrated) {
        throw new Error(`No LID for user ${wid}`);
      }
      return wid;
    }
    return contact.usesLid ? createWid(`${contact.lid}@lid`) : wid;
  };

  /* With the account's migration each contact has to be asked about anew. */
  session.on('lid_migrated', () => known.clear());
});

__d('WAWebQueryExistsJob', (require, exports) => {
  const { createWid } = require('WAWebWidFactory');

  exports.queryWidExists = async (wid) => {
    const { exists, number, lid, business } = await require('SimDirectory').ask(wid);
    return exists ? { wid: createWid(`${number}@c.us`), lid: createWid(`${lid}@lid`), biz: business } : null;
  };
  exports.queryPhoneExists = async (phone) => exports.queryWidExists(createWid(`${phone}@c.us`));
});
