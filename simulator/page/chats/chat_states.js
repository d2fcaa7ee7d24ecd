'use strict';

/* "Typing…" and "recording…": told again and again until it is over; by itself it is over after a moment. */
__d('WAWebPresenceChatAction', (require, exports) => {
  const { wire } = require('SimWire');

  const AGAIN_MS = 10_000;
  const PAUSED_AFTER_MS = 2_500;
  const running = new WeakMap();

  const tell = (chat, state) => wire.tell('chat_state', { wid: String(chat.id), state });

  function stop(chat) {
    clearInterval(running.get(chat));
    running.delete(chat);
    clearTimeout(chat.pausedTimerId);
    chat.unset('pausedTimerId');
  }

  function begin(chat, state) {
    stop(chat);
    tell(chat, state);
    running.set(chat, setInterval(() => tell(chat, state), AGAIN_MS));
    chat.pausedTimerId = setTimeout(() => exports.markPaused(chat), PAUSED_AFTER_MS);
  }

  exports.markComposing = async (chat) => begin(chat, 'composing');
  exports.markRecording = async (chat) => begin(chat, 'recording');
  exports.markPaused = async (chat) => {
    stop(chat);
    tell(chat, 'paused');
  };
});
