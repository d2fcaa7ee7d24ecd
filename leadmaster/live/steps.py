"""What the product assumes of the real WhatsApp Web, in one table; `docs/real-site.md` is made from it. Data alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One assumption that `doctor --live` checks. The texts are for the person who does it."""

    name: str
    assumption: str
    ask: str  # what the person does; empty: nothing
    check: str  # what is watched, or asked of the person


@dataclass(frozen=True, slots=True)
class Standing:
    """An assumption that ten minutes can't show; watched while the system runs."""

    name: str
    assumption: str
    watch: str


STEPS = (
    Step(
        "site",
        "`/sw.js` names the build that is served, and the wa-js in use was made for it",
        "",
        "the site is asked; the build is held against wa-js's floor",
    ),
    Step(
        "code",
        "the first code lives 60 s, each further one 20 s",
        "wait without scanning, about 80 s",
        "what `qr_expires_at` says against when the code is really replaced",
    ),
    Step(
        "link",
        "a plain Chromium's user agent is let in; `QR_REQUIRED`, `AUTHENTICATED`, `READY` follow one another",
        "on the first phone: Linked devices, Link a device, scan the code",
        "the statuses and how long each lasted",
    ),
    Step(
        "send",
        "a message is acknowledged by the server, then by the recipient's phone, within a minute",
        "look at the second phone",
        "`sent_at`, `delivered_at`; asked: is it there, once",
    ),
    Step(
        "receive",
        "what comes in is recorded within seconds, with the sender's number or LID",
        "on the second phone: write anything to the first",
        "the record; whether its sender is a number or a LID",
    ),
    Step(
        "unseen",
        "a page that is held as not available gives no blue ticks with an answer and shows nobody online",
        "on the second phone: keep the chat open while an answer is sent",
        "asked: blue ticks, “online”",
    ),
    Step(
        "down",
        "what comes in while no browser runs is recorded after the next start, and the login needs no new code",
        "on the second phone: write two messages while the browser is down",
        "both records; no `QR_REQUIRED`",
    ),
    Step(
        "restart",
        "a message whose browser is restarted in the midst of sending arrives once",
        "look at the second phone",
        "the message's status; asked: how many copies",
    ),
    Step(
        "revoked",
        "a message that was deleted for everyone while no browser runs isn't sent again",
        "on the first phone: delete the last message for everyone while the browser is down",
        "the message's status; asked: was it sent again",
    ),
    Step(
        "memory",
        "a session's process tree stays below `SESSION_MEMORY_LIMIT_MIB`",
        "",
        "PSS of worker and browser, on the session's own machine",
    ),
    Step(
        "unlink",
        "removing the device on the phone is noticed within a minute, and a new code is shown",
        "on the first phone: Linked devices, remove this one (it has to be linked anew then)",
        "`last_error_code` and `QR_REQUIRED`",
    ),
)

