// The page as it is now: asked for again and again, and put into its place where it has changed.
(() => {
  const lost = document.getElementById("lost");
  const script = document.currentScript.textContent;
  let tag = null;

  const nameOf = (part) => (part.querySelector("summary, caption") || part).textContent;
  const all = (selector) => [...document.querySelectorAll(selector)];

  // What the reader has done to the page, and does not want to lose.
  const held = () => ({
    y: scrollY,
    open: new Set(all("details[open]").map(nameOf)),
    boxes: new Map(all(".scroll").map((box) => [box.getAttribute("aria-label"), [box.scrollLeft, box.scrollTop]])),
    chosen: new Map(all("select[id], input[id]").map((item) => [item.id, [item.value, item.value === item.max]])),
    sorted: new Map(all("th[aria-sort]").map((head) => [
      nameOf(head.closest("table")), [head.cellIndex, head.getAttribute("aria-sort")],
    ])),
    focus: document.activeElement ? document.activeElement.id : "",
  });
  const restore = (was) => {
    for (const part of all("details")) if (was.open.has(nameOf(part))) part.open = true;
    for (const item of all("select[id], input[id]")) {
      const [value, isLast] = was.chosen.get(item.id) || [item.value, true];
      if (isLast || item.value === value) continue;
      item.value = value;
      item.dispatchEvent(new Event(item.tagName === "SELECT" ? "change" : "input"));
    }
    for (const table of all("table.sortable")) {
      const [column, order] = was.sorted.get(nameOf(table)) || [];
      const head = order && table.tHead.rows[0].cells[column];
      for (let turn = 0; head && turn < 2 && head.getAttribute("aria-sort") !== order; turn += 1) {
        head.querySelector("button").click();
      }
    }
    for (const box of all(".scroll")) {
      const [left, top] = was.boxes.get(box.getAttribute("aria-label")) || [0, 0];
      box.scrollTo({ left, top, behavior: "instant" });
    }
    if (was.focus) { const item = document.getElementById(was.focus); if (item) item.focus({ preventScroll: true }); }
    scrollTo({ top: was.y, behavior: "instant" });
  };

  const replace = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    const its = next.querySelector("script:not([type])");
    if (!its || its.textContent !== script) return location.reload(); // the page of another kind
    const was = held();
    document.title = next.title;
    for (const place of ["header > div", "nav", "main", "#data"]) {
      const now = document.querySelector(place);
      const part = next.querySelector(place);
      if (place === "header > div") {
        part.querySelector("#lost").remove();
        part.append(lost);
      }
      now.replaceChildren(...part.childNodes);
    }
    // the policy of the page allows no other element of style, and no rule is needed twice
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(next.querySelector("style").textContent);
    document.adoptedStyleSheets = [sheet];
    document.dispatchEvent(new Event("replaced"));
    restore(was);
    return undefined;
  };

  const look = async () => {
    try {
      const selected = getSelection();
      if (selected && !selected.isCollapsed) return; // somebody copies a part of it
      const answer = await fetch(location.pathname, {
        cache: "no-store",
        headers: tag ? { "If-None-Match": tag } : {},
      });
      if (answer.status !== 304) {
        const text = await answer.text();
        if (tag !== answer.headers.get("ETag")) replace(text);
        tag = answer.headers.get("ETag");
      }
      lost.textContent = "";
    } catch {
      lost.textContent = "The watcher has ended or cannot be reached. The page is as it was last.";
    } finally {
      setTimeout(look, document.hidden ? 10000 : 2000);
    }
  };
  setTimeout(look, 2000);
})();
