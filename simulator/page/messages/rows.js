'use strict';

/* The fields of messages besides who, when and where, by how a row has them. */
__d('SimContents', (require, exports) => {
  /* Encrypted at rest. */
  exports.OPAQUE = [
    'body', 'caption', 'clientUrl', 'loc', 'lat', 'lng', 'isLive', 'matchedText', 'title', 'description', 'pollName',
    'pollSelectableOptionsCount', 'pollOptions', 'thumbnail', 'canonicalUrl', 'messageSecret', 'waveform',
  ];
  exports.PLAIN = [
    'subtype', 'ctwaContext', 'errorCode', 'isSendFailure', 'isForwarded', 'forwardingScore', 'hasReaction',
    'directPath', 'mimetype', 'duration', 'filehash', 'encFilehash', 'size', 'filename', 'mediaKey', 'mediaKeyTimestamp',
    'pageCount', 'width', 'height', 'isGif', 'isViewOnce', 'isAnimated', 'quotedStanzaID', 'vcardList',
    'vcardFormattedName', 'selectedId', 'selectedIndex', 'selectedButtonId', 'listResponse', 'callOutcome',
    'isVideoCall', 'callDuration', 'futureproofType', 'associationType', 'latestEditSenderTimestampMs',
    'revokeTimestamp', 'richPreviewType', 'doNotPlayInline', 'isCaptionByUser', 'streamingSidecar', 'nonJidMentions',
  ];
  exports.KEYS = ['protocolMessageKey', 'latestEditMsgKey', 'parentMsgKey'];
  exports.WIDS = ['author', 'quotedParticipant', 'revokeSender'];
  exports.CONTENT = [
    ...exports.OPAQUE, ...exports.PLAIN, ...exports.KEYS, ...exports.WIDS, 'quotedMsg', 'mentionedJidList',
  ];

  /* What is written stands in `caption`, and `body` holds a small picture. */
  exports.WITH_PICTURE = new Set(['image', 'video', 'ptv', 'audio', 'ptt', 'document', 'sticker', 'location']);

  /* What is the page's own, or said elsewhere. */
  const NOT_SENT = new Set([
    'body', 'caption', 'errorCode', 'isSendFailure', 'hasReaction', 'author', 'quotedMsg', 'revokeSender',
    'revokeTimestamp', 'protocolMessageKey', 'latestEditMsgKey', 'latestEditSenderTimestampMs',
  ]);
  exports.SENT = exports.CONTENT.filter((name) => !NOT_SENT.has(name));

  /* Of a message that is quoted. */
  exports.QUOTED = ['type', 'mimetype', 'filename', 'duration', 'vcardFormattedName', ...exports.OPAQUE]
    .filter((name) => name !== 'messageSecret' && name !== 'waveform');
});

/* What a message is as a row of the table, and what it is as a model. */
__d('SimRows', (require, exports) => {
  const { account } = require('SimAccount');
  const { session } = require('SimSession');
  const { createWid } = require('WAWebWidFactory');
  const { OPAQUE, PLAIN, KEYS, WIDS } = require('SimContents');
  const me = require('WAWebUserPrefsMeUser');
  const { encodeB64, decodeB64 } = require('WABase64');
  const MsgKey = require('WAWebMsgKey').default;

  const HISTORY_BELOW = 1e9;

  exports.ownWid = (remote) => (remote.isLid() ? me.getMaybeMeLidUser() : me.getMaybeMePnUser());

  /* Texts are encrypted at rest on the real page; here they are masked with the device's key, so that none is in a row. */
  exports.mask = (bytes) => {
    const key = account.device.identity;
    return bytes.map((byte, index) => byte ^ key.charCodeAt(index % key.length));
  };
  const seal = (content) => exports.mask(new TextEncoder().encode(JSON.stringify(content)));
  const unseal = (bytes) => (bytes === undefined ? {} : JSON.parse(new TextDecoder().decode(exports.mask(bytes))));

  const isSet = (value) => value !== undefined && value !== null && value !== false && value !== '';

  /* Those of some fields that have a value, each changed by `change`. */
  exports.pick = (values, names, change = (value) => value) =>
    Object.fromEntries(names.filter((name) => isSet(values[name])).map((name) => [name, change(values[name])]));
  const { pick } = exports;

  /* Bytes are kept as texts: what is masked is JSON. */
  const sealable = (value) => (value instanceof Uint8Array ? { bytes: encodeB64(value) } : value);
  const unsealed = (value) => (value?.bytes === undefined ? value : new Uint8Array(decodeB64(value.bytes)));

  function opaqueOf(values) {
    const content = pick(values, OPAQUE, sealable);
    if (content.pollOptions !== undefined) {
      content.pollOptions = content.pollOptions.map(({ name }) => ({ name }));
    }
    if (values.quotedMsg) {
      content.quotedMsg = pick(values.quotedMsg, OPAQUE);
    }
    return content;
  }

  /* Who sent it by what name is no part of a row: the contact has the name. */
  exports.rowOf = (values) => {
    const { id, t, type, ack, quotedMsg, mentionedJidList } = values;
    const own = String(exports.ownWid(id.remote));
    const remote = String(id.remote);
    const opaque = opaqueOf(values);
    return {
      id: String(id),
      remote,
      from: id.fromMe ? own : remote,
      to: id.fromMe ? remote : own,
      t,
      type,
      ack,
      ...pick(values, PLAIN),
      ...pick(values, KEYS, String),
      ...pick(values, WIDS, String),
      ...(quotedMsg ? { quotedMsg: { type: quotedMsg.type } } : {}),
      ...(mentionedJidList?.length > 0 ? { mentionedJidList: mentionedJidList.map(String) } : {}),
      ...(Object.keys(opaque).length > 0 ? { msgRowOpaqueData: seal(opaque) } : {}),
    };
  };

  /* What the server told of a message, as a row. */
  exports.rowOfItem = (item) => exports.rowOf({
    ...item.fields,
    id: MsgKey.fromString(item.key),
    author: item.author,
    type: item.type,
    subtype: item.subtype ?? item.fields.subtype,
    t: item.t,
    ack: item.ack,
    protocolMessageKey: item.revoked_key,
  });

  /*
   * A row that is read back, as a model's values. Nobody knows of an own message without an ack whether it left: it is
   * shown as failed and waits for somebody who sends it again.
   */
  exports.valuesOf = (row) => {
    const id = MsgKey.fromString(row.id);
    const own = exports.ownWid(id.remote);
    const lost = id.fromMe && row.ack === 0 && !session.settings.page_resends;
    const { quotedMsg, pollOptions, ...sealed } = unseal(row.msgRowOpaqueData);
    const opaque = pick(sealed, Object.keys(sealed), unsealed);
    return {
      ...pick(row, PLAIN),
      ...pick(row, KEYS, MsgKey.fromString),
      ...pick(row, WIDS, createWid),
      ...opaque,
      id,
      body: opaque.body ?? '',
      type: row.type,
      subtype: row.subtype ?? null,
      t: row.t,
      ack: row.ack,
      from: id.fromMe ? own : id.remote,
      to: id.fromMe ? id.remote : own,
      self: id.fromMe ? 'out' : 'in',
      rowId: row.rowId,
      isMdHistoryMsg: row.rowId < HISTORY_BELOW,
      isSendFailure: lost || Boolean(row.isSendFailure),
      pollOptions: pollOptions?.map(({ name }, localId) => ({ name, localId })),
      quotedMsg: row.quotedMsg && { ...row.quotedMsg, ...quotedMsg },
      mentionedJidList: row.mentionedJidList?.map(createWid),
    };
  };
});
