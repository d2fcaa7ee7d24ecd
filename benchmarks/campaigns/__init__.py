"""Campaigns: the tick that releases what is due, and the import of recipients."""
