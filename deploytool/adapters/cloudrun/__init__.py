"""The only room that knows google-cloud-run. Importing it is cheap; Google's client is loaded when it is asked."""

from deploytool.adapters.cloudrun.reader import CloudRun
from deploytool.adapters.cloudrun.retry import Patience

__all__ = ["CloudRun", "Patience"]
