"""Campaigns: a message to a list, in working hours, at a human pace, within a quota, that can be stopped at once."""
