'use strict';

/* The words for states, acks and outcomes. */
__d('WAWebSocketConstants', (require, exports) => {
  const same = (...names) => Object.fromEntries(names.map((name) => [name, name]));
  exports.SOCKET_STATE = same(
    'OPENING', 'PAIRING', 'UNPAIRED', 'UNPAIRED_IDLE', 'CONNECTED', 'TIMEOUT', 'CONFLICT', 'UNLAUNCHED', 'PROXYBLOCK',
    'TOS_BLOCK', 'SMB_TOS_BLOCK', 'DEPRECATED_VERSION', // the socket's list still has it, nothing sets it
  );
  exports.SOCKET_STREAM = same('DISCONNECTED', 'SYNCING', 'RESUMING', 'CONNECTED');
  exports.WATCHED_SOCKET_STATE = same('OPEN', 'CLOSED');
});

__d('WAWebStreamConstants', (require, exports) => {
  const same = (...names) => Object.fromEntries(names.map((name) => [name, name]));
  exports.StreamMode = same(
    'QR', 'MAIN', 'SYNCING', 'OFFLINE', 'CONFLICT', 'PROXYBLOCK', 'TOS_BLOCK', 'SMB_TOS_BLOCK',
  );
  exports.StreamInfo = same('OFFLINE', 'OPENING', 'PAIRING', 'SYNCING', 'RESUMING', 'CONNECTING', 'NORMAL');
});

__d('WAWebAck', (require, exports) => {
  exports.ACK = {
    MD_DOWNGRADE: -7, INACTIVE: -6, CONTENT_UNUPLOADABLE: -5, CONTENT_TOO_BIG: -4, CONTENT_GONE: -3, EXPIRED: -2,
    FAILED: -1, CLOCK: 0, SENT: 1, RECEIVED: 2, READ: 3, PLAYED: 4, PEER: 5,
  };
  exports.ACK_STRING = {
    SENDER: 'sender', DELIVERY: 'delivery', READ: 'read', PLAYED: 'played', INACTIVE: 'inactive',
    READ_SELF: 'read-self', PLAYED_SELF: 'played-self',
  };
  exports.EDIT_ATTR = { SENDER_REVOKE: 7, ADMIN_REVOKE: 8 };
});

__d('WAWebSendMsgResult', (require, exports) => {
  exports.SendMsgResult = {
    OK: 'OK', ERROR_UNKNOWN: 'ERROR_UNKNOWN', ERROR_NETWORK: 'ERROR_NETWORK', ERROR_CANCELLED: 'ERROR_CANCELLED',
    ERROR_EXPIRED: 'ERROR_EXPIRED', ERROR_UPLOAD: 'ERROR_UPLOAD', ERROR_RATE_LIMIT: 'ERROR_RATE_LIMIT',
  };
});

__d('WAWebMsgType', (require, exports) => {
  const byName = (...names) => Object.fromEntries(names.map((name) => [name.toUpperCase(), name]));
  exports.MSG_TYPE = byName(
    'chat', 'image', 'video', 'ptv', 'audio', 'ptt', 'document', 'sticker', 'location', 'vcard', 'multi_vcard',
    'poll_creation', 'buttons_response', 'list_response', 'template_button_reply', 'ciphertext', 'revoked', 'protocol',
    'call_log', 'unknown',
  );
  exports.SYSTEM_MESSAGE_TYPES = ['protocol', 'call_log'];
});

__d('WAWebLogoutReasonConstants', (require, exports) => {
  exports.LogoutReason = {
    UserInitiated: 'user_initiated', UnknownCompanion: 'unknown_companion', AccountLocked: 'account_locked',
    SyncdFailure: 'syncd_failure', WebFailStorageInitialization: 'web_fail_storage_initialization',
  };
  exports.LOGOUT_REASON_CODE = {
    CLIENT_FATAL: '0', SYNC_FAIL: '1', INITIAL_HISTORY_SYNC_TIMEOUT: '2', ACCOUNT_LOCKED: '3',
  };
});

__d('WAWebLogoutReason', (require, exports) => {
  exports.getErrorCodeFromLogoutReason = (reason) => (reason === 'account_locked' ? '3' : '0');
  exports.setPrevLogoutReasonCode = () => undefined;
  exports.getPrevLogoutReasonCode = () => null;
  exports.setPrevCustomLogoutMessage = () => undefined;
  exports.getPrevCustomLogoutMessage = () => null;
});

__d('WAWebBuildConstants', (require, exports) => {
  exports.SANITIZED_VERSION_STR = window.Debug.VERSION;
  exports.VERSION_STR = window.Debug.VERSION;
  exports.VERSION_BASE = window.Debug.VERSION;
  [exports.VERSION_PRIMARY, exports.VERSION_SECONDARY, exports.VERSION_TERTIARY] = window.Debug.VERSION.split('.');
  exports.WINDOWS_BUILD = null;
});

__d('WAWebOfficialClient', (require, exports) => {
  exports.isOfficialClient = true;
});

__d('WATimeUtils', (require, exports) => {
  exports.unixTime = () => Math.floor(Date.now() / 1000);
  exports.unixTimeMs = () => Date.now();
});
