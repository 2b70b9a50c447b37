// Copyright 2026 The opskit authors
// SPDX-License-Identifier: Apache-2.0
"use strict";
(() => {
  const form = document.getElementById("filter");
  const words = document.getElementById("words");
  const only = document.getElementById("only");
  const items = [...document.querySelectorAll("[data-find]")];
  const texts = items.map((item) => item.dataset.find.toLowerCase());
  const rows = items.filter((item) => item.closest(".matrix, .lifetimes, .changes"));
  const sections = [...document.querySelectorAll("main > section")];

  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const calm = (item) => only.checked && item.dataset.state === "ok";
    items.forEach((item, at) => {
      item.hidden = calm(item) || !wanted.every((word) => texts[at].includes(word));
    });
    const filtering = wanted.length > 0 || only.checked;
    for (const section of sections) {
      const own = [...section.querySelectorAll("[data-find]")];
      section.hidden = filtering && own.length > 0 && own.every((item) => item.hidden);
    }
    const shown = rows.filter((row) => !row.hidden).length;
    document.getElementById("count").value = filtering ? `${shown} of ${rows.length} rows` : "";
    document.getElementById("nothing").hidden = sections.some((section) => !section.hidden);
  };

  form.hidden = items.length === 0;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== words) {
      event.preventDefault();
      words.focus();
    } else if (event.key === "Escape" && document.activeElement === words) {
      words.value = "";
      filter();
    }
  });

  const folded = [...document.querySelectorAll("details")];
  const unfold = document.getElementById("unfold");
  if (unfold && folded.length > 1) {
    const relabel = () => {
      unfold.textContent = folded.every((one) => one.open) ? "Fold all" : "Unfold all";
    };
    unfold.hidden = false;
    unfold.addEventListener("click", () => {
      const open = !folded.every((one) => one.open);
      folded.forEach((one) => { one.open = open; });
    });
    folded.forEach((one) => one.addEventListener("toggle", relabel));
    relabel();
  }

  const follow = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") {
      target.hidden = false;
      target.open = true;
      target.querySelector("summary").focus({ preventScroll: true });
    }
  };
  window.addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#cause-']");
    if (link && link.getAttribute("href") === location.hash) follow();
  });
  follow();

  let before = [];
  window.addEventListener("beforeprint", () => {
    before = folded.filter((one) => !one.open);
    before.forEach((one) => { one.open = true; });
  });
  window.addEventListener("afterprint", () => before.forEach((one) => { one.open = false; }));
})();
