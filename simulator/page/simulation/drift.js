'use strict';

/* Take away the names that this build lacks, as a new WhatsApp Web does to those who look for them. */
(() => {
  const { hide } = require('SimModules');
  for (const name of JSON.parse(document.documentElement.dataset.missing)) {
    try {
      hide(name);
    } catch (error) {
      console.warn(`nothing to take away: ${name}`, error);
    }
  }
})();
