"""Media are uploaded before their message has a key, beside everything else that leaves."""
