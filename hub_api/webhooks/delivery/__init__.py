"""Posting what is due: whose turn it is, to which address of the network, and what an answer means."""
