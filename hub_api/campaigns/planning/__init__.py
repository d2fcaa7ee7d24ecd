"""Pure decisions: who is written to now, what an outcome means, when a campaign ends, when it must stop."""
