/** What WhatsApp allows this number: asked of it, as its own page does before it warns its user. */

/** Seconds since the epoch, as WhatsApp gives them (a number or its text), in milliseconds; 0 for none. @param {unknown} told */
const fromSeconds = (told) => Math.round(Number(told ?? 0) * 1000) || 0;

/** @template T @param {() => Promise<T>} ask @returns {Promise<T | null>} null: this page can't be asked that. */
const unlessMissing = async (ask) => {
  try {
    return await ask();
  } catch (error) {
    console.debug('limit not told', error);
    return null;
  }
};

const limits = async () => {
  const lock = await unlessMissing(() =>
    known('WAWebMexFetchReachoutTimelockJob.mexFetchReachoutTimelock')(),
  );
  const cap = await unlessMissing(() =>
    known('WAWebMexFetchNewChatMessageCappingInfoJob.mexFetchNewChatMessageCapping')(),
  );
  if (lock === null && cap === null) {
    throw new BridgeError('NOT_TOLD', 'WhatsApp told no limits');
  }
  const capped = Number(cap?.total_quota) > 0;
  return {
    time_lock_until_ms: lock?.is_active ? fromSeconds(lock.time_enforcement_ends) : 0,
    new_chats_allowed: capped ? Number(cap.total_quota) : null,
    new_chats_used: capped ? Number(cap.used_quota) || 0 : 0,
    cycle_ends_ms: capped ? fromSeconds(cap.cycle_end_timestamp) : 0,
  };
};
