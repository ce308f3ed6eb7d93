"""The only room that knows git: a hardened gateway, and the questions that are asked through it."""

from deploytool.adapters.git.exploring import Exploration
from deploytool.adapters.git.repository import Commit, Repository

__all__ = ["Commit", "Exploration", "Repository"]
