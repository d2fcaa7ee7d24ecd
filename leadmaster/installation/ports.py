"""Ports on this machine: is one free, which one is."""

from __future__ import annotations

import random
import socket

# Below those that Linux gives to outgoing connections (32,768 on): what is started again finds its port as it left it.
_FOR_SERVERS = range(14_000, 31_000)


def is_free(address: str, port: int) -> bool:
    """True where a server could listen on `port` of `address` now."""
    with _socket(address) as probe:
        # As servers do: connections of a former server that are still closing don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True


def free_port(address: str = "127.0.0.1") -> int:
    """A port that is free now, drawn at random: two that look at the same moment hardly find the same one.

    Raises OSError where none is.
    """
    for port in random.SystemRandom().sample(_FOR_SERVERS, len(_FOR_SERVERS)):
        if is_free(address, port):
            return port
    raise OSError(f"no port of {_FOR_SERVERS.start} to {_FOR_SERVERS.stop} is free on {address}")


def preferred_or_free(address: str, preferred: int) -> int:
    """`preferred` where it is free, else another one."""
    return preferred if preferred and is_free(address, preferred) else free_port(address)


def _socket(address: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
