"""The states of sessions and of messages: one written table each, which every process and both stores follow."""
