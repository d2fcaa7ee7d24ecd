/**
 * The groups that the number is in, by one question to WhatsApp's server.
 *
 * @import { GroupFacts } from './types'
 */

/** Digits where WhatsApp says them, else the LID. @param {any} participant */
const numberOf = async ({ id, phoneNumber }) => personOf(phoneNumber ?? id);

/** @returns {Promise<GroupFacts[]>} */
const readGroups = async () => {
  if (!isReady()) {
    throw new BridgeError('NOT_CONNECTED', 'WhatsApp could not be asked');
  }
  const groups = await known('functions.queryAllGroups')();
  return Promise.all(
    groups.map(async (/** @type {any} */ group) => ({
      id: String(group.id),
      subject: String(group.subject ?? ''),
      description: String(group.desc ?? ''),
      owner: group.owner || group.creatorPn ? await personOf(group.creatorPn ?? group.owner) : '',
      created_ms: asMs(group.creation),
      only_admins: group.announce === true,
      size: Number(group.size ?? group.participants?.length ?? 0),
      participants: await Promise.all(
        (group.participants ?? []).map(async (/** @type {any} */ one) => ({
          id: String(one.id),
          number: await numberOf(one),
          role: one.isSuperAdmin ? 'superadmin' : one.isAdmin ? 'admin' : 'member',
        })),
      ),
    })),
  );
};
