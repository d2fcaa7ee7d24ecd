/**
 * How somebody shows himself on WhatsApp. What is hidden from us is null.
 *
 * @import { ProfileFacts } from './types'
 */

/** @param {string[]} forms of a number @returns {Promise<ProfileFacts | null>} null: the number is not on WhatsApp */
const readProfile = async (forms) => {
  const wid = await widOf(forms);
  if (wid === null) {
    return null;
  }
  // Both throw, or answer nothing, where the person hides them from us.
  const picture = await WPP.contact.getProfilePictureUrl(wid).catch(() => null);
  const about = await WPP.contact.getStatus(wid).catch(() => null);
  /** @type {any} */
  const contact = known('ContactStore').get(wid);
  return {
    chat_id: String(wid),
    name: contact?.name || contact?.verifiedName || null,
    push_name: contact?.pushname || null,
    business: contact?.isBusiness === true,
    about: (typeof about === 'string' ? about : /** @type {any} */ (about)?.status) || null,
    picture_url: picture || null,
  };
};
