/**
 * The page's side of the engine: asks wa-js on the adapter's behalf and tells it what happens.
 *
 * Runs at document start, after wa-js, on every navigation of the top frame. Nothing here decides what a state means;
 * nothing here keeps what a reload may not lose. Every call answers `{ok: true, value}` or `{ok: false, code, message}`,
 * because a thrown error loses its code on the way out of the page.
 */
(() => {
  'use strict';

  /**
   * @import { Answer, PageEvent, PageObservation } from './page'
   * @import { whatsapp as WhatsApp } from '@wppconnect/wa-js'
   */
  const CHECK_MS = 700;
  const FIRST_CODE_MS = 60_000;
  const NEXT_CODE_MS = 20_000;
  const PAIRING_CODE_MS = 180_000; // wa-js itself renews a code after 195 s
  const NEW_CODE_WAIT_MS = 8_000;
  const LOAD_WAIT_MS = 5_000;
  const LOAD_POLL_MS = 50;

  const WPP = window.WPP;
  const { whatsapp } = WPP;

  class BridgeError extends Error {
    /** @param {string} code @param {string} [message] */
    constructor(code, message = code) {
      super(message);
      this.code = code;
    }
  }

  /** @param {PageEvent} event */
  const tell = (event) => {
    // A page that is being left has nobody to tell any more.
    window.__leadmasterTell(event).catch(() => undefined);
  };

  // --- observation -------------------------------------------------------------------------------------------------

  /** @type {{ref: string, full: string, expires: number} | null} */
  let shown = null;

  /** The code on the page with the time at which WhatsApp replaces it: the first lasts longer than those after it. */
  const currentCode = async () => {
    const ref = whatsapp.Conn.ref;
    if (!ref || whatsapp.Socket.state === 'UNPAIRED_IDLE') {
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
    const { identityKeyPair } = await whatsapp.multidevice.waSignalStore.getRegistrationInfo();
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
      socket: whatsapp.Socket.state ?? 'UNLAUNCHED',
      online: online && WPP.conn.isOnline(),
      code: code?.full ?? null,
      code_expires_at_ms: code?.expires ?? null,
      own_number: me?.user ?? null,
      push_name: (registered && whatsapp.Conn.pushname) || null,
      identity_key: registered ? await identityKey() : null,
      web_version: version,
      progress: registered ? whatsapp.ChatStore.length : 0,
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

  /** Whether WhatsApp can be asked right now. */
  const isReady = () =>
    WPP.conn.isRegistered() &&
    WPP.conn.getStreamData().mode === 'MAIN' &&
    whatsapp.Socket.state === 'CONNECTED' &&
    WPP.conn.isOnline();

  // --- numbers and messages ----------------------------------------------------------------------------------------

  /**
   * The id under which WhatsApp knows a number; null: it said that there is none.
   *
   * wa-js answers null for failed requests too, and keeps it for 15 s. So its null is only a hint: WhatsApp's own
   * function, which throws where it can't ask, has the last word.
   * @param {string} number
   */
  const widOf = async (number) => {
    const before = isReady();
    const known = await WPP.contact.queryWidExists(`${number}@c.us`);
    if (known !== null) {
      return known.wid;
    }
    if (!before) {
      throw new BridgeError('NOT_CONNECTED', 'WhatsApp could not be asked');
    }
    const wid = whatsapp.WidFactory.createWid(`${number}@c.us`);
    const answer = await whatsapp.functions.queryWidExists(wid);
    if (!answer && !isReady()) {
      throw new BridgeError('NOT_CONNECTED', 'WhatsApp could not be asked');
    }
    return answer ? answer.wid : null;
  };

  /** @param {string} number @returns {Promise<{chat_id: string, key: string}>} */
  const prepare = async (number) => {
    const wid = await widOf(number);
    if (wid === null) {
      throw new BridgeError('NOT_ON_WHATSAPP');
    }
    // The chat may carry another id than the number (…@lid): the key is made from the chat.
    const chat = await WPP.chat.find(wid);
    const key = await WPP.chat.generateMessageID(chat);
    return { chat_id: chat.id.toString(), key: key.toString() };
  };

  /** Keys of which the server has not answered the first copy yet; what it answers then is about no other copy. */
  const firstCopies = new Set();

  /** Keys whose refusal was told since they were last handed over: page and outcome may both show it. */
  const refused = new Set();

  /** The page sends again by itself: only a refusal of the first copy says that nothing arrived. @param {string} key */
  const tellRefusal = (key) => {
    refused.add(key);
    tell({ kind: 'ack', key, ack: firstCopies.has(key) ? -1 : -2 });
  };

  /**
   * Resolves once the page holds the message.
   *
   * These are the two steps of `sendTextMessage`: that function gives the server's answer only to those who wait for
   * it. Without a link preview, which wa-js would fetch through other people's servers, and without marking the chat
   * as read, which nobody did.
   * @param {{chat_id: string, key: string, text: string}} message
   */
  const handOver = async ({ chat_id: chatId, key, text }) => {
    const chat = await WPP.chat.find(chatId);
    const raw = await WPP.chat.prepareRawMessage(
      chat,
      { type: 'chat', body: text, subtype: null, urlText: null, urlNumber: null },
      { messageId: key },
    );
    refused.delete(key);
    if (!whatsapp.MsgStore.get(key)) {
      firstCopies.add(key);
    }
    const [added, outcome] = await whatsapp.functions.addAndSendMsgToChat(chat, raw);
    outcome.then(
      ({ messageSendResult }) => {
        // A message that the page marks as failed is told by its ack, below, unless it was marked already.
        if (isRefusal(messageSendResult) && !refused.has(key)) {
          tellRefusal(key);
        }
      },
      () => undefined, // no answer is no refusal: the acknowledgement will tell
    ).finally(() => firstCopies.delete(key));
    await added;
    return null;
  };

  /** A failed network is no refusal: the page sends again by itself. @param {`${WhatsApp.enums.SendMsgResult}`} result */
  const isRefusal = (result) => result !== 'OK' && result !== 'ERROR_NETWORK';

  /** @param {{chat_id: string, key: string}} message @returns {Promise<number | null>} */
  const acknowledgement = async ({ chat_id: chatId, key }) => {
    await WPP.chat.find(chatId); // getMessageById knows only loaded chats
    try {
      const message = await WPP.chat.getMessageById(key);
      return message.ack ?? 0;
    } catch (error) {
      if (codeOf(error) === 'msg_not_found') {
        return null;
      }
      throw error;
    }
  };

  /** @param {string} number @returns {Promise<boolean | null>} */
  const exists = async (number) => {
    try {
      return (await widOf(number)) !== null;
    } catch {
      return null;
    }
  };

  // --- linking -----------------------------------------------------------------------------------------------------

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

  // --- what happens by itself --------------------------------------------------------------------------------------

  /** A key with the chat's other id, since a receipt may name the chat by number or by LID. @param {string} key */
  const otherForm = (key) => {
    const [, remote, id] = key.split('_');
    const wid = whatsapp.WidFactory.createWid(remote);
    const other = wid.isLid()
      ? whatsapp.lidPnCache.getPhoneNumber(wid)
      : whatsapp.lidPnCache.getCurrentLid(wid);
    return other ? `true_${other.toString()}_${id}` : null;
  };

  WPP.on('chat.msg_ack_change', ({ ack, ids }) => {
    for (const id of ids.filter((one) => one.fromMe && !one.remote.isGroup())) {
      const key = id.toString();
      const other = whatsapp.MsgStore.get(key) ? null : otherForm(key);
      for (const form of other === null ? [key] : [key, other]) {
        tell({ kind: 'ack', key: form, ack });
      }
    }
  });

  // wa-js tells nothing of refusals that come later, when the page sends again by itself.
  WPP.loader.onInjected(() => {
    whatsapp.MsgStore.on('change:ack', (/** @type {WhatsApp.MsgModel} */ message) => {
      if (message.id.fromMe && (message.ack ?? 0) < 0) {
        tellRefusal(message.id.toString());
      }
    });
  });

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

  // --- the door ----------------------------------------------------------------------------------------------------

  /** @param {unknown} error */
  const codeOf = (error) =>
    error instanceof Object && 'code' in error && typeof error.code === 'string' ? error.code : 'PAGE_ERROR';

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
      renewCode: answering(loaded(renewCode)),
      pairingCode: answering(loaded(pairingCode)),
      prepare: answering(loaded(prepare)),
      handOver: answering(loaded(handOver)),
      acknowledgement: answering(loaded(acknowledgement)),
      exists: answering(loaded(exists)),
      logout: answering(loaded(logout)),
    }),
  });
})();
