"""The bytes of a Celery message, as kombu would push them to a session's queue (DESIGN, step 2).

They come from Celery's and kombu's own serialisers. Writing them ourselves lets one Lua script ring the bell together
with the ledger entry, and spares each send the cost of a publish. A contract test compares with `app.send_task`.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from typing import Any

from celery import Celery
from kombu.serialization import dumps
from kombu.transport.virtual.base import Base64
from kombu.utils.json import dumps as wire_dumps

from shared import names

# Stand-ins in the template; none occurs in a Celery message by itself.
_CLIENTE_ID = 987_650_123_456_789
_MESSAGE_ID = "@@MESSAGE-ID@@"
_DELIVERY_TAG = "@@DELIVERY-TAG@@"


class Notifications:
    """Builds Celery messages for tenants' queues. Nothing connects."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._codec = Base64()
        self._body, self._message = self._template()

    def deliver(self, cliente_id: int, message_id: str) -> bytes:
        """The bell of one message: `session.deliver`, task id = message_id. message_id: letters, digits and dashes."""
        tenant = str(cliente_id)
        body = self._body.replace(str(_CLIENTE_ID), tenant).replace(_MESSAGE_ID, message_id)
        encoded = base64.b64encode(body.encode()).decode()
        head, tail = self._message
        rest = tail.replace(str(_CLIENTE_ID), tenant).replace(_MESSAGE_ID, message_id)
        return (head + encoded + rest.replace(_DELIVERY_TAG, str(uuid.uuid4()))).encode()

    def task(
        self, name: str, kwargs: Mapping[str, Any], *, task_id: str, expires_s: float | None, delivery_tag: str = ""
    ) -> bytes:
        """Any session task. kwargs: must hold `cliente_id`. expires_s: seconds after which a worker drops it."""
        message = self._app.amqp.as_task_v2(task_id, name, kwargs=dict(kwargs), expires=expires_s, ignore_result=True)
        content_type, content_encoding, body = dumps(message.body, serializer=self._app.conf.task_serializer)
        queue = names.session_queue(int(kwargs["cliente_id"]))
        wire = {
            "body": self._codec.encode(body),
            "content-encoding": content_encoding,
            "content-type": content_type,
            "headers": message.headers,
            "properties": {
                **message.properties,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": delivery_tag or str(uuid.uuid4()),
            },
        }
        text: str = wire_dumps(wire)
        return text.encode()

    def _template(self) -> tuple[str, tuple[str, str]]:
        kwargs = {"cliente_id": _CLIENTE_ID, "message_id": _MESSAGE_ID}
        wire = self.task(
            names.TASK_DELIVER, kwargs, task_id=_MESSAGE_ID, expires_s=None, delivery_tag=_DELIVERY_TAG
        ).decode()
        message = self._app.amqp.as_task_v2(_MESSAGE_ID, names.TASK_DELIVER, kwargs=kwargs)
        _, _, body = dumps(message.body, serializer=self._app.conf.task_serializer)
        text = body if isinstance(body, str) else body.decode()
        head, tail = wire.split(self._codec.encode(text))
        return text, (head, tail)
