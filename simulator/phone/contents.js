'use strict';

/* What a message shows besides its time and ticks: a quote above, picture, sound, file, place, card or poll, the text, reactions below. */
(() => {
  const WORDS = {
    image: 'Foto', video: 'Video', ptv: 'Video', audio: 'Audio', ptt: 'Nota de voz', document: 'Documento',
    sticker: 'Sticker', location: 'Ubicación', vcard: 'Contacto', multi_vcard: 'Contactos', poll_creation: 'Encuesta',
    call_log: 'Llamada perdida', reaction: 'Reacción', poll_vote: 'Voto',
  };
  const UNITS = ['bytes', 'kB', 'MB', 'GB'];

  const detailOf = ({ type, fields, body }) => ({
    document: fields.filename,
    location: fields.loc?.replace('\n', ', '),
    vcard: fields.vcardFormattedName,
    multi_vcard: fields.vcardFormattedName,
    poll_creation: fields.pollName,
    reaction: body || '(retirada)',
  })[type] ?? body;

  /* One line for the list of chats. */
  const summaryOf = (row) => {
    if (row.revoked) {
      return 'Mensaje eliminado';
    }
    const word = WORDS[row.type];
    return word === undefined ? row.body : [word, detailOf(row)].filter(Boolean).join(': ');
  };

  const make = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children.filter((child) => child !== undefined && child !== ''));
    return made;
  };

  const sizeOf = (bytes) => {
    const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
    const figure = bytes / 1000 ** power;
    return `${figure.toLocaleString('es', { maximumFractionDigits: power === 0 ? 0 : 1 })} ${UNITS[power]}`;
  };

  const quoteOf = ({ quote, phone }) => {
    const author = make('strong', { textContent: quote.author === phone ? 'El negocio' : `+${quote.author}` });
    const word = WORDS[quote.type];
    const text = [word, quote.text].filter(Boolean).join(word && quote.text ? ': ' : '');
    return make('blockquote', { className: 'quote' }, author, make('span', { textContent: text }));
  };

  const addressOf = ({ media }) => `/control/media/${media}/content`;
  const labelled = (element, label) => {
    element.setAttribute('aria-label', label);
    return element;
  };

  const picture = (row) => make('img', { src: addressOf(row), alt: WORDS[row.type], className: row.type });
  const sound = (row) =>
    labelled(make('audio', { src: addressOf(row), controls: true, preload: 'metadata' }), WORDS[row.type]);
  const film = (row) =>
    labelled(make('video', { src: addressOf(row), controls: true, preload: 'metadata' }), WORDS[row.type]);
  const file = (row) => {
    const name = row.filename || WORDS[row.type];
    const link = make('a', { href: addressOf(row), download: name, textContent: name });
    return make('span', { className: 'card' }, link, make('small', { textContent: sizeOf(row.size) }));
  };

  const place = ({ fields }) => {
    const [name, address] = (fields.loc ?? '').split('\n');
    const url = /^https?:/.test(fields.clientUrl ?? '') ? fields.clientUrl : null;
    const title = url === null ? make('strong') : make('a', { href: url, target: '_blank', rel: 'noopener' });
    title.textContent = name || WORDS.location;
    const where = make('small', { textContent: `${fields.lat}, ${fields.lng}` });
    return make('span', { className: 'card place' }, title, address && make('span', { textContent: address }), where);
  };

  const person = (name, vcard) => {
    const numbers = [...vcard.matchAll(/^TEL[^:]*:(.+)$/gm)].map(([, number]) => number.trim());
    const title = make('strong', { textContent: name });
    return make('span', { className: 'card person' }, title, ...numbers.map((number) => make('small', { textContent: number })));
  };
  const people = ({ fields }) => fields.vcardList.map(({ displayName, vcard }) => person(displayName, vcard));

  const poll = ({ fields }, votes) => {
    const counted = (localId) => votes.filter(({ fields: { selectedOptionLocalIds: ids } }) => ids.includes(localId)).length;
    const options = fields.pollOptions.map(({ name, localId }, place) =>
      make('li', {}, make('span', { textContent: name }), make('small', { textContent: String(counted(localId ?? place)) })));
    return make('span', { className: 'card poll' }, make('strong', { textContent: fields.pollName }), make('ul', {}, ...options));
  };

  const preview = ({ fields: { title, description, canonicalUrl, thumbnail } }) => {
    const image = thumbnail ? make('img', { src: `data:image/jpeg;base64,${thumbnail}`, alt: '' }) : '';
    const said = description ? make('span', { textContent: description }) : '';
    const where = make('small', { textContent: canonicalUrl ?? '' });
    return make('span', { className: 'card link' }, image, make('strong', { textContent: title }), said, where);
  };

  const WAYS = {
    image: picture, sticker: picture, ptt: sound, audio: sound, video: film, ptv: film, document: file,
    location: place, poll_creation: poll, multi_vcard: people,
    vcard: ({ fields, body }) => person(fields.vcardFormattedName ?? '', body),
  };

  /* Whether there is all that it takes to show a message in its own way: bytes, a name, coordinates. */
  const isShowable = ({ type, media, fields }) => type in WAYS && (media !== null || fields.filehash === undefined);

  /* What stands in a message's bubble. added: the reactions and votes that stand on it. */
  const contentOf = (row, added) => {
    if (row.revoked) {
      return [make('em', { textContent: 'Mensaje eliminado' })];
    }
    const votes = added.filter(({ type }) => type === 'poll_vote');
    const shown = isShowable(row) ? [WAYS[row.type](row, votes)].flat() : [];
    if (row.type === 'chat' && row.fields.title) {
      shown.push(preview(row));
    }
    const text = row.type === 'vcard' ? '' : row.body;
    const said = make('span', { className: 'text', textContent: text || (shown.length === 0 ? summaryOf(row) : '') });
    return [row.quote === null ? '' : quoteOf(row), ...shown, said];
  };

  /* The emojis on a message, each with how many put it there. */
  const reactionsOf = (added) => {
    const emojis = added.filter(({ type, body }) => type === 'reaction' && body).map(({ body }) => body);
    const chips = [...new Set(emojis)].map((emoji) => {
      const count = emojis.filter((one) => one === emoji).length;
      return make('span', { textContent: count > 1 ? `${emoji} ${count}` : emoji });
    });
    return chips.length === 0 ? '' : labelled(make('div', { className: 'reactions' }, ...chips), 'Reacciones');
  };

  window.phoneContents = { contentOf, reactionsOf, summaryOf };
})();
