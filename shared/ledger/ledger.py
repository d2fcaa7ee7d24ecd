"""The ledger: the truth about every message in motion, in Redis. This is the only way to its keys.

Every change is one Lua script beside the class that calls it.
"""

from __future__ import annotations

from dataclasses import dataclass

import redis

from shared.ledger.accepting.accepting import Accepting
from shared.ledger.acts.acts import Acts
from shared.ledger.addresses import Addresses
from shared.ledger.campaigns import CampaignLedger
from shared.ledger.checking.checking import Checking
from shared.ledger.claiming.claiming import Claiming
from shared.ledger.claiming.progress import ProgressMemory
from shared.ledger.entries import Entries
from shared.ledger.media.media import MediaLedger
from shared.ledger.receipts.receipts import Receipts
from shared.ledger.receipts.row_cursors import RowCursors
from shared.ledger.restoring.incarnation import Incarnation
from shared.ledger.restoring.restoring import Restoring
from shared.ledger.review.review import Review
from shared.ledger.settling.settling import Settling
from shared.ledger.uploads.uploads import UploadLedger
from shared.names import Keys
from shared.texts import Language


@dataclass(frozen=True, slots=True)
class Ledger:
    """Its subjects, by name."""

    accepting: Accepting  # the hub
    claiming: Claiming  # a session's owner
    uploads: UploadLedger  # what it had the page upload
    receipts: Receipts  # what WhatsApp tells
    row_cursors: RowCursors  # how far a page's own database was read
    media: MediaLedger  # bytes of received messages that are to be fetched
    acts: Acts  # reactions, edits and deletions that were asked for
    review: Review  # callers and persons
    restoring: Restoring  # repairs
    settling: Settling  # what is left of a message that has ended
    checking: Checking  # looks for what there is to repair
    incarnation: Incarnation  # which life of it this Redis holds
    campaigns: CampaignLedger  # pace, quotas and opt-outs
    addresses: Addresses  # whom WhatsApp means
    entries: Entries  # reads, for everybody


def make_ledger(
    client: redis.Redis, keys: Keys, language: Language = "es", progress: ProgressMemory | None = None
) -> Ledger:
    """The ledger on one client. language: of texts for people. progress: of a session's owner, see `Claiming`."""
    return Ledger(
        accepting=Accepting(client, keys, language),
        claiming=Claiming(client, keys, progress),
        uploads=UploadLedger(client, keys),
        receipts=Receipts(client, keys),
        row_cursors=RowCursors(client, keys),
        media=MediaLedger(client, keys),
        acts=Acts(client, keys),
        review=Review(client, keys),
        restoring=Restoring(client, keys),
        settling=Settling(client, keys),
        checking=Checking(client, keys),
        incarnation=Incarnation(client, keys),
        campaigns=CampaignLedger(client, keys),
        addresses=Addresses(client, keys),
        entries=Entries(client, keys),
    )
