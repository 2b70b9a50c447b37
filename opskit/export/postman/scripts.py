# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What Postman runs before and after each request, in JavaScript.

A script begins with what is particular to its request, in the words of opskit's own conditions;
the helpers that it calls follow below, so that each request can be read, copied and changed alone.
"""

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources

from opskit.conditions import Condition, Wildcard, split_flags
from opskit.smoke.conditions import wanted
from opskit.smoke.path import DataPath
from opskit.verify.discovery import REQUIRED_FIELDS

_KEPT_HEADER = 2  # lines of the licence, which go to no collection

_DISCOVERY = """\
expectStatus(200);
expectJson();
for (const field of FIELDS) {
    expectCondition(field + " is there", [field], "empty", false);
}

// The secret goes to the configured host only, wherever the document says that tokens come from.
const endpoint = String(at(["token_endpoint"])[0] || "");
const base = pm.variables.replaceIn("{{identity}}").replace(/\\/+$/, "");
const origin = (url) => (/^https?:\\/\\/[^/]+/i.exec(url) || [""])[0].toLowerCase();
const path = endpoint.slice(origin(endpoint).length) || "/connect/token";
const prefix = base.slice(origin(base).length);
pm.environment.unset("access_token");
pm.environment.set("token_endpoint", origin(endpoint) === origin(base)
    ? endpoint : origin(base) + (path.startsWith(prefix + "/") ? "" : prefix) + path);
"""

ISSUED = """\
expectStatus(200);
expectJson();
expectCondition("an access_token that can be sent", ["access_token"], "matches", /^[!-~]+$/);

const token = at(["access_token"])[0];
if (pm.response.code === 200 && typeof token === "string") {
    pm.environment.set("access_token", token);
} else {
    pm.environment.unset("access_token");
}
"""

FIND_API = """\
if (pm.response.code === 200 && /html/i.test(pm.response.headers.get("Content-Type") || "")) {
    const base = pm.variables.replaceIn("{{creatio}}").replace(/\\/+$/, "");
    pm.environment.set("api", base + "PREFIX");
}
"""

API_FOUND = """\
pm.test("one of the two login pages answers", () =>
    pm.expect(pm.environment.get("api"), "api").to.not.be.empty);
"""

PING = """\
expectStatus(200);
pm.test("no page", () =>
    pm.expect(text().slice(0, 200)).to.not.match(/^\\s*<(!doctype html|html)/i));
"""

OAUTH_HEALTH = """\
pm.test("no problem", () =>
    pm.expect(at(["HasProblem"]), text().slice(0, 300)).to.deep.equal([false]));
"""

FRESH_API = """\
if (pm.environment.get("runtime") === "auto") {
    pm.environment.unset("api");
} else {
    pm.execution.skipRequest(); // "api" is what opskit.toml says
}
"""

NEXT_PAGE = """\
if (pm.environment.get("runtime") !== "auto") {
    pm.execution.skipRequest(); // "api" is what opskit.toml says
}
"""

ONLY_SIGNED_IN = """\
if (!pm.environment.get("access_token")) {
    pm.execution.skipRequest(); // there is no token: see "token"
}
"""


def with_helpers(script: str) -> str:
    """Return a script that can run: itself, and the helpers below it."""
    return f"{script}\n{_helpers()}"


def discovery() -> str:
    """Return what must hold of the discovery document, and how its token endpoint is kept."""
    return with_helpers(_DISCOVERY.replace("FIELDS", _js(REQUIRED_FIELDS)))


def health(script: str, *, required: bool) -> str:
    """Return the script of a health check, which tolerates its absence unless it is required."""
    if required:
        return with_helpers(script)
    return with_helpers(_unless("pm.response.code === 404", "this Creatio has none", script))


def data_path(path: DataPath, *, required: bool) -> str:
    """Return what must hold of a data path's answer, as opskit's judge looks at it."""
    calls = [f"expectStatus({path.status});"]
    conditions = list(dict.fromkeys([*path.envelope.conditions, *path.conditions]))
    usual = path.status == 200
    if usual:
        calls.append("expectJson();")
        if path.kind != "webservice":
            calls.append(f"expectNoRefusal({_js(path.kind)});")
    elif conditions:
        calls.append("expectParsed();")
    calls += map(_condition, conditions)
    script = "\n".join(calls) + "\n"
    if path.optional and not required:
        script = _unless("isAbsent()", f"{path.name} is not there", script)
    return with_helpers(script)


def _unless(absent: str, words: str, script: str) -> str:
    """Return a script that is skipped where a service is absent."""
    indented = script.rstrip().replace("\n", "\n    ")
    skip = f"pm.test.skip({_js(f'unsupported: {words}')});"
    return f"if ({absent}) {{\n    {skip}\n}} else {{\n    {indented}\n}}\n"


def _condition(condition: Condition) -> str:
    steps = [None if isinstance(step, Wildcard) else step for step in condition.steps]
    value = condition.wanted
    literal = _pattern(str(value)) if condition.test == "matches" else _js(value)
    words = _js(wanted(condition))
    return f"expectCondition({words}, {_js(steps)}, {_js(condition.test)}, {literal});"


def _pattern(pattern: str) -> str:
    inner, flags = split_flags(pattern)
    return f"new RegExp({_js(inner)}, {_js(flags)})"


def _js(value: object) -> str:
    """Return a JSON literal, which JavaScript reads alike, on one line."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def _helpers() -> str:
    text = resources.files(__package__).joinpath("helpers.js").read_text("utf-8")
    return "".join(text.splitlines(keepends=True)[_KEPT_HEADER:])


def lines(script: str) -> Sequence[str]:
    """Return a script as a collection holds it."""
    return script.rstrip("\n").split("\n")
