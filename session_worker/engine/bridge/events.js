/** What happens by itself and is told: the end of a pairing, trouble with the account. */

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
