/** That somebody is writing, or recording, in a chat. It goes out also while the number does not count as in use. */

/** @param {{chat_id: string, duration_ms: number, recording: boolean}} asked */
const showTyping = async ({ chat_id: chatId, duration_ms: duration, recording }) => {
  known(recording ? 'functions.markRecording' : 'functions.markComposing');
  const chat = await WPP.chat.find(chatId);
  await (recording ? WPP.chat.markIsRecording : WPP.chat.markIsComposing)(chat.id, duration);
  return null;
};
