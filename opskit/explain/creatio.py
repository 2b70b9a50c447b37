# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Creatio's data paths."""

from collections.abc import Mapping

from opskit.explain.kinds import Explanation
from opskit.models import Certainty

FINDINGS: Mapping[str, Explanation] = {
    "odata-rights": Explanation(
        symptom="The user may not use OData.",
        cause="Probably the app's user lacks the operation CanUseODataService.",
        remedy='Grant "Access to OData" (CanUseODataService) to the app\'s user or role.',
        certainty=Certainty.LIKELY,
    ),
    "rows-empty": Explanation(
        symptom="The answer holds no rows.",
        cause="Probably the app's user may read none of them, which looks the same as an empty "
        "table.",
        remedy='Name a row that must be there (expect = ["…"]) to make this a failure, and '
        "check the user's rights on the object.",
        certainty=Certainty.LIKELY,
    ),
    "row-missing": Explanation(
        symptom="A row that must be there is not among the answer's.",
        cause="Probably the app's user may not read it, or it is not among the first rows.",
        remedy="Check the user's rights on the record; raise `top` if there are many rows.",
        certainty=Certainty.LIKELY,
    ),
    "column-unknown": Explanation(
        symptom="OData does not know a column.",
        cause="The smoke settings name a column that this entity does not have.",
        remedy="Correct `columns` in the environment's smoke settings.",
    ),
    "entity-unknown": Explanation(
        symptom="Creatio finds no resource of that name.",
        cause="The entity is not exposed, or OData is rebuilding, as it does for a minute or two "
        "after a deploy.",
        remedy="Try again in two minutes; then rebuild OData in Creatio, or correct `entity`.",
        transient=True,
    ),
    "service-absent": Explanation(
        symptom="There is no such service: 404 with an empty page.",
        cause="The service is absent in this Creatio, or the /0 prefix is wrong.",
        remedy="Check runtime in opskit.toml (.NET Framework has /0) and the path.",
    ),
    "odata3-absent": Explanation(
        symptom="OData 3 is not there.",
        cause="Probably that is normal: Creatio on .NET may come without OData 3.",
        remedy='Nothing to do, unless an app needs it: then require = ["odata3"] makes this a '
        "failure.",
        certainty=Certainty.LIKELY,
    ),
    "routes-reloading": Explanation(
        symptom='The answer says "Collection was modified".',
        cause="Creatio reloads its routes after a deploy.",
        remedy="Try again in a few seconds.",
        transient=True,
    ),
    "query-refused": Explanation(
        symptom="DataService answers success: false.",
        cause="The answer's words say why: probably an object or column that is not there, or, in "
        "another language than English, missing rights.",
        remedy="Check `entity` and `columns` in the environment's smoke settings, then the rights "
        "of the app's user.",
        certainty=Certainty.LIKELY,
    ),
    "object-rights": Explanation(
        symptom="DataService answers success: false and speaks of permissions.",
        cause="The app's user may not read this object; the answer's words name it.",
        remedy="Grant the user's role the right to read the object.",
    ),
    "object-restricted": Explanation(
        symptom="DataService answers AccessDenied.",
        cause="The object is restricted for this user.",
        remedy="Set another `entity` in the environment's smoke settings, or grant the right.",
    ),
    "condition-not-met": Explanation(
        symptom="The answer is not what the check's conditions want.",
        cause="The service answers, and its data is not what opskit.toml wants.",
        remedy="Compare what was found with `expect` in the environment's smoke settings: the "
        "data may have changed, the app's user may see less of it, or the condition is wrong.",
    ),
    "health-absent": Explanation(
        symptom="This Creatio has no such health check.",
        cause="OAuthHealthCheck came with Creatio 8.1.2, on .NET with 8.3.2.",
        remedy="Nothing to do, unless `require` names it: then update Creatio, or leave it out "
        "there.",
    ),
}
