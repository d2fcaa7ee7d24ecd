/** Linking this device to a phone, and unlinking it. */
const PAIRING_CODE_MS = 180_000; // wa-js itself renews a code after 195 s
const NEW_CODE_WAIT_MS = 8_000;

/** @template T @param {Promise<T>} promise @param {number} ms @returns {Promise<T>} */
const within = (promise, ms) =>
  Promise.race([
    promise,
    /** @type {Promise<never>} */ (
      new Promise((_, reject) => setTimeout(() => reject(new BridgeError('TIMEOUT', `no answer in ${ms} ms`)), ms))
    ),
  ]);

const renewCode = async () => {
  if (WPP.conn.isRegistered()) {
    throw new BridgeError('ALREADY_LINKED');
  }
  await within(WPP.conn.refreshQR(), NEW_CODE_WAIT_MS);
  await check();
  return null;
};

/** @param {string} number */
const pairingCode = async (number) => {
  const code = await WPP.conn.genLinkDeviceCodeForPhoneNumber(number);
  return { code, expires_at_ms: Date.now() + PAIRING_CODE_MS };
};

const logout = async () => {
  if (!WPP.conn.isRegistered()) {
    return false;
  }
  return WPP.conn.logout();
};
