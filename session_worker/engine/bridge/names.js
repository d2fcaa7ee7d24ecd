/**
 * The table of the bridge: every name by which it, or wa-js on its way, reaches into WhatsApp Web, and which WhatsApp may
 * take away with its next build. A probe walks this list alone: each name that is not there makes wa-js search every
 * module of the page, so all that wa-js exports is never walked.
 *
 * A row says what is lost without the name (`capabilities`), what must stand there (`kind`, and of an object its
 * `methods`), and what is done without it (`fallback`; empty: nothing can be). The bridge's scripts ask `known(name)`.
 */

/** @typedef {'session' | 'send' | 'receipts' | 'inbound' | 'contacts' | 'limits' | 'media' | 'acts'} Capability */

/**
 * @template T
 * @typedef {{capabilities: readonly Capability[], kind: 'function' | 'object', methods: readonly string[], fallback: string, find: () => T}} Row
 */

/** @template T @param {Capability | Capability[]} lost @param {() => T} find @param {string} [fallback] @returns {Row<T>} */
const aFunction = (lost, find, fallback = '') => ({
  capabilities: [lost].flat(), kind: 'function', methods: [], fallback, find,
});

/** @template T @param {Capability | Capability[]} lost @param {string[]} methods @param {() => T} find @returns {Row<T>} */
const anObject = (lost, methods, find) => ({
  capabilities: [lost].flat(), kind: 'object', methods, fallback: '', find,
});

/** A module that wa-js does not export, by WhatsApp's own name. @param {string} id @param {string} member @returns {any} */
const memberOf = (id, member) => WPP.loader.loadModule(id)?.[member];

const NAMES = Object.freeze({
  // What the page says of itself; without these nobody knows whether it is linked or connected.
  Conn: anObject('session', ['on'], () => whatsapp.Conn),
  Socket: anObject('session', ['on'], () => whatsapp.Socket),
  Stream: anObject('session', ['on', 'markAvailable', 'markUnavailable'], () => whatsapp.Stream),
  NetworkStatus: anObject('session', [], () => whatsapp.NetworkStatus),
  ChatStore: anObject('session', ['get'], () => whatsapp.ChatStore),
  UserPrefs: anObject('session', [], () => whatsapp.UserPrefs),
  'functions.isRegistered': aFunction('session', () => whatsapp.functions.isRegistered),
  'multidevice.waSignalStore': anObject('session', ['getRegistrationInfo'], () => whatsapp.multidevice.waSignalStore),

  // A message from its chat to its key to the server.
  Wid: aFunction('send', () => whatsapp.Wid),
  WidFactory: anObject('send', ['createWid'], () => whatsapp.WidFactory),
  MsgKey: aFunction('send', () => whatsapp.MsgKey),
  MsgStore: anObject(['send', 'inbound'], ['get', 'getMessagesById', 'on'], () => whatsapp.MsgStore),
  'functions.findOrCreateLatestChat': aFunction('send', () => whatsapp.functions.findOrCreateLatestChat),
  'functions.randomMessageId': aFunction('send', () => whatsapp.functions.randomMessageId),
  'functions.addAndSendMsgToChat': aFunction('send', () => whatsapp.functions.addAndSendMsgToChat),
  'WAWebResendMsgAction.resendMsg': aFunction(
    'send',
    () => memberOf('WAWebResendMsgAction', 'resendMsg'),
    'a person decides about what stands unsent on the page',
  ),

  'functions.canReplyMsg': aFunction(
    'send', () => whatsapp.functions.canReplyMsg, 'what is quoted is shown as the caller tells of it',
  ),

  // Acknowledgements after the server's own, which MsgStore tells.
  'functions.handleChatSimpleReceipt': aFunction('receipts', () => whatsapp.functions.handleChatSimpleReceipt),

  // What comes in.
  MsgModel: aFunction('inbound', () => whatsapp.MsgModel),
  'functions.createOrUpdateReactions': aFunction(
    'inbound',
    () => whatsapp.functions.createOrUpdateReactions,
    'reactions are found some minutes later, in their store',
  ),
  'functions.upsertVotes': aFunction(
    'inbound', () => whatsapp.functions.upsertVotes, 'votes are found some minutes later, in their store',
  ),
  'functions.getReactions': aFunction(
    'inbound', () => whatsapp.functions.getReactions, 'reactions are recorded where their store says them openly',
  ),
  'functions.getTableVotes': aFunction(
    'inbound', () => whatsapp.functions.getTableVotes, 'votes are recorded only where an event tells them',
  ),
  'PlaceholderMessageResendUtils.handlePlaceholderMsgsSeen': aFunction(
    'inbound',
    () =>
      memberOf('WAWebNonMessageDataRequestPlaceholderMessageResendUtils', 'handlePlaceholderMsgsSeen'),
    'the first message of a lead from an ad is recorded only once a person opens its chat on the phone',
  ),

  // Who is on WhatsApp, and which number stands behind a LID: asked by callers, and before each message.
  ContactStore: anObject(['send', 'contacts'], ['get'], () => whatsapp.ContactStore),
  'functions.queryWidExists': aFunction(['send', 'contacts'], () => whatsapp.functions.queryWidExists),
  lidPnCache: anObject(
    ['send', 'inbound', 'contacts'], ['getPhoneNumber', 'getCurrentLid'], () => whatsapp.lidPnCache,
  ),

  'functions.sendSeen': aFunction(
    'inbound', () => whatsapp.functions.sendSeen, 'a chat is marked as read on the phone alone',
  ),

  // What is done to messages that are on WhatsApp.
  'functions.sendReactionToMsg': aFunction('acts', () => whatsapp.functions.sendReactionToMsg),
  'functions.canEditMsg': aFunction('acts', () => whatsapp.functions.canEditMsg),
  'functions.canEditCaption': aFunction('acts', () => whatsapp.functions.canEditCaption),
  'functions.addAndSendMessageEdit': aFunction('acts', () => whatsapp.functions.addAndSendMessageEdit),
  'WAWebRevokeMsgAction.sendRevoke': aFunction('acts', () => memberOf('WAWebRevokeMsgAction', 'sendRevoke')),
  'WAWebCmd.Revoke': anObject('acts', [], () => memberOf('WAWebCmd', 'Revoke')),
  'functions.markComposing': aFunction('acts', () => /** @type {any} */ (whatsapp.ChatPresence).markComposing),
  'functions.markRecording': aFunction('acts', () => /** @type {any} */ (whatsapp.ChatPresence).markRecording),

  // Groups.
  'functions.queryAllGroups': aFunction('contacts', () => whatsapp.functions.queryAllGroups),

  // What WhatsApp allows the number.
  'WAWebMexFetchReachoutTimelockJob.mexFetchReachoutTimelock': aFunction(
    'limits',
    () => memberOf('WAWebMexFetchReachoutTimelockJob', 'mexFetchReachoutTimelock'),
    'a time lock is inferred from refusals',
  ),
  'WAWebMexFetchNewChatMessageCappingInfoJob.mexFetchNewChatMessageCapping': aFunction(
    'limits',
    () => memberOf('WAWebMexFetchNewChatMessageCappingInfoJob', 'mexFetchNewChatMessageCapping'),
    'a spent cap is inferred from refusals',
  ),

  // Bytes of what comes in.
  'WAWebDownloadManager.downloadManager': anObject(
    'media', ['downloadAndMaybeDecrypt'], () => memberOf('WAWebDownloadManager', 'downloadManager'),
  ),

  // Bytes of what we send, and where they go; see `drift/media.js`.
  OpaqueData: aFunction('media', () => whatsapp.OpaqueData),
  MediaPrep: anObject('media', ['prepRawMedia'], () => whatsapp.MediaPrep),
  MediaObjectUtil: anObject('media', ['getOrCreateMediaObject'], () => whatsapp.MediaObjectUtil),
  MediaBlobCache: anObject('media', ['put'], () => whatsapp.MediaBlobCache),
  'MediaGatingUtils.getUploadLimit': aFunction(
    'media', () => whatsapp.MediaGatingUtils?.getUploadLimit, 'what is too large is refused when it is uploaded',
  ),
  'functions.uploadMedia': aFunction('media', () => whatsapp.functions.uploadMedia),
  'functions.getABPropConfigValue': aFunction(
    'media',
    () => whatsapp.functions.getABPropConfigValue,
    'uploads go where WhatsApp has them go',
  ),
});

