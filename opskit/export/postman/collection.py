# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A Postman collection (v2.1) that makes the calls of ``opskit smoke``, and judges them alike."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from opskit import __version__
from opskit.export.postman import scripts
from opskit.health import OAUTH_PATH, PING_PATH
from opskit.smoke.path import DataPath
from opskit.smoke.paths import data_paths
from opskit.smoke.runtime import LOGIN_PAGES, PREFIXES
from opskit.smoke_settings import Smoke
from opskit.verify.discovery import PATH as DISCOVERY_PATH

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

Json = dict[str, Any]

_ABOUT = """\
Do sign-in and the ways to read data out of Creatio work? The same calls as `opskit smoke`, with the
same conditions, for: {environments}.

1. **Import** this file and the environment files beside it (*Import*, or drop them in).
2. **Pick the environment** in the upper right corner.
3. **Fill in `client_secret`** among its variables. It came empty on purpose: enter it as the
   *current* value, which stays on this machine; an *initial* value is shared with the team.
4. **Run** the collection, from its first request to its last: each builds on those before it.

Redirects are not followed, since they hide a login page, and cookies are not kept, since a session
hides a refused token. A test that was *skipped* is a service that this Creatio need not have.
Postman makes each call once: where opskit obtains a fresh token after a 401, or waits for a restart
with `--wait`, run it again.

Made by opskit {version}; `opskit smoke` and `opskit explain` say more about what fails.
"""

_WHAT = {
    "odata4": "Reads rows by OData 4.",
    "odata3": "Reads rows by OData 3, which newer installations may lack.",
    "dataservice": "Reads rows by Creatio's DataService. It refuses with status 200 too.",
    "webservice": "Calls a web service.",
}


def collection(settings: Smoke, environments: Sequence[str], *, scoped: bool) -> Json:
    """Return the collection.

    Args:
        settings: what smoke calls.
        environments: the names of those that it is for.
        scoped: whether their clients ask for a scope.
    """
    names = ", ".join(environments)
    name = f"opskit smoke: {names}"
    about = _ABOUT.format(environments=names, version=__version__)
    paths = [path for path in data_paths(settings) if path.name not in settings.skip]
    folders = [
        _folder("Sign-in", "A token by the client_credentials grant.", _sign_in(scoped=scoped)),
        _folder("Where the API is", _RUNTIME, _find_api()),
        _folder("Health", "What Creatio says of itself, without a token.", _health(settings)),
        _folder("Data paths", "With the token.", [_data_path(p, settings) for p in paths]),
    ]
    return {
        "info": {
            # Exported again, it has the same id: Postman offers to replace it.
            "_postman_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"opskit/postman/{name}")),
            "name": name,
            "description": about,
            "schema": SCHEMA,
        },
        "item": [folder for folder in folders if folder["item"]],
        "auth": {"type": "noauth"},
    }


_RUNTIME = (
    "The API lies under /0 on .NET Framework and directly below the address on .NET; the login "
    "pages tell. Skipped where opskit.toml names the runtime."
)


def _sign_in(*, scoped: bool) -> list[Json]:
    form = {
        "grant_type": "client_credentials",
        "client_id": "{{client_id}}",
        "client_secret": "{{client_secret}}",
    }
    if scoped:
        form["scope"] = "{{scope}}"
    body = {
        "mode": "urlencoded",
        "urlencoded": [{"key": k, "value": v, "type": "text"} for k, v in form.items()],
    }
    return [
        _item(
            "discovery",
            "The Identity Service names its endpoints; the token comes from where it says.",
            {"method": "GET", "url": "{{identity}}" + DISCOVERY_PATH},
            test=scripts.discovery(),
        ),
        _item(
            "token",
            "Obtains a token (client_secret_post) and keeps it for the requests below.",
            {"method": "POST", "url": "{{token_endpoint}}", "body": body},
            test=scripts.with_helpers(scripts.ISSUED),
        ),
    ]


def _find_api() -> list[Json]:
    items = []
    for number, (runtime, page) in enumerate(LOGIN_PAGES.items()):
        test = scripts.FIND_API.replace("PREFIX", PREFIXES[runtime])
        is_last = number == len(LOGIN_PAGES) - 1
        items.append(
            _item(
                f"runtime: {page}",
                f"The login page of a Creatio whose API lies below {PREFIXES[runtime] or '/'}.",
                {"method": "GET", "url": "{{creatio}}" + page},
                before=scripts.NEXT_PAGE if number else scripts.FRESH_API,
                test=test + ("\n" + scripts.API_FOUND if is_last else ""),
            )
        )
    return items


def _health(settings: Smoke) -> list[Json]:
    known = (
        ("health.ping", PING_PATH, "Does the application live?", scripts.PING),
        ("health.oauth", OAUTH_PATH, "Can it use its Identity Service?", scripts.OAUTH_HEALTH),
    )
    return [
        _item(
            name,
            what,
            {"method": "GET", "url": "{{api}}/" + path},
            test=scripts.health(script, required=name in settings.require),
        )
        for name, path, what, script in known
        if name not in settings.skip
    ]


def _data_path(path: DataPath, settings: Smoke) -> Json:
    headers = {"Accept": "application/json", **path.headers}
    request: Json = {"method": path.method, "url": "{{api}}/" + path.path}
    if path.body is not None:
        headers.setdefault("Content-Type", "application/json")
        raw = json.dumps(path.body, ensure_ascii=False, indent=2)
        request["body"] = {
            "mode": "raw",
            "raw": raw,
            "options": {"raw": {"language": "json"}},
        }
    request["header"] = [{"key": key, "value": value} for key, value in headers.items()]
    token = {"key": "token", "value": "{{access_token}}", "type": "string"}
    request["auth"] = {"type": "bearer", "bearer": [token]}
    own = any(path.name == check.name for check in settings.checks)
    return _item(
        path.name,
        "A check of this company's own." if own else _WHAT[path.kind],
        request,
        before=scripts.ONLY_SIGNED_IN,
        test=scripts.data_path(path, required=path.name in settings.require),
    )


def _folder(name: str, what: str, items: Sequence[Json]) -> Json:
    return {"name": name, "description": what, "item": list(items)}


def _item(name: str, what: str, request: Mapping[str, Any], *, test: str, before: str = "") -> Json:
    events = [("prerequest", before), ("test", test)]
    return {
        "name": name,
        "request": {"header": [], **request, "description": what},
        "response": [],
        "event": [
            {
                "listen": listen,
                "script": {"type": "text/javascript", "exec": list(scripts.lines(script))},
            }
            for listen, script in events
            if script
        ],
        # A redirect to a login page must show as what it is, and no session stand in for the token.
        "protocolProfileBehavior": {"followRedirects": False, "disableCookies": True},
    }
