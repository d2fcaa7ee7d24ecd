/** What happens by itself and is told: messages that come in, the end of a pairing, trouble with the account. */

/** Digits, or the LID where WhatsApp knows no number. @param {WhatsApp.Wid} wid */
const senderOf = async (wid) => {
  if (!wid.isLid()) {
    return wid.user;
  }
  const known = whatsapp.lidPnCache.getPhoneNumber(wid);
  if (known) {
    return known.user;
  }
  const entry = await WPP.contact.getPnLidEntry(wid).catch(() => null);
  return entry?.phoneNumber?.id ?? `${wid.user}@lid`;
};

WPP.on('chat.new_message', async (message) => {
  if (message.id.fromMe || message.type !== 'chat' || !message.body || !message.from?.isUser()) {
    return;
  }
  tell({
    kind: 'inbound',
    key: message.id.toString(),
    sender: await senderOf(message.from),
    text: message.body,
    at_ms: message.t ? message.t * 1000 : Date.now(),
  });
});

WPP.on('conn.logout_reason', (reason) => {
  if (reason === 'account_locked') {
    tell({ kind: 'problem', code: 'ACCOUNT_LOCKED' });
  }
  tell({ kind: 'logout_reason', reason });
});
WPP.on('conn.logout', () => tell({ kind: 'logged_out' }));

/** @type {Record<string, string>} */
const PROBLEMS = {
  account_temporarily_banned: 'ACCOUNT_BANNED',
  storage_initialization_error: 'STORAGE_FAILED',
};
WPP.on('conn.backend_event', (name) => {
  const code = PROBLEMS[String(name)];
  if (code) {
    tell({ kind: 'problem', code });
  }
});
