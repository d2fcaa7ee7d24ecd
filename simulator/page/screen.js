'use strict';

/* What a person sees of the page: the code to scan, the state of the login, the chats. */
__d('SimScreen', (require, exports) => {
  const { session } = require('SimSession');
  const { Conn } = require('WAWebConnModel');
  const { Socket } = require('WAWebSocketModel');
  const { Stream } = require('WAWebStreamModel');
  const { account } = require('SimAccount');
  const { ChatCollection } = require('WAWebChatCollection');
  const { MsgCollection } = require('WAWebMsgCollection');

  const DRAW_EVERY_MS = 250;
  const SHOWN_CHATS = 30;

  const TEXTS = {
    CONFLICT: 'WhatsApp está abierto en otra ventana',
    TOS_BLOCK: 'Esta cuenta no tiene permitido usar WhatsApp',
    SMB_TOS_BLOCK: 'Esta cuenta no tiene permitido usar WhatsApp',
    PROXYBLOCK: 'La red bloquea el acceso a WhatsApp',
    OFFLINE: 'Sin conexión con el servidor',
    SYNCING: 'Sincronizando mensajes…',
    QR: 'Escanea el código con el teléfono',
  };

  const element = (id) => document.getElementById(id);

  function stateText() {
    if (Stream.mode === 'MAIN') {
      const name = `${account.login?.name} (+${account.login?.number})`;
      return Stream.info === 'NORMAL' ? `Conectado como ${name}` : `Reconectando… ${name}`;
    }
    if (Socket.state === 'UNPAIRED_IDLE') {
      return 'El código venció';
    }
    return TEXTS[Stream.mode] ?? 'Iniciando…';
  }

  const ticks = (message) => ({ '-1': '!', 0: '🕓', 1: '✓', 2: '✓✓', 3: '✓✓' })[message.ack] ?? '';

  function chatLine(chat) {
    const line = document.createElement('li');
    const title = document.createElement('strong');
    title.textContent = chat.formattedTitle;
    const last = document.createElement('span');
    const message = MsgCollection.get(chat.lastReceivedKey);
    if (message !== undefined) {
      const text = message.caption ?? (message.mediaData === undefined ? message.body : `[${message.type}]`);
      last.textContent = `${message.id.fromMe ? `${ticks(message)} ` : ''}${text}`;
      last.className = message.id.fromMe && message.ack >= 3 ? 'read' : '';
    }
    line.append(title, last);
    return line;
  }

  let shownCode = null;

  async function drawCode() {
    const waiting = Conn.ref !== null && Stream.mode === 'QR';
    element('login').hidden = !waiting;
    if (waiting && shownCode !== Conn.ref) {
      shownCode = Conn.ref;
      const { noise, identity, adv } = account.device;
      const text = [Conn.ref, noise, identity, adv].join(',');
      element('code').src = `/qr.svg?text=${encodeURIComponent(text)}`;
    }
  }

  function draw() {
    element('state').textContent = stateText();
    drawCode();
    element('refresh').hidden = Socket.state !== 'UNPAIRED_IDLE';
    const chats = ChatCollection.getModelsArray().sort((one, other) => other.t - one.t);
    element('chats').replaceChildren(...chats.slice(0, SHOWN_CHATS).map(chatLine));
  }

  let timer = null;
  const drawSoon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      draw();
    }, DRAW_EVERY_MS);
  };

  exports.start = () => {
    element('refresh').addEventListener('click', () => session.refreshQr());
    session.on('shown', drawSoon);
    ChatCollection.on('add', drawSoon);
    MsgCollection.on('add', drawSoon);
    MsgCollection.on('change:ack', drawSoon);
    drawSoon();
  };
});
