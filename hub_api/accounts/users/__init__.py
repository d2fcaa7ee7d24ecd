"""Persons who log in."""
