'use strict';

/*
 * Whether somebody sits before the page: it follows the window's focus unless it is pinned (wa-js: `markAvailable`). While
 * somebody does, the account is shown as online, and chats that are answered count as seen.
 */
__d('SimAvailability', (require, exports) => {
  const { wire } = require('SimWire');
  const { session } = require('SimSession');
  const { Stream } = require('WAWebStreamModel');

  const waiting = new Map();

  const tell = () => wire.tell('presence', { available: Boolean(Stream.available) });

  function changed() {
    tell();
    if (Stream.available) {
      const due = [...waiting.values()];
      waiting.clear();
      due.forEach((work) => work());
    }
  }

  /* Do something for a chat now, or as soon as somebody is there; a later wish for the same chat replaces the former. */
  exports.onceAvailable = (chat, work) => {
    if (Stream.available) {
      return work();
    }
    waiting.set(String(chat.id), work);
    return undefined;
  };

  exports.start = () => {
    Stream.available = document.hasFocus();
    window.addEventListener('focus', () => Stream.markAvailable());
    window.addEventListener('blur', () => Stream.markUnavailable());
    Stream.on('change:available', changed);
    session.on('up_to_date', tell);
  };
});
