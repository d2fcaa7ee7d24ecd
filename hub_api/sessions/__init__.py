"""Sessions as callers see them: status, connect, QR and pairing codes, contacts, who may pair."""