STANDING = (
    Standing(
        "a restricted number",
        "under WhatsApp's time lock (463), or at its cap of new chats (475), it shows as refused sends",
        "`REFUSED_BY_WHATSAPP` in series, against what the phone says",
    ),
    Standing(
        "bans, blocked networks",
        "the stream modes and backend events that wa-js names",
        "`last_error_code` `ACCOUNT_BANNED`, `ACCOUNT_LOCKED`, `PROXY_BLOCKED` against what the phone says",
    ),
    Standing(
        "a build that the server refuses",
        "the page reloads itself within seconds, three times within 5 minutes",
        "`PIN_REFUSED` or `VERSION_REFUSED` against `START_TIMEOUT`; log `page.reloaded`",
    ),
    Standing(
        "the life of a pin",
        "the files that a saved page names are served for weeks, and the build is accepted for months",
        "`leadmaster whatsapp versions`; how old a pinned build was when it was refused",
    ),
    Standing(
        "a pinned page",
        "it links, sends, receives and uploads as the served one, without that one's response headers",
        "these steps once under `WHATSAPP_WEB_VERSION`",
    ),
    Standing(
        "polls for updates that are blocked",
        "`/spin` (formerly `/check-update`) is on the site's own host; the page goes on with its build, and reloads by "
        "itself after 30 days at the earliest",
        "log `page.reloaded`",
    ),
    Standing(
        "the version that a page says",
        "`window.Debug.VERSION` is `2.3000.<revision>`, and the revision that of `/sw.js`",
        "`/ready`, part `whatsapp`: the served build among those loaded",
    ),
    Standing(
        "names that are loaded late",
        "what the bridge's table has no fallback for is there once the page is in sync",
        "`build.judged` that is degraded, and `session.released` within a minute, on a page that works",
    ),
    Standing(
        "uploads on the page's own thread",
        "the switch `web_media_encrypt_upload_in_worker_enabled` is read through `getABPropConfigValue` each time",
        "uploads that end",
    ),
    Standing(
        "media that we send",
        "the page prepares and uploads a file without a chat, and phones open what says what the upload gave, "
        "other recipients' too and hours later; a video whose codec the browser lacks is taken all the same",
        "a picture, a video (H.264), a voice note (ogg/opus), a document, an animated sticker, a campaign picture: all "
        "on the second phone; `MEDIA_REFUSED`, `MEDIA_UPLOAD_FAILED`",
    ),
    Standing(
        "what other types look like",
        "a place, a card, a poll, a card below a link, and answers to messages that the page no longer has",
        "each on the second phone: shown as what it is, the poll's votes counted, the answer under its message",
    ),
    Standing(
        "groups",
        "a key names the own LID exactly where the group goes by LIDs (else it is refused, 421); a mention there is a "
        "LID, in the text too; `sent` is the server's word, `delivered` and `read` are said once all members did",
        "a message with a mention in an older group and in a new one; `REFUSED_BY_WHATSAPP` with 421",
    ),
    Standing(
        "sending again when told",
        "`resendMsg` sends a message that a reload left without an acknowledgement, under its key; a deleted one is "
        "found by `protocolMessageKey`",
        "log `message.resent`, `message.stuck`, `message.lost_by_page`; copies on the second phone",
    ),
    Standing(
        "WhatsApp's limits",
        "the page's own queries tell a time lock and the cap of new chats",
        "log `limits.told`, the session object of a restricted number, against what the phone says",
    ),
    Standing(
        "rows of the page's database",
        "`rowId` grows in order of arrival over all chats, and a placeholder keeps its own when its content comes",
        "log `inbound.caught_up` after a restart with messages waiting",
    ),
    Standing(
        "words for types and fields",
        "those of `session_worker/engine/playwright_adapter/message_facts.py`; a missed call is a row of type "
        "`call_log`, a vote one of the store `poll-votes`, a reaction one of `reactions`, by the key of its message",
        "received messages of type `unknown` and their `raw_type`; a picture, a voice note, a place, a card, a poll "
        "with a vote, a reaction and a missed call against the phone",
    ),
    Standing(
        "edits and deletions for everyone",
        "an edited row names `latestEditMsgKey`, a deleted one the key that it had in `protocolMessageKey`",
        "log `changes.caught_up` after a restart; an edit and a deletion against the phone",
    ),
    Standing(
        "what the owner writes on the phone",
        "it comes as a row of this device, under a key that no hand-over made",
        "received messages with `direction` `out`: all that was typed, nothing that the API sent",
    ),
    Standing(
        "placeholders, as leads from ads send them first",
        "the phone fills one within seconds when it is asked, while it is on; the name to ask by stays in the page",
        "log `placeholder.read`, `placeholder.not_asked`; a message through an ad",
    ),
    Standing(
        "the page's own reload",
        "it reloads itself also when more than a thousand messages wait; nothing that came in is lost",
        "received messages of such a day against the phone",
    ),
    Standing(
        "the same key twice",
        "WhatsApp's server shows the recipient one message for one key, also hours later",
        "ask the recipient after a crash in the midst of a send",
    ),
    Standing(
        "a stale `SingletonLock` of another host name",
        "the wrapper removes it once it holds the profile's lock",
        "`PROFILE_LOCKED` after a move between machines",
    ),
)
