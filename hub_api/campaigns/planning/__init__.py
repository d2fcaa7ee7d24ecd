"""Pure decisions: what is due now, when a campaign ends, when it must stop."""
