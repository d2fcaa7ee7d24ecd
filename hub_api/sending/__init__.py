"""Taking messages to send, of every type: what callers say becomes what the ledger is asked."""
