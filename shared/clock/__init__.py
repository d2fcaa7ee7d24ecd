"""One time for the whole installation: Redis' clock, as far as it goes on evenly."""
