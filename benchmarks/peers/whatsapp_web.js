'use strict';

/* whatsapp-web.js, its files untouched. Its address has no option: the constant is set before anything reads it. */
const constants = require('whatsapp-web.js/src/util/Constants');

let library = null;

/* Resolves with its event `ready`: with functions that send a text, until the server has it, and close it. */
exports.open = (name, { url, browser, folder, args, waits }) => {
  constants.WhatsWebURL = url;
  library ??= require('whatsapp-web.js');
  const client = new library.Client({
    authStrategy: new library.LocalAuth({ clientId: name, dataPath: folder }),
    puppeteer: { headless: true, executablePath: browser, args },
    webVersionCache: { type: 'none' }, // would keep a copy of the page
  });
  return new Promise((resolve, reject) => {
    client.once('qr', waits);
    client.once('ready', () => resolve({
      send: (chat, text) => client.sendMessage(chat, text, { waitUntilMsgSent: true }),
      close: () => client.destroy(),
    }));
    client.initialize().catch(reject);
  });
};
