# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A web service: ``POST {api}/rest/CryptographicService/GetConvertedPasswordValue``."""

from opskit.checks import failed, passed
from opskit.diagnose import diagnose
from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Check
from opskit.settings import WebService
from opskit.smoke.path import Request


class WebServicePath:
    """DataPath over a configuration web service."""

    name = "webservice"

    def __init__(self, service: WebService) -> None:
        self._service = service

    def request(self) -> Request:
        """Return the configured POST."""
        return Request("POST", self._service.path.lstrip("/"), body=self._service.body)

    def judge(self, answer: Answer) -> Check:
        """Expect a JSON object with the configured key, and a value under it."""
        if answer.status == 404 and not answer.body.strip():
            absent = finding("service-absent", "404 with an empty body.")
            return failed(self.name, absent, answer.elapsed)
        if wrong := diagnose(answer):
            return failed(self.name, wrong, answer.elapsed)
        content, key = answer.json(), self._service.expect_key
        if not isinstance(content, dict) or content.get(key) in (None, ""):
            shape = finding("unexpected-shape", f"No {key} in the answer: {answer.excerpt()}")
            return failed(self.name, shape, answer.elapsed)
        return passed(self.name, f"{key} is there", answer.elapsed)
