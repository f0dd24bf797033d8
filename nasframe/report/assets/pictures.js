// Pictures and charts: the values of what is pointed at, by mouse, finger or arrow keys, and files of them.
(() => {
  const NAMESPACE = "http://www.w3.org/2000/svg";
  const search = JSON.parse(document.getElementById("data").textContent).animation;
  // an entry "=" is that of the row above
  const tableOf = (part) => {
    const rows = (part.closest("[data-table]")?.dataset.table || "").split("\n").map((row) => row.split("\t"));
    rows.forEach((row, y) => row.forEach((entry, x) => { if (entry === "=") row[x] = rows[y - 1][x]; }));
    return rows;
  };
  const titled = (part) => part?.closest("svg *:has(> title)");

  // -- what is told -----------------------------------------------------------------------------------------
  const told = document.createElement("p");
  told.className = "told controls";
  told.setAttribute("role", "status");
  told.hidden = true;
  document.body.append(told);
  const spot = document.createElementNS(NAMESPACE, "circle");
  spot.setAttribute("class", "spot");
  spot.setAttribute("r", "6");
  const forget = () => {
    told.hidden = true;
    spot.remove();
    for (const part of document.querySelectorAll(".pointed")) part.classList.remove("pointed");
  };
  const tell = (words, place) => {
    forget();
    told.textContent = words;
    told.hidden = false;
    if (place?.part) place.part.classList.add("pointed");
    if (!place?.svg) return;
    spot.setAttribute("cx", place.x);
    spot.setAttribute("cy", place.y);
    place.svg.append(spot);
  };

  // The points of the lines of a chart, each with its row of the data.
  const known = new WeakMap();
  const pointsOf = (svg) => {
    if (known.has(svg)) return known.get(svg);
    const [head, ...rows] = tableOf(svg);
    const panel = svg.closest(".grid > div")?.querySelector(".panel-title")?.textContent;
    const first = head[0] === "panel" ? 1 : 0;
    const found = [...svg.querySelectorAll("[data-line]")].flatMap((line) => {
      const places = [...line.getAttribute("d").matchAll(/(-?[\d.]+) (-?[\d.]+)/g)];
      const own = rows.filter((row) => row[first] === line.dataset.line && (!first || row[0] === panel)
        && Number.isFinite(parseFloat(row[first + 2])) && row[first + 1] !== "" && row[head.indexOf("of")] !== "one seed");
      if (own.length !== places.length) return [];
      return places.map(([, x, y], index) => ({
        svg, x: Number(x), y: Number(y),
        words: `${line.dataset.line}, ${line.dataset.x} ${own[index][first + 1]}: ${own[index][first + 2]}`,
      }));
    });
    known.set(svg, found);
    return found;
  };
  const shareOf = (row, across) => {
    const [low, high, count] = row.dataset.places.split(" ").map(Number);
    const box = row.getBoundingClientRect();
    const index = Math.min(count - 1, Math.max(0, Math.floor((count * (across - box.left)) / box.width)));
    const choice = search ? search.names.indexOf(row.dataset.row) : -1;
    const candidate = choice < 0 ? -1 : search.candidates[choice].indexOf(row.dataset.part);
    if (candidate < 0 || search.epochs.length !== count) return "";
    const share = (search.values[index][choice][candidate] / search.scale).toFixed(4);
    return `${row.firstElementChild.textContent}, epoch ${Math.round(low + ((high - low) / count) * (index + 0.5))}: ${share}`;
  };
  document.addEventListener("pointermove", (event) => {
    const svg = event.target.closest?.("main svg");
    const isMouse = event.pointerType === "mouse";
    if (!svg) return isMouse ? forget() : undefined;
    if (event.target.dataset.places) {
      const words = shareOf(event.target, event.clientX);
      return words ? tell(words) : forget();
    }
    const matrix = svg.getScreenCTM();
    const near = { distance: 24 };
    for (const point of matrix ? pointsOf(svg) : []) {
      const distance = Math.hypot(matrix.a * point.x + matrix.e - event.clientX, matrix.d * point.y + matrix.f - event.clientY);
      if (distance < near.distance) Object.assign(near, point, { distance });
    }
    if (near.svg) return tell(near.words, near);
    const part = titled(event.target);
    // a browser shows titles itself to those who have a mouse
    if (part && !isMouse) return tell(part.querySelector("title").textContent, { part });
    return forget();
  });

  // -- the arrow keys go through the values of a picture that has the focus -------------------------------------
  for (const box of document.querySelectorAll(".scroll[tabindex]:has(svg)")) {
    let index = -1;
    box.setAttribute("aria-description", "The arrow keys go through the values");
    box.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") forget();
      if (!step) return;
      const svg = box.querySelector("svg");
      const lines = pointsOf(svg);
      const parts = [...svg.querySelectorAll(":scope *:has(> title)")]
        .filter((part) => !part.querySelector(":scope > :has(> title)") && !part.dataset.places && part.id !== "graph0")
        .filter((part) => !lines.length || part.tagName !== "circle")
        .map((part) => ({ part, words: part.querySelector(":scope > title").textContent }));
      const all = [...lines, ...parts.filter(({ part }) => !part.classList.contains("graph") && !part.classList.contains("cluster"))];
      if (!all.length) return;
      event.preventDefault();
      index = (index + step + all.length) % all.length;
      tell(all[index].words, all[index]);
      all[index].part?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    box.addEventListener("blur", () => { index = -1; forget(); });
  }

  // -- files --------------------------------------------------------------------------------------------------
  const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "stroke-linejoin",
    "stroke-linecap", "opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "paint-order"];
  const styled = (svg) => {
    const copy = svg.cloneNode(true);
    const pairs = [[svg, copy], ...[...svg.querySelectorAll("*")].map((part, index) => [part, copy.querySelectorAll("*")[index]])];
    for (const [part, twin] of pairs) {
      const style = getComputedStyle(part);
      for (const name of part.tagName === "title" ? [] : STYLES) {
        const value = style.getPropertyValue(name);
        const above = part === svg ? "" : getComputedStyle(part.parentElement).getPropertyValue(name);
        const isOwn = value !== above || ["opacity", "stroke-dasharray"].includes(name);
        if (isOwn && !(name === "opacity" && value === "1")) twin.setAttribute(name, value);
      }
    }
    for (const part of copy.querySelectorAll(".controls, .spot, .unseen")) part.remove();
    for (const part of [copy, ...copy.querySelectorAll("*")]) {
      for (const name of [...part.getAttributeNames()]) if (name === "class" || name.startsWith("data-")) part.removeAttribute(name);
    }
    return copy;
  };
  const make = (tag, attributes, ...content) => {
    const part = document.createElementNS(NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    part.append(...content);
    return part;
  };
  const documentOf = (box, title) => {
    const ink = { fill: getComputedStyle(document.body).color, "font-family": getComputedStyle(document.body).fontFamily };
    const isDrawn = box.classList.contains("drawing"); // by Graphviz, for white paper
    const panel = isDrawn ? "#fff" : getComputedStyle(box.closest("section")).backgroundColor;
    const pictures = [...box.querySelectorAll("svg")].filter((svg) => !svg.closest(".legend"));
    const [gap, parts, samples] = [14, [], [...box.querySelectorAll(".legend li")]];
    const sizes = pictures.map((svg) => [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height]);
    const wide = Math.max(...sizes.map(([width]) => width));
    const columns = Math.min(2, pictures.length);
    const width = Math.max(columns * (wide + gap), title.length * 8.4, ...samples.map((item) => 60 + 7 * item.textContent.length)) + gap;
    let y = 34;
    pictures.forEach((svg, index) => {
      const [x, name] = [gap + (index % columns) * (wide + gap), svg.closest(".grid > div")?.querySelector(".panel-title")];
      if (name) parts.push(make("text", { ...ink, x, y: y + 12, "font-size": 12 }, name.textContent));
      const [copy, above] = [styled(svg), name ? 18 : 0];
      for (const [key, value] of Object.entries({ x, y: y + above, width: sizes[index][0], height: sizes[index][1] })) copy.setAttribute(key, value);
      parts.push(copy);
      if (index % columns === columns - 1 || index === pictures.length - 1) y += Math.max(...sizes.map(([, height]) => height)) + above + gap;
    });
    let x = gap;
    for (const item of samples) {
      const own = 60 + 7 * item.textContent.length;
      if (x > gap && x + own > width) { x = gap; y += 20; }
      const sample = styled(item.querySelector("svg"));
      for (const [key, value] of Object.entries({ x, y: y - 6, width: 30, height: 12 })) sample.setAttribute(key, value);
      parts.push(sample, make("text", { ...ink, x: x + 36, y: y + 4, "font-size": 12 }, item.textContent));
      x += own;
    }
    const height = y + (samples.length ? 20 : 0);
    return make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" }, make("title", {}, title),
      make("rect", { width: "100%", height: "100%", fill: panel }),
      make("text", { ...(isDrawn ? { ...ink, fill: "#000" } : ink), x: width / 2, y: 21, "text-anchor": "middle", "font-size": 15, "font-weight": 600 }, title), ...parts);
  };
  const save = (name, type, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const quoted = (entry) => (/[",\n]/.test(entry) ? `"${entry.replaceAll('"', '""')}"` : entry);
  // A text that a spreadsheet would take for a formula begins with an apostrophe.
  const inert = (text) => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text);
  // The shares of a heat map of the search, all candidates of its choices: a row for each epoch.
  const sharesOf = (box) => {
    const places = box.querySelector("[data-places]").dataset.places.split(" ").map(Number);
    const first = Math.round(places[0] + (places[1] - places[0]) / places[2] / 2);
    const shown = new Set([...box.querySelectorAll("[data-row]")].map((row) => row.dataset.row));
    return [["row", "part", "x", "share"], ...search.names.flatMap((name, choice) => (shown.has(name)
      ? search.candidates[choice].flatMap((part, candidate) => search.values.map((epoch, index) =>
        [inert(name), inert(part), String(first + index), String(epoch[choice][candidate] / search.scale)]))
      : []))];
  };
  for (const box of document.querySelectorAll(".figure:has(svg), figure.drawing, figure.animation, figure.picture")) {
    const heading = box.querySelector(":scope > h3") || box.closest(".panel")?.querySelector("h3")
      || box.closest("section")?.querySelector("h2");
    const title = heading?.textContent || document.title;
    const name = box.dataset.name || box.closest("section")?.id || "picture";
    const row = document.createElement("p");
    row.className = "save controls";
    const add = (kind, type, text) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = kind;
      button.setAttribute("aria-label", `Save as ${kind}: ${title}`);
      button.addEventListener("click", () => save(`${name}.${kind.toLowerCase()}`, type, text()));
      row.append(button);
    };
    add("SVG", "image/svg+xml", () => new XMLSerializer().serializeToString(documentOf(box, title)));
    const isOfSearch = !box.dataset.table && search && box.querySelector("[data-places]");
    const rows = isOfSearch ? () => sharesOf(box) : () => tableOf(box);
    if (box.dataset.table || isOfSearch) add("CSV", "text/csv", () => `${rows().map((line) => line.map(quoted).join(",")).join("\r\n")}\r\n`);
    box.append(row);
  }
})();