/**
 * What stands on the page instead of a row's name; empty where it is as it must be.
 * @param {Row<unknown>} row
 */
const faultOf = ({ kind, methods, find }) => {
  /** @type {unknown} */
  let found;
  try {
    found = find();
  } catch (error) {
    return `not found: ${error instanceof Error ? error.message.slice(0, 80) : 'an error'}`;
  }
  if (found === undefined || found === null) {
    return 'not found';
  }
  if (kind === 'function') {
    return typeof found === 'function' ? '' : `is of type ${typeof found}`;
  }
  const lacking = methods.filter((method) => typeof Reflect.get(Object(found), method) !== 'function');
  return lacking.length === 0 ? '' : `lacks ${lacking.join(', ')}`;
};

/** When a name was last found missing: each search for one goes through every module of the page. */
/** @type {Map<string, {at: number, fault: string}>} */
const missed = new Map();
const SEARCH_AGAIN_MS = 10_000;

/**
 * What the page has under a name of the table. Throws BridgeError WHATSAPP_CHANGED where it is not there, or not as it
 * must be: whoever has a fallback catches it.
 * @template {keyof typeof NAMES} K @param {K} name @returns {NonNullable<ReturnType<(typeof NAMES)[K]['find']>>}
 */
const known = (name) => {
  const before = missed.get(name);
  const fresh = before !== undefined && performance.now() - before.at < SEARCH_AGAIN_MS;
  const fault = fresh ? before.fault : faultOf(NAMES[name]);
  if (fault) {
    if (!fresh) {
      missed.set(name, { at: performance.now(), fault });
    }
    throw new BridgeError('WHATSAPP_CHANGED', `${name} ${fault}`);
  }
  missed.delete(name);
  return /** @type {any} */ (NAMES[name].find());
};
