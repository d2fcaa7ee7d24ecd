// Told by every document, before anything in it can fail: the second one of a browser run is a reload that nobody asked for.
window.__leadmasterTell({ kind: 'document', address: location.href }).catch(() => undefined);

/**
 * What wa-js says on the console of this load when it does not find what it looks for. Runs before wa-js.
 *
 * Collected here, not by the browser's console events: those keep every logged object of the page alive for as long as it
 * lives, and this page lives for weeks.
 */
const MAX_COMPLAINTS = 50;
const COMPLAINT_LENGTH = 120;
const COMPLAINT = /^(Module|Property|function) .*was not found|module was not found|^func is not/;

/** @type {string[]} */
const complaints = [];

const consoleError = console.error;
console.error = (/** @type {unknown[]} */ ...told) => {
  const [first] = told;
  if (typeof first === 'string' && COMPLAINT.test(first) && complaints.length < MAX_COMPLAINTS) {
    complaints.push(first.slice(0, COMPLAINT_LENGTH)); // the rest is the source of the function that searched
  }
  consoleError.apply(console, told);
};
