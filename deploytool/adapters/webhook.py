"""Any address that takes a message as JSON: `deploytool/message/1`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from deploytool.adapters.addresses import Address
from deploytool.adapters.posting import DEADLINE, NotSent, address_in, post
from deploytool.domain.message import Message


class Webhook:
    """An Outlet. `rendered` makes the payload of a message."""

    name = "the webhook"

    def __init__(
        self,
        secret: str,
        rendered: Callable[[Message], Mapping[str, Any]],
        *,
        deadline: float = DEADLINE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises Forbidden for an address in the clear, or for none."""
        self._address: Address = address_in(secret)
        self._rendered, self._deadline, self._sleep = rendered, deadline, sleep

    def send(self, message: Message, within: float) -> None:
        """Raises NotSent."""
        content = json.dumps(self._rendered(message)).encode()
        answer = post(self._address, content, deadline=self._deadline, within=within, sleep=self._sleep)
        if not 200 <= answer.status < 300:
            elsewhere = ", and redirects are not followed" if 300 <= answer.status < 400 else ""
            raise NotSent(f"it answered {answer.status}{elsewhere}", maybe=answer.status >= 500)
