"""Hold a crate against the Workflow Run Crate profile with the validator, without a network.

Usage: validate_crate.py FOLDER. The validator asks w3id.org for the RO-Crate context. It is
answered from the copy in the package rocrate, whose later version differs for us only in where
bioschemas' terms stand. Prints each issue; ends with 1 when there is one.
"""

from __future__ import annotations

import email.message
import io
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import rdflib._networking
import requests
import rocrate

COPY = Path(rocrate.__file__).parent / "data/ro-crate.jsonld"
CONTEXT = COPY.read_text(encoding="utf-8").replace("bioschemas.org/terms/", "bioschemas.org/")


class Answer(io.BytesIO):
    """What both urllib and requests take for an answer that holds the context."""

    status = code = status_code = 200
    ok = from_cache = True
    text, content = CONTEXT, CONTEXT.encode()

    def __init__(self, url: str) -> None:
        super().__init__(self.content)
        self.url, self.headers = url, email.message.Message()
        self.headers["Content-Type"] = "application/ld+json"

    def geturl(self) -> str:
        return self.url

    def info(self) -> email.message.Message:
        return self.headers

    def json(self) -> Any:
        return json.loads(CONTEXT)

    def raise_for_status(self) -> None:
        pass


def answer(url: str) -> Answer:
    if "w3id.org/ro/crate" not in url:
        raise OSError(f"no network: {url}")
    return Answer(url)


def urlopen(request: Any, *_: Any, **__: Any) -> Answer:
    return answer(request if isinstance(request, str) else request.full_url)


urllib.request.urlopen = rdflib._networking.urlopen = urlopen  # type: ignore[assignment]
requests.Session.request = lambda _, __, url, **___: answer(url)  # type: ignore[method-assign,assignment]

from rocrate_validator import models, services  # noqa: E402

settings = services.ValidationSettings(
    rocrate_uri=sys.argv[1],
    profile_identifier="workflow-run-crate",
    requirement_severity=models.Severity.REQUIRED,
)
found = services.validate(settings)
for issue in found.get_issues():
    sys.stdout.write(f"{issue.severity.name} {issue.check.identifier} {issue.message}\n")
sys.exit(0 if found.passed() else 1)
