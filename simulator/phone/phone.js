'use strict';

/* The virtual phone: everything it does goes through the control API, everything it shows is asked there again. */
(() => {
  const CHATS = 100;
  const NOTICE_MS = 6000;
  const SHOWN_MESSAGES = 200;

  const ERRORS = {
    EXPIRED: 'Ese código ya venció. Elige el que se ve ahora.',
    NOT_FOUND: 'No se encontró: revisa el código o el número.',
    CONFLICT: 'El dispositivo no terminó de vincularse.',
    BAD_REQUEST: 'Hay un dato que no es válido.',
  };

  const element = (id) => document.getElementById(id);
  let phone = localStorage.getItem('phone');
  let chat = null;

  const { contentOf, reactionsOf, summaryOf } = window.phoneContents;

  async function call(method, path, body) {
    const file = body instanceof Blob;
    const headers = file ? { 'Content-Type': body.type } : {};
    const answer = await fetch(`/control${path}`, { method, headers, body: file ? body : body && JSON.stringify(body) });
    const result = await answer.json();
    if (!answer.ok) {
      throw new Error(ERRORS[result.error] ?? result.message);
    }
    return result;
  }

  let noticeTimer = null;
  function notice(text) {
    element('notice').textContent = text;
    clearTimeout(noticeTimer);
    noticeTimer = setTimeout(() => (element('notice').textContent = ''), NOTICE_MS);
  }

  /* Run what a person asked for; what goes wrong is shown, never lost. */
  async function attempt(action) {
    try {
      await action();
    } catch (error) {
      notice(error.message);
    }
  }

  function make(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children.filter((child) => child !== ''));
    return made;
  }

  const fill = (id, items, empty) =>
    element(id).replaceChildren(...(items.length > 0 ? items : [make('li', { className: 'empty', textContent: empty })]));

  const isGroup = (number) => number.includes('@');
  const nameOf = (number) => (isGroup(number) ? `Grupo ${number.split('@')[0]}` : `+${number}`);
  const clock = (ms) => new Date(ms).toLocaleTimeString('es', { hour: '2-digit', minute: '2-digit' });

  function ticks({ direction, ack }) {
    if (direction === 'in') {
      return '';
    }
    const names = { 1: 'enviado', 2: 'entregado', 3: 'leído' };
    const mark = make('span', { className: ack >= 3 ? 'ticks read' : 'ticks', textContent: ack >= 2 ? '✓✓' : '✓' });
    mark.setAttribute('aria-label', names[ack] ?? '');
    mark.title = names[ack] ?? '';
    return mark;
  }

  async function showPhones() {
    const phones = await call('GET', '/phones');
    if (!phones.some(({ number }) => number === phone)) {
      phone = phones[0]?.number ?? null;
    }
    element('phones').replaceChildren(
      ...phones.map(({ number, name }) => make('option', { value: number, textContent: `${name} (+${number})` })),
    );
    element('phones').value = phone ?? '';
    element('phones').disabled = phones.length === 0;
    if (phones.length === 0 && !element('creator').open) {
      element('creator').showModal();
    }
  }

  function linkedItem(device) {
    const state = device.online ? 'en línea' : 'sin conexión';
    const button = make('button', { type: 'button', className: 'danger', textContent: 'Cerrar sesión' });
    button.onclick = () =>
      attempt(async () => {
        await call('POST', `/phones/${phone}/logout`, { device_id: device.device_id });
        notice('Se cerró la sesión en ese dispositivo.');
      });
    const dot = make('span', { className: device.online ? 'dot on' : 'dot' });
    return make('li', {}, make('span', {}, dot, `${device.os || 'Dispositivo'} · ${state}`), button);
  }

  function waitingItem(device) {
    const image = make('img', { alt: 'Código QR', src: `/qr.svg?text=${encodeURIComponent(device.auth_code)}` });
    const button = make('button', { type: 'button', textContent: 'Escanear este código', disabled: phone === null });
    button.onclick = () =>
      attempt(async () => {
        button.disabled = true;
        await call('POST', `/phones/${phone}/scan`, { qr: device.auth_code });
        notice('Dispositivo vinculado.');
      });
    return make('li', {}, make('span', { textContent: `Dispositivo ${device.device_id.slice(0, 8)}` }), image, button);
  }

  async function showDevices() {
    const devices = await call('GET', '/devices');
    const mine = devices.filter((device) => device.phone !== null && device.phone === phone);
    const waiting = devices.filter((device) => device.auth_code !== null);
    fill('linked', mine.map(linkedItem), 'Ninguno todavía.');
    fill('waiting', waiting.map(waitingItem), 'Ningún dispositivo muestra un código.');
  }

  function chatItem({ number, name, last }) {
    const title = make('strong', { textContent: name || nameOf(number) });
    const line = make('span', { className: 'last' }, ticks(last), ` ${summaryOf(last)}`);
    const button = make('button', { type: 'button' }, title, line);
    button.setAttribute('aria-current', String(number === chat));
    button.onclick = () => attempt(() => openChat(number));
    return make('li', {}, button);
  }

  async function showChats() {
    const chats = phone === null ? [] : await call('GET', `/phones/${phone}/chats?limit=${CHATS}`);
    fill('chat-list', chats.map(chatItem), 'Los mensajes que envíe el dispositivo aparecen aquí.');
  }

  /* Reactions and votes stand on the message that they are put to. */
  const idOf = (key) => key.split('_')[2];
  const isAdded = ({ type }) => type === 'reaction' || type === 'poll_vote';
  const isOn = ({ parent, superseded }, row) => !superseded && idOf(parent) === row.id;

  /* The bubbles on show: one whose message is as it was stays in place, so that a sound in it plays on. */
  let bubbles = new Map();

  /* A message as often as its recipient was shown it. */
  function bubblesOf(row, added) {
    const copies = row.direction === 'out' ? Math.max(1, row.recipient_copies) : 1;
    const as = JSON.stringify([row.body, row.revoked, row.edited_at, row.fields, added.map(({ key }) => key)]);
    return Array.from({ length: copies }, (none, copy) => {
      const name = `${row.seq} ${copy}`;
      const known = bubbles.get(name);
      const bubble = known?.as === as ? known.bubble : bubbleOf(row, added);
      bubbles.set(name, { as, bubble });
      const time = row.edited_at === null ? clock(row.accepted_at) : `Editado · ${clock(row.accepted_at)}`;
      bubble.querySelector('footer').replaceChildren(time, ticks(row));
      return bubble;
    });
  }

  function bubbleOf(row, added) {
    const author = isGroup(row.chat) && row.direction === 'in' ? make('strong', { textContent: `+${row.from}` }) : '';
    return make('li', { className: row.direction }, author, ...contentOf(row, added), make('footer'), reactionsOf(added));
  }

  async function showMessages() {
    element('answer').hidden = chat === null || isGroup(chat);
    if (chat === null) {
      element('chat-title').textContent = 'Elige un chat';
      fill('messages', [], 'Aquí se ve lo que recibe el contacto, y se responde en su nombre.');
      return;
    }
    element('chat-title').textContent = `${nameOf(chat)}, como lo ve ${isGroup(chat) ? 'el grupo' : 'el contacto'}`;
    const shown = chat;
    const rows = await call('GET', `/phones/${phone}/messages?to=${shown}&last=${SHOWN_MESSAGES}`);
    if (shown !== chat) {
      return; // another one was opened meanwhile
    }
    const list = element('messages');
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    const messages = rows.filter((row) => !isAdded(row));
    const items = messages.flatMap((row) => bubblesOf(row, rows.filter((other) => isAdded(other) && isOn(other, row))));
    fill('messages', items, 'Todavía no hay mensajes.');
    list.dataset.chat = shown; // only now: until here it had those of another one
    if (atEnd) {
      list.scrollTop = list.scrollHeight;
    }
  }

  async function openChat(number) {
    chat = number;
    bubbles = new Map();
    showTyping('paused');
    await call('POST', `/phones/${phone}/read`, { to: number });
    await showChats();
    await showMessages();
    element('messages').scrollTop = element('messages').scrollHeight;
  }

  const STATES = { composing: 'Escribiendo…', recording: 'Grabando un audio…' };
  const TYPING_MS = 25_000;
  let typingTimer = null;

  /* What the other side is doing; it is over when nobody says so any more. */
  function showTyping(state) {
    element('typing').textContent = STATES[state] ?? '';
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => showTyping('paused'), TYPING_MS);
  }

  const stale = new Set();
  let refreshing = null;
  const shows = { phones: showPhones, devices: showDevices, chats: showChats, messages: showMessages };

  /* Ask again for what has changed, a few times a second at most. */
  function refresh(...parts) {
    parts.forEach((part) => stale.add(part));
    refreshing ??= setTimeout(async () => {
      const due = Object.keys(shows).filter((part) => stale.has(part));
      stale.clear();
      for (const part of due) {
        await attempt(shows[part]);
      }
      refreshing = null;
      if (stale.size > 0) {
        refresh();
      }
    }, 150);
  }
  const refreshAll = () => refresh(...Object.keys(shows));

  function listen() {
    const events = new EventSource('/control/events');
    events.onopen = refreshAll;
    events.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === 'message') {
        if (event.message.phone === phone) {
          if (event.message.chat === chat && event.message.direction === 'out') {
            showTyping('paused'); // what was being typed is there
          }
          refresh('chats', ...(event.message.chat === chat ? ['messages'] : []));
        }
      } else if (event.type === 'typing') {
        if (event.phone === phone && event.chat === chat) {
          showTyping(event.state);
        }
      } else if (event.type === 'devices') {
        refresh('devices');
      } else {
        refreshAll();
      }
    };
  }

  element('phones').onchange = ({ target }) => {
    phone = target.value;
    localStorage.setItem('phone', phone);
    chat = null;
    refreshAll();
  };
  element('new').onclick = () => element('creator').showModal();
  element('cancel').onclick = () => element('creator').close();
  element('create').onsubmit = () =>
    attempt(async () => {
      const number = element('create-number').value;
      const created = await call('POST', '/phones', { number, name: element('create-name').value || null });
      phone = created.number;
      localStorage.setItem('phone', phone);
      chat = null;
      refreshAll();
    });
  element('typed').onsubmit = (event) => {
    event.preventDefault();
    attempt(async () => {
      await call('POST', `/phones/${phone}/pairing-code`, { code: element('typed-code').value });
      element('typed-code').value = '';
      notice('Dispositivo vinculado.');
    });
  };
  element('start').onsubmit = (event) => {
    event.preventDefault();
    const number = element('start-number').value.replace(/\D/g, '');
    if (number && phone !== null) {
      attempt(() => openChat(number));
    }
  };
  element('answer').onsubmit = (event) => {
    event.preventDefault();
    const body = element('answer-text').value;
    if (body) {
      attempt(async () => {
        await call('POST', `/phones/${phone}/inbound`, { from: chat, body });
        element('answer-text').value = '';
      });
    }
  };

  /* The contact sends a file: kept first, then written with it. */
  async function send(file, type, fields = {}) {
    const { media } = await call('POST', '/media', file);
    const text = element('answer-text').value;
    await call('POST', `/phones/${phone}/receive`, { from: chat, type, text, media, fields });
    element('answer-text').value = '';
  }

  window.phoneAttachments.start({
    picture: element('answer-picture'),
    record: element('record'),
    sendPicture: (file) => attempt(() => send(file, 'image')),
    sendVoice: (file, seconds) => attempt(() => send(file, 'ptt', { duration: seconds })),
    notice,
  });
  listen();
})();
