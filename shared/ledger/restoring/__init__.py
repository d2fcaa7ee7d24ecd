"""Putting right what was lost or stands wrong."""
