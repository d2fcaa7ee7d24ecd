'use strict';

/*
 * What is on its way to the server, in memory alone. What has no answer yet is kept, sent again in order once the page is
 * online again, and lost with the page.
 */
__d('SimOutbox', (require, exports) => {
  const { wire, NetworkError } = require('SimWire');
  const { session } = require('SimSession');

  const waiting = new Map();

  function send(entry) {
    const { id, body } = entry.message;
    entry.underWay = true;
    wire.ask('send', { wid: String(id.remote), id: id.id, body }, null).then(
      (answer) => {
        waiting.delete(String(id));
        entry.resolve(answer);
      },
      (error) => {
        entry.underWay = false;
        if (!(error instanceof NetworkError)) {
          waiting.delete(String(id));
          entry.reject(error);
        }
      },
    );
  }

  exports.holds = (key) => waiting.has(String(key));

  /* Hand a message to the server and resolve with its answer, however long that takes; a second call joins the first. */
  exports.submit = (message) => {
    const key = String(message.id);
    const known = waiting.get(key);
    if (known !== undefined) {
      return known.answer;
    }
    const entry = { message, underWay: false };
    entry.answer = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    waiting.set(key, entry);
    if (session.online) {
      send(entry);
    }
    return entry.answer;
  };

  session.on('up_to_date', () => {
    for (const entry of waiting.values()) {
      if (!entry.underWay) {
        send(entry);
      }
    }
  });
});
