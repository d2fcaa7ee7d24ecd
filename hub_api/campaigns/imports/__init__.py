"""Imports of recipients: a list is kept in SQL and brought into its campaign by a job that shows how far it is."""
