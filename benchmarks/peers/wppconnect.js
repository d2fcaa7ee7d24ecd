'use strict';

/* WPPConnect, its files untouched. Its address has no option: the constant is set before it is used. */
const { puppeteerConfig } = require('@wppconnect-team/wppconnect/dist/config/puppeteer.config');
const wppconnect = require('@wppconnect-team/wppconnect');

/* Resolves once `create` does, logged in and, in its words, inside the chat: with functions that send a text and close it. */
exports.open = async (name, { url, browser, folder, args, waits }) => {
  puppeteerConfig.whatsappUrl = url;
  const client = await wppconnect.create({
    session: name,
    folderNameToken: folder,
    useChrome: false, // would look for a Chrome of its own choice
    browserArgs: args,
    puppeteerOptions: { executablePath: browser },
    whatsappVersion: null, // pins the real site's page; here it would only add an interception
    autoClose: 0,
    disableWelcome: true,
    updatesLog: false, // would ask the registry for a newer release
    logQR: false,
    statusFind: (status) => status === 'notLogged' && waits(),
  });
  return {
    send: (chat, text) => client.sendText(chat, text),
    close: () => client.close(),
  };
};
