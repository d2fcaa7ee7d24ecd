"""Which tenants may pair a phone, and so see the code that their session shows: an admin's word."""
