"""The fleet as JSON: Cloud Run's two dialects in, one set of words out, and back into a file."""

from deploytool.adapters.fleet.export import fleet_document
from deploytool.adapters.fleet.files import FleetFiles
from deploytool.adapters.fleet.gather import read_fleet

__all__ = ["FleetFiles", "fleet_document", "read_fleet"]
