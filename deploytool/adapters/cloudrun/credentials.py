"""Google's application default credentials, found once and in one way for every API."""

from __future__ import annotations

from typing import Any

from deploytool.errors import CouldNotLook

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
LOGIN = "gcloud auth application-default login"


def default_credentials(api: str) -> Any:
    """For the API that people call `api`. Raises what google.auth raises; CouldNotLook for a file of another shape."""
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        return google.auth.default(scopes=SCOPES)[0]
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        if isinstance(error, GoogleAuthError):
            raise
        raise CouldNotLook(
            f"{api} could not be read: the Google credentials are not in a form that Google's client knows "
            f"({type(error).__name__}).",
            hint=LOGIN,
        ) from error
