"""The way of a message: accepting it, handing it to the page, recording what became of it."""
