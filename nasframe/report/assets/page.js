"use strict";
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem("nasframe-theme"); } catch { return null; } };
  const keep = (value) => { try { localStorage.setItem("nasframe-theme", value); } catch { /* not remembered */ } };

  // -- light and dark -------------------------------------------------------------------------------------
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const say = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  const kept = read();
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    keep(root.dataset.theme);
    say();
  });
  dark.addEventListener("change", say);
  say();

  // What is in the page; where a server replaces it, once more.
  let watch = null;
  const arm = () => {
    if (watch) watch.disconnect();
    // -- contents: where the reader is ----------------------------------------------------------------------
    const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
    const visible = new Set();
    watch = new IntersectionObserver((entries) => {
      for (const entry of entries) visible[entry.isIntersecting ? "add" : "delete"](entry.target.id);
      const first = [...links.keys()].find((id) => visible.has(id));
      for (const [id, link] of links) {
        link.classList.toggle("here", id === first);
        if (id === first) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }, { rootMargin: "-10% 0px -60% 0px" });
    for (const part of document.querySelectorAll("section[id]")) watch.observe(part);

    // -- one architecture of several ------------------------------------------------------------------------
    for (const select of document.querySelectorAll("select[data-chooses]")) {
      const show = () => {
        for (const picture of select.closest(".panel").querySelectorAll(".picture")) {
          picture.hidden = picture.dataset.seed !== select.value;
        }
      };
      select.addEventListener("change", show);
      show(); // browsers keep what was chosen when a page is loaded again
    }

    // -- tables that can be sorted --------------------------------------------------------------------------
    const valueOf = (row, column) => {
      const data = row.cells[column].querySelector("data");
      return data ? Number(data.value) : row.cells[column].textContent.trim();
    };
    const compare = (a, b) => {
      if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
      return typeof a === "number" ? -1 : 1; // rows without a number come last
    };
    for (const table of document.querySelectorAll("table.sortable")) {
      const heads = [...table.tHead.rows[0].cells];
      heads.forEach((head, column) => {
        const sorter = document.createElement("button");
        sorter.type = "button";
        sorter.textContent = head.textContent || "name";
        head.replaceChildren(sorter);
        sorter.addEventListener("click", () => {
          const up = head.getAttribute("aria-sort") !== "ascending";
          for (const other of heads) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", up ? "ascending" : "descending");
          const rows = [...table.tBodies[0].rows];
          rows.sort((a, b) => (up ? 1 : -1) * compare(valueOf(a, column), valueOf(b, column)));
          table.tBodies[0].append(...rows);
        });
      });
    }
  };
  arm();
  document.addEventListener("replaced", arm);

  // -- on paper nothing is folded away --------------------------------------------------------------------
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });
})();
