/**
 * The ground of the bridge, the page's side of the engine: asks wa-js on the adapter's behalf and tells what happens.
 *
 * Runs at document start, after wa-js, on every navigation of the top frame. Nothing here decides what a state means;
 * nothing here keeps what a reload may not lose. The scripts share one scope, types included.
 *
 * @import { Answer, PageEvent, PageObservation } from './types'
 * @import { whatsapp as WhatsApp } from '@wppconnect/wa-js'
 */
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

/** @param {unknown} error */
const codeOf = (error) =>
  error instanceof Object && 'code' in error && typeof error.code === 'string' ? error.code : 'PAGE_ERROR';
