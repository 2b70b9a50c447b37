# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What any web server may answer instead of data."""

from collections.abc import Mapping

from opskit.explain.kinds import Explanation
from opskit.models import Certainty

FINDINGS: Mapping[str, Explanation] = {
    "restarting": Explanation(
        symptom="The server answers 502, 503 or 504.",
        cause="The application behind it is restarting or down, or takes too long to answer (504).",
        remedy="Try again in a minute, or let verify and smoke do so (--wait 5m); then look at the "
        "application's own log.",
        transient=True,
    ),
    "unexpected-status": Explanation(
        symptom="The server answers with another status than 200.",
        cause="The words of the answer say more.",
        remedy="Read the answer's words; check the address in opskit.toml, which may lead to "
        "another service.",
    ),
    "redirect": Explanation(
        symptom="The server answers with a redirect, which opskit never follows.",
        cause="Probably the address is not the final one: http instead of https, another host, or "
        "a proxy.",
        remedy="Put the address that it redirects to into opskit.toml.",
        certainty=Certainty.LIKELY,
    ),
    "web-page": Explanation(
        symptom="A web page came instead of JSON.",
        cause="Probably a proxy, a maintenance page, or another application at that address.",
        remedy="Open the address in a browser to see who answers; correct it in opskit.toml.",
        certainty=Certainty.LIKELY,
    ),
    "gateway-page": Explanation(
        symptom="A gateway or proxy answers with a page of its own.",
        cause="Its page speaks of a gateway, a proxy or a block: probably it stands in front of "
        "the server and did not let the call through.",
        remedy="Ask who runs it to let this machine's calls through; compare with an answer that "
        "goes around it.",
        certainty=Certainty.LIKELY,
    ),
    "gateway-sign-in": Explanation(
        symptom="The call is redirected to another host's sign-in page.",
        cause="Probably a gateway with a single sign-on stands in front, which knows no Bearer "
        "tokens.",
        remedy="Exempt the API's paths from the gateway's sign-in, or name an address in "
        "opskit.toml that goes around it.",
        certainty=Certainty.LIKELY,
    ),
    "iis-not-found": Explanation(
        symptom="IIS itself answers 404.",
        cause="IIS has nothing under that path: probably the address leads to another site, a "
        "path or the /0 prefix is wrong, or the application is not installed there.",
        remedy="Check the address in opskit.toml, and the site's bindings and applications in IIS.",
        certainty=Certainty.LIKELY,
    ),
    "iis-error": Explanation(
        symptom="IIS answers with an error page of its own.",
        cause="Probably the application behind it, or its web.config, failed; IIS shows the "
        "details on its own machine only.",
        remedy="Open the address on the server itself; then look at the Windows event log and at "
        "the application's.",
        certainty=Certainty.LIKELY,
    ),
    "iis-unavailable": Explanation(
        symptom="IIS answers that the service is unavailable.",
        cause="The application pool is stopped, restarting or overloaded; IIS stops one that "
        "fails several times in a few minutes.",
        remedy="Look whether the application pool runs, and at the Windows event log for why it "
        "stopped; start it.",
        transient=True,
    ),
    "aspnet-error": Explanation(
        symptom="ASP.NET answers with an error page.",
        cause="Probably the application on .NET Framework threw an error, or does not start; the "
        "page names it where its settings allow that.",
        remedy="Read the page on the server itself, or the application's log and the Windows event "
        "log.",
        certainty=Certainty.LIKELY,
    ),
    "aspnet-core-not-started": Explanation(
        symptom="IIS could not start the .NET application behind it.",
        cause="The ASP.NET Core module says so: the runtime that it needs is not installed, its "
        "configuration is wrong, or its start ended with an error.",
        remedy="Look at the Windows event log (source: IIS AspNetCore Module V2) and install the "
        ".NET hosting bundle of the version that it names; an Identity Service also needs its "
        "database and certificate to start.",
        transient=True,
    ),
    "not-json": Explanation(
        symptom="The answer is not JSON.",
        cause="Probably another application at that address, or an answer cut short.",
        remedy="Read the answer's beginning; check the address in opskit.toml.",
        certainty=Certainty.LIKELY,
    ),
    "answer-too-large": Explanation(
        symptom="The answer is larger than opskit reads.",
        cause="Probably the service ignores the limit that it was asked for, or the rows are very "
        "large.",
        remedy="Ask for fewer columns or another entity in the environment's smoke settings.",
        certainty=Certainty.LIKELY,
    ),
    "unexpected-shape": Explanation(
        symptom="The JSON has another shape than this service gives.",
        cause="Probably another application or version at that address, or an error in the "
        "envelope of a success.",
        remedy="Read the answer's beginning; check the path in the environment's smoke settings.",
        certainty=Certainty.LIKELY,
    ),
}
