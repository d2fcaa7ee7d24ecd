'use strict';

/* What a message is as a row of the table, and what it is as a model. */
__d('SimRows', (require, exports) => {
  const { account } = require('SimAccount');
  const { session } = require('SimSession');
  const me = require('WAWebUserPrefsMeUser');
  const MsgKey = require('WAWebMsgKey').default;

  const ownWid = (remote) => (remote.isLid() ? me.getMaybeMeLidUser() : me.getMaybeMePnUser());

  /* The text is encrypted at rest on the real page; here it is masked with the device's key, so that none stands in a row. */
  const mask = (bytes) => {
    const key = account.device.identity;
    return bytes.map((byte, index) => byte ^ key.charCodeAt(index % key.length));
  };
  const seal = (content) => mask(new TextEncoder().encode(JSON.stringify(content)));
  const unseal = (bytes) => (bytes === undefined ? {} : JSON.parse(new TextDecoder().decode(mask(bytes))));

  exports.rowOf = ({ id, body, type, subtype, t, ack, ctwaContext, errorCode, isSendFailure, protocolMessageKey }) => {
    const own = String(ownWid(id.remote));
    const remote = String(id.remote);
    return {
      id: String(id),
      remote,
      from: id.fromMe ? own : remote,
      to: id.fromMe ? remote : own,
      t,
      type,
      ack,
      ...(subtype ? { subtype } : {}),
      ...(ctwaContext ? { ctwaContext } : {}),
      ...(errorCode ? { errorCode } : {}),
      ...(isSendFailure ? { isSendFailure } : {}),
      ...(protocolMessageKey ? { protocolMessageKey: String(protocolMessageKey) } : {}),
      ...(body ? { msgRowOpaqueData: seal({ body }) } : {}),
    };
  };

  /* What the server told of a message, as a row. */
  exports.rowOfItem = (item) => exports.rowOf({
    id: MsgKey.fromString(item.key),
    body: item.body,
    type: item.type,
    subtype: item.type === 'revoked' ? 'sender' : null,
    t: item.t,
    ack: item.ack,
    ctwaContext: item.ctwa_context ?? undefined,
    protocolMessageKey: item.revoked_key ?? undefined,
  });

  /*
   * A row that is read back, as a model's values. Nobody knows of an own message without an ack whether it left: it is
   * shown as failed and waits for somebody who sends it again.
   */
  exports.valuesOf = (row) => {
    const id = MsgKey.fromString(row.id);
    const own = ownWid(id.remote);
    const lost = id.fromMe && row.ack === 0 && !session.settings.page_resends;
    return {
      id,
      body: unseal(row.msgRowOpaqueData).body ?? '',
      type: row.type,
      subtype: row.subtype ?? null,
      t: row.t,
      ack: row.ack,
      from: id.fromMe ? own : id.remote,
      to: id.fromMe ? id.remote : own,
      self: id.fromMe ? 'out' : 'in',
      rowId: row.rowId,
      isSendFailure: lost || Boolean(row.isSendFailure),
      errorCode: row.errorCode,
      ctwaContext: row.ctwaContext,
      protocolMessageKey: row.protocolMessageKey && MsgKey.fromString(row.protocolMessageKey),
    };
  };
});
