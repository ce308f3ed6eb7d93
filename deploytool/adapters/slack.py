"""An incoming webhook of Slack: one message for each POST, and never a change of what is there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from deploytool.adapters.addresses import Address
from deploytool.adapters.posting import DEADLINE, NotSent, address_in, post
from deploytool.domain.message import Message

HOSTS = ("hooks.slack.com",)
# What Slack says in a body, and what to do about it. Nothing else of a body is repeated.
WORDS = {
    b"invalid_payload": "invalid_payload: Slack does not take this message",
    b"invalid_blocks": "invalid_blocks: Slack does not take this message",
    b"invalid_blocks_format": "invalid_blocks_format: Slack does not take this message",
    b"no_text": "no_text: Slack does not take this message",
    b"no_service": "no_service: the webhook is no more; make a new one",
    b"no_team": "no_team: the webhook is no more; make a new one",
    b"invalid_token": "invalid_token: the webhook is no more; make a new one",
    b"action_prohibited": "action_prohibited: an administrator does not allow it",
    b"channel_not_found": "channel_not_found: the channel of the webhook is gone",
    b"channel_is_archived": "channel_is_archived: the channel of the webhook is archived",
    b"rollup_error": "rollup_error: Slack failed",
}


class Slack:
    """An Outlet. `rendered` makes the payload of a message."""

    name = "Slack"

    def __init__(
        self,
        secret: str,
        rendered: Callable[[Message], Mapping[str, Any]],
        *,
        deadline: float = DEADLINE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises Forbidden for an address that is not Slack's."""
        self._address: Address = address_in(secret, hosts=HOSTS)
        self._rendered, self._deadline, self._sleep = rendered, deadline, sleep

    def send(self, message: Message, within: float) -> None:
        """Raises NotSent."""
        content = json.dumps(self._rendered(message)).encode()
        answer = post(self._address, content, deadline=self._deadline, within=within, sleep=self._sleep)
        body = answer.content.strip()
        if answer.status == 200 and body == b"ok":
            return
        if answer.status == 200:
            raise NotSent("an answer that is not Slack's", maybe=True)
        told = WORDS.get(body, "")
        raise NotSent(f"it answered {answer.status}{f' ({told})' if told else ''}", maybe=answer.status >= 500)
