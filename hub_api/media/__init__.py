"""Files of the media store: those that callers give us to send, handing them out, how long all of them stay."""
