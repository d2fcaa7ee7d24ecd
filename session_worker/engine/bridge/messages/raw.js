/**
 * What is handed over, as WhatsApp's own raw message. Nothing here waits for a server, and wa-js is left nothing to find
 * out: who is mentioned and what stands below a link is said by the caller.
 *
 * @import { Handing } from '../types'
 */

/** What stands for a quoted message that has no text, where the page does not have it. @type {Record<string, string>} */
const PICTOGRAMS = {
  image: '📷', video: '🎥', audio: '🎵', voice: '🎤', document: '📄', sticker: '🖼️', location: '📍', contact: '👤', poll: '📊',
};

/** @param {Handing} handing */
const rawText = ({ text, content }) => {
  const preview = content.link_preview;
  if (!preview) {
    return { type: 'chat', body: text, subtype: null, urlText: null, urlNumber: null };
  }
  return {
    type: 'chat',
    body: text,
    subtype: 'url',
    matchedText: preview.url,
    canonicalUrl: preview.url,
    title: preview.title ?? '',
    description: preview.description ?? '',
    richPreviewType: 0,
    doNotPlayInline: true,
  };
};

/** @param {Handing} handing */
const rawLocation = ({ content: { location } }) => ({
  type: 'location',
  lat: location?.latitude,
  lng: location?.longitude,
  loc: [location?.name, location?.address].filter(Boolean).join('\n'),
  ...(location?.url ? { clientUrl: location.url } : {}),
});

/** @param {Handing} handing */
const rawContact = ({ content: { contact } }) => ({
  type: 'vcard',
  body: contact?.vcard,
  vcardFormattedName: contact?.name,
});

/** The secret, by which votes are read, is made here and stays in the page's row. @param {Handing} handing */
const rawPoll = ({ content: { poll } }) => ({
  type: 'poll_creation',
  pollName: poll?.question,
  pollOptions: (poll?.options ?? []).map((name, localId) => ({ name, localId })),
  pollSelectableOptionsCount: poll?.multiple ? 0 : 1,
  pollEncKey: crypto.getRandomValues(new Uint8Array(32)),
  messageSecret: crypto.getRandomValues(new Uint8Array(32)),
});

/** @param {Handing} handing */
const rawMedia = ({ text, content, upload }) => {
  if (!upload?.directPath || !upload.mediaKey) {
    throw new BridgeError('MEDIA_NOT_UPLOADED', 'what the upload gave is not there');
  }
  const { preview, ...uploaded } = withBytes(upload);
  const name = content.media?.file_name;
  return {
    ...uploaded,
    body: preview ?? '',
    ...(text ? { caption: text, isCaptionByUser: true } : {}),
    ...(name && content.type === 'document' ? { filename: name } : {}),
  };
};

/** Bytes as `portableBytes` of the upload had written them. @param {Record<string, any>} uploaded */
const withBytes = (uploaded) =>
  /** @type {Record<string, any>} */ (
    Object.fromEntries(
      Object.entries(uploaded).map(([name, value]) => [name, value?.bytes === undefined ? value : bytesOf(value.bytes)]),
    )
  );

/** @param {string} text base64 */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @type {Record<string, (handing: Handing) => object>} */
const RAW = { text: rawText, location: rawLocation, contact: rawContact, poll: rawPoll };

/**
 * The raw message and the options of `prepareRawMessage`.
 * @param {any} chat @param {Handing} handing @returns {Promise<{raw: any, options: any}>}
 */
const rawOf = async (chat, handing) => {
  const type = handing.content.type ?? 'text';
  const raw = (RAW[type] ?? rawMedia)(handing);
  const { texted, mentionedList } = mentioning(chat, handing);
  const options = {
    messageId: handing.key,
    detectMentioned: false,
    ...(mentionedList.length > 0 ? { mentionedList } : {}),
    ...(await quoteOf(handing)),
  };
  // In a group wa-js would name the own LID, whatever the group's own way.
  const from = chat.id.isGroup() ? { from: known('MsgKey').fromString(handing.key).participant } : {};
  return { raw: { ...raw, ...texted, ...from }, options };
};

/**
 * Who is mentioned, under the address by which the chat knows him: where that is a LID, the text has to say it too.
 * @param {any} chat @param {Handing} handing
 */
const mentioning = (chat, { text, content }) => {
  const byLid = chat.id.isGroup() && isLidAddressed(chat);
  let said = text;
  const mentionedList = (content.mentions ?? []).map((digits) => {
    const number = known('WidFactory').createWid(`${digits}@c.us`);
    const lid = byLid ? otherAddress(number) : null;
    if (lid === null) {
      return number.toString();
    }
    said = said.replaceAll(new RegExp(`@${digits}(?!\\d)`, 'g'), `@${lid.split('@')[0]}`);
    return lid;
  });
  const field = (content.type ?? 'text') === 'text' ? 'body' : 'caption';
  return { texted: said === text ? {} : { [field]: said }, mentionedList };
};

/** @param {WhatsApp.MsgModel} model */
const canBeQuoted = (model) => {
  try {
    return known('functions.canReplyMsg')(model);
  } catch {
    return false; // the caller tells enough of it
  }
};

/**
 * The quoted message as the page has it; else as the caller tells of it, without looking it up.
 * @param {Handing} handing
 */
const quoteOf = async ({ content: { quote } }) => {
  if (!quote) {
    return {};
  }
  const model = await modelOf(quote.key);
  if (model !== null && canBeQuoted(model)) {
    return { quotedMsg: model };
  }
  const [from, remote = '', , participant] = quote.key.split('_');
  const own = ownWid(remote.endsWith('@lid')).toString();
  const fromMe = from === 'true';
  const body = quote.text || PICTOGRAMS[quote.type ?? ''] || '…';
  const told = { id: quote.key, type: 'chat', body, ack: 1, from: fromMe ? own : remote, to: fromMe ? remote : own };
  return { quotedMsgPayload: JSON.stringify(participant ? { ...told, author: participant } : told) };
};
