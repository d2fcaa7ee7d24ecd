/** What this load of the page is: which build, how far wa-js came on it, and which names of the table are gone. */

/** @type {number | null} milliseconds since the navigation began */
let fullReadyMs = null;
WPP.loader.onFullReady(() => {
  fullReadyMs = Math.round(performance.now());
});

/** Each name of the table that is not as it must be, once for each capability that is lost with it. */
const missingNames = () =>
  Object.entries(NAMES).flatMap(([name, row]) => {
    const fault = faultOf(row);
    const lost = fault ? row.capabilities : [];
    return lost.map((capability) => ({ name, capability, fault, has_fallback: row.fallback !== '' }));
  });

/** Works as soon as there is a page, however little of it came up. */
const probe = async () => {
  const injected = WPP.loader.isInjected;
  return {
    web_version: window.Debug?.VERSION ?? null,
    wa_js_version: WPP.version,
    age_ms: Math.round(performance.now()),
    full_ready_ms: fullReadyMs ?? (WPP.isFullReady ? Math.round(performance.now()) : null),
    missing: injected ? missingNames() : [],
    complaints: [...complaints],
  };
};
