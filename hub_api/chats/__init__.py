"""Conversations: what was received and what was sent, by chat."""
