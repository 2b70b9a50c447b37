// Copyright 2026 The opskit authors
// SPDX-License-Identifier: Apache-2.0
// ---- Helpers, the same in every request ----

// More than opskit reads; it is not looked at here either.
function isEndless() {
    return pm.response.responseSize > 2 * 1024 * 1024;
}

function text() {
    return isEndless() ? "" : pm.response.text();
}

// Parsed once, however many conditions look at it ("var", since the script above runs first).
var parsed;
function answer() {
    if (parsed === undefined && !isEndless()) {
        try { parsed = pm.response.json(); } catch (error) { /* undefined says so */ }
    }
    return parsed;
}

function isAbsent() {
    return pm.response.code === 404 && text().trim() === "";
}

function expectStatus(status) {
    pm.test("status " + status, () =>
        pm.expect(pm.response.code, text().slice(0, 200)).to.equal(status));
}

function expectJson() {
    pm.test("JSON, and neither a page nor an endless answer", () => {
        const type = (pm.response.headers.get("Content-Type") || "").split(";")[0].trim().toLowerCase();
        pm.expect(isEndless(), "more than 2 MB").to.equal(false);
        pm.expect(type).to.match(/^application\/json$|\+json$/);
        pm.expect(text().slice(0, 200)).to.not.match(/^\s*<(!doctype html|html)/i);
        pm.expect(answer(), "the parsed answer").to.not.be.undefined;
    });
}

function expectParsed() {
    pm.test("JSON", () => pm.expect(answer(), "the parsed answer").to.not.be.undefined);
}

// Creatio refuses with status 200 too, each service in its own words.
function expectNoRefusal(kind) {
    pm.test("no refusal by " + kind, () => {
        const body = answer(), words = text().toLowerCase();
        const has = (key) => body !== null && typeof body === "object" && key in body;
        if (kind === "dataservice") {
            if (has("success") && body.success === true) return;
            const parts = [body, (body || {}).responseStatus, (body || {}).errorInfo];
            const codes = parts.flatMap((part) => Object.entries(part || {}))
                .filter(([key]) => key.toLowerCase() === "errorcode")
                .map(([, code]) => String(code).toLowerCase());
            pm.expect(codes).to.not.include("accessdenied");
            pm.expect(words).to.not.include("collection was modified");
            pm.expect(has("success") ? body.success : undefined, "success").to.not.equal(false);
        } else if (!["value", "d", "@odata.context"].some(has)) {
            pm.expect(words).to.not.match(
                /no http resource was found|no type was found that matches|resource not found for the segment/);
            pm.expect(words).to.not.match(/canuseodataservice|permission[^]*odata|odata[^]*permission/);
        }
    });
}

// The values at a place in the answer; null as a step stands for any item.
function at(steps) {
    return steps.reduce((found, step) => found.flatMap((value) => {
        if (value === null || typeof value !== "object") return [];
        if (step === null) return Object.values(value);
        if (Array.isArray(value) && !/^[0-9]{1,9}$/.test(step)) return [];
        return Object.prototype.hasOwnProperty.call(value, step) ? [value[step]] : [];
    }), answer() === undefined ? [] : [answer()]);
}

function isEmpty(value) {
    return value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

function isRows(value) {
    return Array.isArray(value) && value.every((row) => row !== null && typeof row === "object" && !Array.isArray(row));
}

function expectCondition(words, steps, test, wanted) {
    const tests = {
        is: (value) => value === wanted,
        empty: (value) => isEmpty(value) === wanted,
        contains: (value) => typeof value === "string" && value.includes(wanted),
        matches: (value) => typeof value === "string" && wanted.test(value),
        min_items: (value) => Array.isArray(value) && value.length >= wanted,
        max_items: (value) => Array.isArray(value) && value.length <= wanted,
        rows: (value) => isRows(value) && wanted.every((one) =>
            value.some((row) => Object.values(row).some((cell) => String(cell) === one))),
    };
    pm.test(words, () => {
        const found = at(steps);
        const holds = test === "exists" ? (found.length > 0) === wanted : found.some(tests[test]);
        pm.expect(holds, "found " + (JSON.stringify(found) || "").slice(0, 300)).to.equal(true);
    });
}
