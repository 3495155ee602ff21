"""What every request passes: it is recorded, may meet a fault, and is answered by the emulator or by moto."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from harness.emulator import quotas
from harness.emulator.api import SageMaker
from harness.emulator.calls import Calls
from harness.emulator.control import PREFIX, Control
from harness.emulator.ecr import Ecr
from harness.emulator.faults import Faults
from harness.emulator.refusal import Refusal
from harness.emulator.settings import Settings
from harness.emulator.wire import Answer, Call, error_answer, json_answer, read_call

# In the user agent of the emulator's own calls, which are neither recorded nor meet faults.
OWN_AGENT = "hpo-harness-emulator"
Start = Callable[[str, list[tuple[str, str]]], Any]


class Gateway:
    """A WSGI application."""

    def __init__(
        self,
        control: Control,
        calls: Calls,
        faults: Faults,
        settings: Settings,
        sagemaker: SageMaker,
        ecr: Ecr,
    ) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._control = control
        self._calls = calls
        self._faults = faults
        self._settings = settings
        self._sagemaker = sagemaker
        self._ecr = ecr
        self._moto: Any = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        call, raw = read_call(environ)
        try:
            answer = self._answer(environ, call, raw)
        except Refusal as refusal:
            answer = error_answer(refusal, call)
        status, headers, body = answer
        start(status, headers)
        return [body]

    def _answer(self, environ: dict[str, Any], call: Call, raw: bytes) -> Answer:
        path = environ["PATH_INFO"]
        if path.startswith(PREFIX):
            return self._controlled(environ, path.removeprefix(PREFIX), call.method, raw)
        if OWN_AGENT not in environ.get("HTTP_USER_AGENT", ""):
            self._calls.record(call)
            self._faults.meet(call)
        if call.service == "sagemaker":
            return json_answer(self._sagemaker.answer(call.operation, call.body))
        if call.service == "service-quotas":
            return json_answer(quotas.answer(call.operation, call.body, self._settings))
        if call.service == "ecr" and call.operation in Ecr.OPERATIONS:
            return json_answer(self._ecr.answer(call.operation, call.body))
        return self._from_moto(environ, call, raw)

    def _controlled(self, environ: dict[str, Any], name: str, method: str, raw: bytes) -> Answer:
        try:
            query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
            body = json.loads(raw) if raw else query
            return json_answer(self._control.answer(method, name, body))
        except ValueError as error:
            return json_answer({"message": f"not JSON: {error}"}, 400)
        except Refusal as refusal:
            return json_answer({"message": str(refusal)}, refusal.status)

    def _from_moto(self, environ: dict[str, Any], call: Call, raw: bytes) -> Answer:
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ |= {"wsgi.input": io.BytesIO(raw), "CONTENT_LENGTH": str(len(raw))}
        given: list[Any] = []
        body = b"".join(self._moto(environ, lambda *answer: given.append(answer)))
        status, headers, *_ = given[0]
        if call.service != "ecr":
            return status, headers, body
        body = self._ecr.with_our_address(body)
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        return status, [*kept, ("Content-Length", str(len(body)))], body
