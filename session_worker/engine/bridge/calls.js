/**
 * What the adapter may call, under one name on the page.
 *
 * Every call answers `{ok: true, value}` or `{ok: false, code, message}`: a thrown error loses its code on its way out.
 */
const LOAD_WAIT_MS = 5_000;
const LOAD_POLL_MS = 50;

/**
 * @template A, T
 * @param {(argument: A) => Promise<T>} work
 * @returns {(argument: A) => Promise<Answer<T>>}
 */
const answering = (work) => async (argument) => {
  try {
    return { ok: true, value: await work(argument) };
  } catch (error) {
    return { ok: false, code: codeOf(error), message: error instanceof Error ? error.message : String(error) };
  }
};

/** @template A, T @param {(argument: A) => Promise<T>} work @returns {(argument: A) => Promise<T>} */
const loaded = (work) => async (argument) => {
  // A code is shown a moment before wa-js calls itself loaded, and whoever sees it may ask at once.
  for (let waited = 0; !WPP.isFullReady; waited += LOAD_POLL_MS) {
    if (waited >= LOAD_WAIT_MS) {
      throw new BridgeError('NOT_LOADED', 'WhatsApp Web is not loaded yet');
    }
    await new Promise((resolve) => setTimeout(resolve, LOAD_POLL_MS));
  }
  return work(argument);
};

Object.defineProperty(window, '__leadmaster', {
  value: Object.freeze({
    observe: answering(look),
    probe: answering(probe),
    renewCode: answering(loaded(renewCode)),
    pairingCode: answering(loaded(pairingCode)),
    prepare: answering(loaded(prepare)),
    handOver: answering(loaded(handOver)),
    lookUp: answering(loaded(lookUp)),
    resend: answering(loaded(resend)),
    limits: answering(loaded(limits)),
    findContact: answering(loaded(findContact)),
    markRead: answering(loaded(markRead)),
    react: answering(loaded(react)),
    lookUpReaction: answering(loaded(lookUpReaction)),
    editMessage: answering(loaded(editMessage)),
    lookUpEdit: answering(loaded(lookUpEdit)),
    deleteMessage: answering(loaded(deleteMessage)),
    lookUpDeletion: answering(loaded(lookUpDeletion)),
    showTyping: answering(loaded(showTyping)),
    readGroups: answering(loaded(readGroups)),
    readProfile: answering(loaded(readProfile)),
    readRows: answering(loaded(readRows)),
    readChanges: answering(loaded(readChanges)),
    readPlaceholders: answering(loaded(readPlaceholders)),
    beginMedia: answering(loaded(beginMedia)),
    readMedia: answering(async (/** @type {Parameters<typeof readMedia>[0]} */ asked) => readMedia(asked)),
    endMedia: answering(async (/** @type {string} */ token) => endMedia(token)),
    beginUpload: answering(loaded(beginUpload)),
    addToUpload: answering(async (/** @type {Parameters<typeof addToUpload>[0]} */ asked) => addToUpload(asked)),
    finishUpload: answering(loaded(finishUpload)),
    endUpload: answering(async (/** @type {string} */ token) => endUpload(token)),
    logout: answering(loaded(logout)),
  }),
});
