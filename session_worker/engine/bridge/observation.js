/** What the page says of itself, asked for and told whenever it changes. */
const CHECK_MS = 700;
const FIRST_CODE_MS = 60_000;
const NEXT_CODE_MS = 20_000;

/** @type {{ref: string, full: string, expires: number} | null} */
let shown = null;

/** The code on the page with the time at which WhatsApp replaces it: the first lasts longer than those after it. */
const currentCode = async () => {
  const { ref } = known('Conn');
  if (!ref || known('Socket').state === 'UNPAIRED_IDLE') {
    shown = null;
    return null;
  }
  if (shown?.ref !== ref) {
    const auth = await WPP.conn.getAuthCode();
    if (!auth) {
      return null;
    }
    const life = shown === null ? FIRST_CODE_MS : NEXT_CODE_MS;
    shown = { ref: auth.ref, full: auth.fullCode, expires: Date.now() + life };
  }
  return shown;
};

/** @param {ArrayBuffer} bytes */
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

/** The public half of this device's identity key: made anew before each pairing, wiped by a logout. */
const identityKey = async () => {
  const { identityKeyPair } = await known('multidevice.waSignalStore').getRegistrationInfo();
  return base64(identityKeyPair.pubKey);
};

/** WhatsApp's page for browsers it no longer takes; wa-js finds nothing to hold on to there. */
const unsupportedBrowser = () => document.querySelector('.landing-title.version-title') !== null;

/** @returns {Promise<PageObservation>} */
const look = async () => {
  const online = navigator.onLine;
  const version = window.Debug?.VERSION ?? null;
  if (!WPP.loader.isInjected) {
    return {
      loaded: false, registered: false, mode: 'OTHER', socket: 'UNLAUNCHED', online, code: null,
      code_expires_at_ms: null, own_number: null, push_name: null, identity_key: null, web_version: version,
      progress: 0, problem: unsupportedBrowser() ? 'VERSION_UNSUPPORTED' : null,
    };
  }
  const registered = WPP.conn.isRegistered();
  const code = registered ? null : await currentCode();
  const me = registered ? WPP.conn.getMyUserId() : undefined;
  if (registered) {
    shown = null;
  }
  return {
    loaded: WPP.isFullReady,
    registered,
    mode: WPP.conn.getStreamData().mode ?? 'OTHER',
    socket: known('Socket').state ?? 'UNLAUNCHED',
    online: online && WPP.conn.isOnline(),
    code: code?.full ?? null,
    code_expires_at_ms: code?.expires ?? null,
    own_number: me?.user ?? null,
    push_name: (registered && known('Conn').pushname) || null,
    identity_key: registered ? await identityKey() : null,
    web_version: version,
    progress: registered ? known('ChatStore').length : 0,
    problem: null,
  };
};

let lastTold = '';
let looking = false;
let lookAgain = false;

/** Looks and tells what changed; calls that come while it looks make it look once more. */
const check = async () => {
  lookAgain = true;
  if (looking) {
    return;
  }
  looking = true;
  try {
    while (lookAgain) {
      lookAgain = false;
      const observation = await look();
      const text = JSON.stringify(observation);
      if (text !== lastTold) {
        lastTold = text;
        tell({ kind: 'observation', observation });
      }
    }
  } catch (error) {
    console.debug('observation failed', error); // half-loaded page; the next check comes by itself
  } finally {
    looking = false;
  }
};

for (const event of /** @type {const} */ ([
  'conn.auth_code_change', 'conn.authenticated', 'conn.main_init', 'conn.main_loaded', 'conn.main_ready',
  'conn.needs_update', 'conn.online', 'conn.qrcode_idle', 'conn.require_auth', 'conn.stream_mode_changed',
  'conn.stream_info_changed',
])) {
  WPP.on(event, check);
}
// Events alone miss what a restored login does.
setInterval(check, CHECK_MS);
check();
