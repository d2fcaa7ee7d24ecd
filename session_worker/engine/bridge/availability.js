/**
 * Whether the number counts as in use. WhatsApp Web says so to everybody while its window has the focus, which an
 * automated browser's always has; then each send marks the chat as seen, and the phone stays silent.
 */

/** What was asked for stands on this page. */
let availabilityHolds = false;

/** Holds until the page is left; before anything is sent it has to be tried. */
const holdAvailability = async () => {
  if (availabilityHolds) {
    return;
  }
  try {
    await WPP.conn.markAvailable(window.__leadmasterShowOnline);
    availabilityHolds = true;
  } catch (error) {
    console.error('availability was not set', error); // tried again with the next event, and before each send
  }
};

WPP.loader.onInjected(holdAvailability);
for (const event of /** @type {const} */ (['conn.main_init', 'conn.main_loaded', 'conn.main_ready'])) {
  WPP.on(event, holdAvailability);
}
