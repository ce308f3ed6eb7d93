"""What `drift --verbose` says under a service: where it stands, then each commit with its files."""

from __future__ import annotations

from rich.text import Text

from deploytool.domain.report import ServiceDrift, Verdict
from deploytool.render.history import file_lines, history_lines
from deploytool.render.sheet import View, labelled, words
from deploytool.render.standing import standing


def detail_lines(service: ServiceDrift, view: View) -> list[Text]:
    """Lines that fit the view; none for a service about which there is nothing more to say."""
    if service.verdict is Verdict.CURRENT and not (service.commits or service.conflicts or service.hint):
        return []
    said = [(label, words(text)) for label, text in standing(service, view.now)]
    return [*labelled(said, view.width), *history_lines(service, view, file_lines)]
