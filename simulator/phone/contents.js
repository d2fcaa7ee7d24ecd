'use strict';

/* What a message shows besides its time and ticks. Of what has no picture or sound, a word says what it is. */
(() => {
  const WORDS = {
    image: 'Foto', video: 'Video', ptv: 'Video', audio: 'Audio', ptt: 'Nota de voz', document: 'Documento',
    sticker: 'Sticker', location: 'Ubicación', vcard: 'Contacto', multi_vcard: 'Contactos', poll_creation: 'Encuesta',
    call_log: 'Llamada perdida', reaction: 'Reacción', poll_vote: 'Voto',
  };

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

  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  /* Picture or sound where there is one, and the text. */
  const contentOf = (row) => {
    const src = `/control/media/${row.media}/content`;
    if (row.media === null || row.revoked) {
      return [summaryOf(row)];
    }
    if (row.type === 'image' || row.type === 'sticker') {
      return [make('img', { src, alt: WORDS[row.type] }), row.body];
    }
    if (row.type === 'ptt' || row.type === 'audio') {
      const sound = make('audio', { src, controls: true, preload: 'none' });
      sound.setAttribute('aria-label', WORDS[row.type]);
      return [sound, row.body];
    }
    return [make('a', { href: src, download: '', textContent: WORDS[row.type] ?? row.type }), ' ', detailOf(row)];
  };

  window.phoneContents = { contentOf, summaryOf };
})();
