/** WhatsApp Web's own database of messages. */
const DATABASE = 'model-storage';

/** Reading a database that is not there makes an empty one, and waits for ever. */
const assertDatabase = async () => {
  if (!WPP.conn.isRegistered()) {
    throw new BridgeError('NOT_LINKED');
  }
  const found = await indexedDB.databases();
  if (!found.some(({ name }) => name === DATABASE)) {
    throw new BridgeError('NO_DATABASE');
  }
};

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Open, at whatever version the page has it; the caller closes it. */
const openDatabase = async () => {
  await assertDatabase();
  return settled(indexedDB.open(DATABASE));
};
