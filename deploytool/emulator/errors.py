"""Refusals: as Cloud Run words them on the wire, and as a person reads them."""

from __future__ import annotations

from typing import Any

# google.rpc.Code by name: the number an operation's error carries.
RPC_CODES = {
    "INVALID_ARGUMENT": 3,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "UNIMPLEMENTED": 12,
    "INTERNAL": 13,
}


class EmulatorError(Exception):
    """The emulator itself cannot work; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ApiError(Exception):
    """One refused request; becomes the error body of Google's APIs."""

    def __init__(self, code: int, status: str, message: str, details: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.details = details or []

    def body(self) -> dict[str, Any]:
        """`{"error": {code, message, status, details?}}`, as v2 REST sends it."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}


def invalid(message: str, field: str | None = None) -> ApiError:
    """400; with `field`, names the field the way google.rpc.BadRequest does."""
    violations = [{"field": field, "description": message}] if field else []
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}] if field else []
    return ApiError(400, "INVALID_ARGUMENT", message, details)


def failed_precondition(message: str) -> ApiError:
    return ApiError(400, "FAILED_PRECONDITION", message)


def not_found(kind: str, name: str) -> ApiError:
    """404 for a full resource name; `kind` in capitals, as Cloud Run words it."""
    parts = name.split("/")
    return ApiError(
        404,
        "NOT_FOUND",
        f"Resource '{parts[-1]}' of kind '{kind}' in region '{parts[3]}' in project '{parts[1]}' does not exist.",
    )


def already_exists(name: str) -> ApiError:
    return ApiError(409, "ALREADY_EXISTS", f"Resource '{name.rsplit('/', 1)[-1]}' already exists.")


def conflict(message: str) -> ApiError:
    return ApiError(409, "ABORTED", message)
