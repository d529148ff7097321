"""Secrets are never written in a file of ours: only where they are to be found."""

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from costwatch.errors import CostwatchError

_REFERENCE = re.compile(r"\$\{(env|file|aws-sm):([^}#]+)(?:#([^}]+))?\}")
NOT_A_REFERENCE = "a secret must be a reference: ${env:NAME}, ${file:/path} or ${aws-sm:name#key}"


def is_reference(text: str) -> bool:
    """Whether ``text`` says where a secret is, instead of what it may be."""
    return _REFERENCE.fullmatch(text) is not None


def _check(text: str) -> str:
    if not is_reference(text):
        # The text itself may be the secret: it is not repeated here.
        raise ValueError(NOT_A_REFERENCE)
    return text


SecretReference = Annotated[str, AfterValidator(_check)]


def resolve(reference: str) -> str:
    """The secret behind ``${env:NAME}``, ``${file:/path}`` or ``${aws-sm:name#key}``.

    Raises CostwatchError naming the reference, never a value.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise CostwatchError(
            "secret: not a reference; write ${env:NAME}, ${file:/path} or ${aws-sm:name#key}"
        )
    kind, name, key = match.groups()
    if kind == "env":
        value = os.environ.get(name)
        if not value:
            raise CostwatchError(f"secret {reference}: the variable is not set; export {name}")
        return value
    if kind == "file":
        try:
            text = Path(name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise CostwatchError(
                f"secret {reference}: {error.strerror}; check the path and its rights"
            ) from None
        except ValueError:
            raise CostwatchError(
                f"secret {reference}: not a text file; write the secret alone into it"
            ) from None
        if not text:
            raise CostwatchError(f"secret {reference}: the file is empty; write the secret into it")
        return text
    return _from_secrets_manager(reference, name, key)


def _from_secrets_manager(reference: str, name: str, key: str | None) -> str:
    import json

    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = boto3.client("secretsmanager").get_secret_value(SecretId=name)
        text = str(answer["SecretString"])
        return str(json.loads(text)[key]) if key else text
    except (BotoCoreError, ClientError, KeyError, TypeError, ValueError) as error:
        raise CostwatchError(
            f"secret {reference}: {type(error).__name__}; check the name, the key and the role's rights"
        ) from None
