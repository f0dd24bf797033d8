// The epochs of a search: the slider sets widths and opacities of what is drawn already.
(() => {
  let timer = 0;
  const arm = () => {
    const search = JSON.parse(document.getElementById("data").textContent).animation;
    const slider = document.getElementById("epoch");
    if (!search || !slider) return;
    const svg = document.getElementById("animation");
    const play = document.getElementById("play");
    const count = document.getElementById("count");
    const description = document.getElementById("description");
    const edges = [...svg.querySelectorAll("[data-e]")];
    const candidates = [...svg.querySelectorAll("[data-c]")];
    const nodes = [...svg.querySelectorAll("[data-n]")];
    const through = [...svg.querySelectorAll("[data-through]")];
    const nows = [...document.querySelectorAll("[data-now]")];
    const last = search.epochs.length - 1;
    clearInterval(timer);
    timer = 0;

    const lead = (values) => values.indexOf(Math.max(...values));
    const show = (index) => {
      const values = search.values[index];
      const kept = search.kept[search.keptOfEpoch[index]];
      const keptEdges = new Set(kept ? kept.edges : []);
      const keptNodes = kept ? new Set(kept.nodes) : null;
      const chance = (choice, candidate) => values[choice][candidate] / search.scale;
      for (const edge of edges) {
        const number = Number(edge.dataset.e);
        const p = search.edges[number].reduce((sum, [choice, candidate]) => sum + chance(choice, candidate), 0);
        edge.setAttribute("stroke-width", (0.6 + 3.4 * p).toFixed(2));
        const isKept = keptEdges.has(number);
        edge.setAttribute("stroke-opacity", (isKept ? 0.6 + 0.4 * p : 0.08 + 0.62 * p * p).toFixed(2));
        edge.classList.toggle("kept", isKept);
      }
      for (const item of candidates) {
        const [choice, candidate] = [Number(item.dataset.c), Number(item.dataset.k)];
        const p = chance(choice, candidate);
        item.setAttribute("opacity", (0.35 + 0.65 * Math.min(1, 2 * p)).toFixed(2));
        item.lastElementChild.setAttribute("width", (58 * p).toFixed(1));
        item.classList.toggle("lead", lead(values[choice]) === candidate);
      }
      for (const node of nodes) node.classList.toggle("gone", keptNodes !== null && !keptNodes.has(node.dataset.n));
      for (const label of through) {
        const choice = search.edges[Number(label.dataset.through)][0][0];
        label.textContent = search.candidates[choice][lead(values[choice])];
      }
      for (const line of nows) {
        const [first, step] = line.dataset.now.split(" ").map(Number);
        line.setAttribute("transform", `translate(${(first + step * search.epochs[index]).toFixed(1)} 0)`);
      }
      const words = search.described.map((choice) => {
        const best = lead(values[choice]);
        return `${search.names[choice]} ${search.candidates[choice][best]} ${chance(choice, best).toFixed(2)}`;
      });
      const keptNames = (kept ? kept.edges : []).map((edge) => search.edgeNames[edge]);
      const ending = keptNames.length ? `. Kept: ${keptNames.join(", ")}.` : ".";
      const said = `Epoch ${search.epochs[index]} of ${search.epochs[last]}: ${words.join(", ")}${ending}`;
      description.textContent = said;
      count.textContent = `${search.epochs[index]} / ${search.epochs[last]}`;
      svg.setAttribute("aria-label", `The search space; ${said}`);
      slider.setAttribute("aria-valuetext", `epoch ${search.epochs[index]} of ${search.epochs[last]}`);
    };

    const pause = () => {
      clearInterval(timer);
      timer = 0;
      play.textContent = "Play";
      play.setAttribute("aria-label", "Play the epochs");
      description.setAttribute("aria-live", "polite");
    };
    play.addEventListener("click", () => {
      if (timer) return pause();
      if (Number(slider.value) >= last) slider.value = 0;
      show(Number(slider.value));
      play.textContent = "Pause";
      play.setAttribute("aria-label", "Pause");
      description.setAttribute("aria-live", "off"); // several epochs a second are too many to be read out
      // without motion: in a few large steps, each of which can be read
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const step = still ? Math.max(1, Math.round(last / 8)) : 1;
      const pace = still ? 1500 : Math.max(60, Math.min(400, 12000 / (last + 1)));
      timer = setInterval(() => {
        slider.value = Math.min(last, Number(slider.value) + step);
        show(Number(slider.value));
        if (Number(slider.value) >= last) pause();
      }, pace);
      return undefined;
    });
    slider.addEventListener("input", () => { if (timer) pause(); show(Number(slider.value)); });
    document.getElementById("player").hidden = false;
    slider.value = last; // browsers keep the value of a page that is loaded again
    show(last);
  };
  arm();
  document.addEventListener("replaced", arm);
})();
