"""The bytes of a Celery message, as kombu would push them to a session's queue.

They come from Celery's and kombu's own serialisers. Writing them ourselves lets one Lua script notify a session's
owner together with the ledger entry, and spares each send the cost of a publish. A contract test compares with Celery.
"""

from __future__ import annotations

import base64
import uuid
from typing import Any

from celery import Celery
from kombu.serialization import dumps
from kombu.transport.virtual.base import Base64
from kombu.utils.json import dumps as wire_dumps

from shared.protocol.commands import Command, Notify

# Stand-ins in the template; none occurs in a Celery message by itself.
_MESSAGE_ID = "@@MESSAGE-ID@@"
_BODY = "@@BODY@@"
_DELIVERY_TAG = "@@DELIVERY-TAG@@"


class TaskMessages:
    """Builds Celery messages for tenants' queues. Nothing connects."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._codec = Base64()
        self._notifications: dict[int, tuple[str, str]] = {}

    def notify(self, cliente_id: int, message_id: str) -> bytes:
        """The notification that a message waits. Its task id is the message's: letters, digits and dashes."""
        # Celery takes its time to make a message, and of a tenant's notifications only these parts differ.
        if cliente_id not in self._notifications:
            self._notifications[cliente_id] = self._template(cliente_id)
        body, wire = self._notifications[cliente_id]
        encoded = base64.b64encode(body.replace(_MESSAGE_ID, message_id).encode()).decode()
        filled = wire.replace(_BODY, encoded).replace(_MESSAGE_ID, message_id)
        return filled.replace(_DELIVERY_TAG, str(uuid.uuid4())).encode()

    def _template(self, cliente_id: int) -> tuple[str, str]:
        """A notification's body and the message around it, with stand-ins for what differs."""
        wire = self._wire(Notify(cliente_id, _MESSAGE_ID), task_id=_MESSAGE_ID, expires_s=None)
        body = base64.b64decode(wire["body"]).decode()
        wire["properties"]["delivery_tag"] = _DELIVERY_TAG
        return body, wire_dumps({**wire, "body": _BODY})

    def command(self, command: Command, *, task_id: str, expires_s: float | None) -> bytes:
        """Any command or question. expires_s: seconds after which a worker drops it."""
        text: str = wire_dumps(self._wire(command, task_id=task_id, expires_s=expires_s))
        return text.encode()

    def _wire(self, command: Command, *, task_id: str, expires_s: float | None) -> dict[str, Any]:
        message = self._app.amqp.as_task_v2(
            task_id, command.task, kwargs=command.to_wire(), expires=expires_s, ignore_result=True
        )
        content_type, content_encoding, _ = dumps({}, serializer=self._app.conf.task_serializer)
        return {
            "body": self._body(message.body),
            "content-encoding": content_encoding,
            "content-type": content_type,
            "headers": message.headers,
            "properties": {
                **message.properties,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": command.queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
            },
        }

    def _body(self, body: Any) -> str:
        _, _, text = dumps(body, serializer=self._app.conf.task_serializer)
        encoded: str = self._codec.encode(text)
        return encoded
