'use strict';

/* WhatsApp's switches, which its server sets per account. Libraries put their own function here. */
__d('WAWebABProps', (require, exports) => {
  const { session } = require('SimSession');

  const PROPS = {
    web_media_encrypt_upload_in_worker_enabled: 'upload_in_worker',
  };

  exports.getABPropConfigValue = (name) => session.settings[PROPS[name]];
});
