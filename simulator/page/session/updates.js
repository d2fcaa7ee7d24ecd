'use strict';

/*
 * Whether there is a newer build: the page asks again and again. Told so softly it only says it; told so hard it reloads
 * itself soon. A build that is refused at the login reloads at once, which brings the newest, unless the page is pinned.
 */
__d('SimUpdates', (require, exports) => {
  const { wire } = require('SimWire');
  const { session } = require('SimSession');
  const { Stream } = require('WAWebStreamModel');

  const revision = window.Debug.VERSION.split('.').at(-1);
  let timer = null;
  let reloading = null;

  async function ask() {
    const { soft, hard } = await (await fetch(`/spin?revision=${revision}`)).json();
    Stream.isHardRefresh = hard;
    Stream.needsUpdate = soft || hard;
    if (hard) {
      reloading ??= setTimeout(() => location.reload(), session.settings.hard_reload_ms);
    } else {
      clearTimeout(reloading);
      reloading = null;
    }
  }

  function askEvery(ms) {
    clearInterval(timer);
    timer = setInterval(() => ask().catch((error) => console.warn('not told of updates', error)), Math.max(50, ms));
  }

  exports.start = () => {
    session.on('settings', () => askEvery(session.settings.version_poll_ms));
    wire.on('failure', () => location.reload());
  };
});
