"""Receiver kind ``email``."""

from costwatch.notify.email.receiver import Email

__all__ = ["Email"]
