'use strict';

/*
 * What is on its way to the server, in memory alone. What has no answer yet is kept, sent again in order once the page is
 * online again, and lost with the page.
 */
__d('SimStanza', (require, exports) => {
  const { SENT, QUOTED, WITH_PICTURE } = require('SimContents');
  const { encodeB64 } = require('WABase64');
  const { pick } = require('SimRows');
  const Wid = require('WAWebWid').default;

  const isBytes = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  const portable = (value) => {
    if (isBytes(value)) {
      return encodeB64(value);
    }
    if (Array.isArray(value)) {
      return value.map(portable);
    }
    return value instanceof Wid ? String(value) : value;
  };

  /* A message as the server is handed it. */
  exports.stanzaOf = (message) => {
    const { id, type, quotedMsg } = message;
    const text = WITH_PICTURE.has(type) ? message.caption : message.body;
    const quoted = quotedMsg ? { quotedMsg: pick(quotedMsg, QUOTED, portable) } : {};
    return {
      wid: String(id.remote),
      id: id.id,
      participant: String(id.participant ?? ''),
      type,
      text: text ?? '',
      fields: { ...pick(message, SENT, portable), ...quoted },
    };
  };
});

__d('SimOutbox', (require, exports) => {
  const { wire, NetworkError } = require('SimWire');
  const { session } = require('SimSession');

  const waiting = new Map();

  function send(entry) {
    const { key, op, body } = entry;
    entry.underWay = true;
    wire.ask(op, body, null).then(
      (answer) => {
        waiting.delete(key);
        entry.resolve(answer);
      },
      (error) => {
        entry.underWay = false;
        if (!(error instanceof NetworkError)) {
          waiting.delete(key);
          entry.reject(error);
        }
      },
    );
  }

  exports.holds = (key) => waiting.has(String(key));

  /* Hand a message to the server and resolve with its answer, however long that takes; a second call joins the first. */
  exports.submit = (message) => hand(String(message.id), 'send', require('SimStanza').stanzaOf(message));

  /* The same for what is done to a message that is there (`kind`: react, edit, revoke), under a key of its own. */
  exports.change = (kind, message, id, text = '') =>
    hand(`${kind} ${id}`, 'change', { kind, key: String(message.id), id, text });

  function hand(key, op, body) {
    const known = waiting.get(key);
    if (known !== undefined) {
      return known.answer;
    }
    const entry = { key, op, body, underWay: false };
    entry.answer = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    waiting.set(key, entry);
    if (session.online) {
      send(entry);
    }
    return entry.answer;
  }

  session.on('up_to_date', () => {
    for (const entry of waiting.values()) {
      if (!entry.underWay) {
        send(entry);
      }
    }
  });
});
