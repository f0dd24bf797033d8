// The page of the service: a file is sent, and its verdict is shown beside the file itself, which the browser
// plays from the disk. Names and words of the answer are set as text, never as markup.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const STEPS = [0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const HEIGHT = 210, LEFT = 34, RIGHT = 12, TOP = 12, BOTTOM = 26;
const WORDS = {
  score: "score", threshold: "threshold", score_of_pictures: "score of the pictures, without the sound",
  score_of_sound: "score of the sound, without the pictures", windows: "windows", used_seconds: "seconds used",
};

const find = (id) => document.getElementById(id);
const video = find("video"), slider = find("second");
const limit = Number(document.querySelector("main").dataset.limit);

let request = null;  // the one that is under way
let url = null;  // of the file, for the player
let shown = null;  // the answer whose curve is there
let end = 1;  // of the curve, in seconds
let canPlay = true;
let mark = null;  // the line at the current second

// -- words

const pad = (number) => String(number).padStart(2, "0");

function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const rest = `${pad(Math.floor(tenths / 10) % 60)}.${tenths % 10}`, minutes = Math.floor(tenths / 600);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${rest}`;
}

function number(value) {
  if (Number.isInteger(value)) return String(value);
  if (value > 0 && value < 0.0005) return "below 0.001";  // no score is as sure as 0 or 1
  return value >= 0.9995 && value < 1 ? "above 0.999" : value.toFixed(3);
}

const inWords = (name) => name.replaceAll(/[-_]/g, " ");

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function say(words, bad = false) {
  find("status").textContent = words;
  find("status").classList.toggle("bad", bad);
}

// -- sending

function send(file) {
  if (request) request.abort();
  find("result").hidden = true;
  shown = null;
  video.pause();
  if (file.size > limit) {
    say(`${file.name} is too large: it has ${Math.ceil(file.size / 2 ** 20)} MiB.`, true);
    return;
  }
  const mine = request = new XMLHttpRequest();
  const progress = find("progress");
  mine.open("POST", `score?name=${encodeURIComponent(file.name)}`);
  mine.setRequestHeader("Content-Type", "application/octet-stream");
  mine.upload.onprogress = (event) => { if (event.lengthComputable) progress.value = event.loaded / event.total; };
  mine.upload.onload = () => {
    progress.removeAttribute("value");  // nobody knows how far the scoring is
    say(`${file.name} is there, and is being scored.`);
  };
  mine.onload = () => { done(mine); answered(file, mine); };
  mine.onerror = () => { done(mine); say("The service does not answer. Is it still running?", true); };
  mine.onabort = () => { if (done(mine)) say("Cancelled."); };
  progress.value = 0;
  find("work").hidden = false;
  say(`Sending ${file.name}.`);
  mine.send(file);
}

function done(mine) {
  if (request !== mine) return false;  // another file was chosen meanwhile
  request = null;
  find("work").hidden = true;
  return true;
}

function answered(file, mine) {
  let record;
  try {
    record = JSON.parse(mine.responseText);
  } catch {
    say(`The service answered ${mine.status}, without words.`, true);
    return;
  }
  if (mine.status === 200 || mine.status === 422) show(file, record);
  else say(record.error ? `Not scored: ${record.error}.` : `The service answered ${mine.status}.`, true);
}

// -- the answer

function show(file, record) {
  const refused = "error" in record, name = record.file;
  find("verdict").textContent = refused ? "No verdict" : record.decision === "fake" ? "Fake" : "Genuine";
  find("verdict").className = refused ? "none" : record.decision;
  find("summary").textContent = refused ? `${name}: ${record.error}.` : summary(name, record);
  find("notes").replaceChildren(...(record.notes ?? []).map((note) => element("li", note)));
  find("notes").hidden = !record.notes?.length;
  find("scored").hidden = refused;
  say(refused ? `No verdict: ${record.error}.` : `${find("verdict").textContent}, score ${number(record.score)}.`);
  play(file);
  find("result").hidden = false;
  if (!refused) showScores(record);
}

function summary(name, record) {
  const side = record.decision === "fake" ? "at or above" : "below";
  const leaned = { pictures: "the pictures more than on the sound", sound: "the sound more than on the pictures" };
  const isAlone = record.score_of_pictures === null || record.score_of_sound === null;  // the other changes nothing
  const stream = record.leaned_on === "both" ? "pictures and sound alike"
    : record.leaned_on && isAlone ? `the ${record.leaned_on} alone` : leaned[record.leaned_on];
  return `${name} has the score ${number(record.score)}, on a scale from 0 (genuine) to 1 (fake). That is ${side} ` +
    `the threshold ${number(record.threshold)}, from which on a clip is called fake.` +
    (stream ? ` The detector leaned on ${stream}.` : "");
}

function showScores(record) {
  shown = record;
  const parts = [...record.seconds, ...record.left_out];
  end = Math.max(0.1, ...[record.seconds, record.left_out].flat().map((part) => part.end));
  find("suspicious").replaceChildren(...record.suspicious.map((part) => {
    const line = element("li"), button = element("button", `${clock(part.start)} to ${clock(part.end)}`, "link");
    button.type = "button";
    button.onclick = () => seek(part.start);
    line.append(button, ` score ${number(part.score)}`);
    return line;
  }));
  find("left").hidden = !record.left_out.length;
  find("left-out").replaceChildren(...record.left_out.map((part) =>
    element("li", `${clock(part.start)} to ${clock(part.end)}: ${inWords(part.reason)}`)));
  find("facts").replaceChildren(...Object.entries(record).filter(([, value]) => typeof value === "number")
    .flatMap(([key, value]) => [element("dt", WORDS[key] ?? inWords(key)), element("dd", number(value))]));
  find("rows").replaceChildren(...parts.sort((a, b) => a.start - b.start).map((part) => {
    const row = element("tr");
    const score = part.score === undefined || part.score === null ? inWords(part.reason ?? "none") : number(part.score);
    row.append(...[part.start.toFixed(1), part.end.toFixed(1), score].map((text) => element("td", text)));
    return row;
  }));
  draw();
  seek(0);
}

// -- the player

function play(file) {
  if (url) URL.revokeObjectURL(url);
  url = URL.createObjectURL(file);
  canPlay = true;
  video.hidden = false;
  find("silent").hidden = true;
  video.src = url;
}

video.onerror = () => {
  canPlay = false;
  video.hidden = true;
  find("silent").hidden = false;
};
video.onloadedmetadata = () => {
  if (!video.videoWidth) { video.onerror(); return; }
  if (shown && Number.isFinite(video.duration) && video.duration > end) {
    end = video.duration;
    draw();
  }
};
video.ontimeupdate = () => at(video.currentTime);
video.onplay = () => {
  const follow = () => {
    if (video.paused || video.ended) return;
    place(video.currentTime);
    requestAnimationFrame(follow);
  };
  follow();
};

function seek(seconds) {
  const wanted = Math.min(Math.max(seconds, 0), end);
  if (canPlay && video.readyState > 0) video.currentTime = wanted;
  at(wanted);
}

function at(seconds) {
  if (!shown) return;
  const inside = (part) => part.start <= seconds && seconds < part.end;
  const second = shown.seconds.find(inside), gone = shown.left_out.find(inside);
  const words = second && second.score !== null
    ? `score ${number(second.score)}, ${second.score >= shown.threshold ? "like a fake" : "like a genuine clip"}`
    : gone ? `left out: ${inWords(gone.reason)}` : "no score";
  slider.value = seconds;
  slider.setAttribute("aria-valuetext", `${clock(seconds)}, ${words}`);
  find("here").textContent = `${clock(seconds)}: ${words}`;
  place(seconds);
}

// -- the curve

const across = (width) => (seconds) => LEFT + (width - LEFT - RIGHT) * seconds / end;
const up = (score) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - score);

function drawn(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw() {
  if (!shown) return;
  const box = find("curve"), width = Math.max(box.clientWidth, 200), x = across(width);
  slider.max = end.toFixed(1);
  const svg = drawn("svg", { class: "chart", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
  const fakes = shown.seconds.filter((part) => part.score >= shown.threshold).length;
  svg.setAttribute("aria-label",
    `${fakes} of ${shown.seconds.length} seconds reach the threshold ${number(shown.threshold)}.`);
  svg.append(...frame(width, x), ...gaps(x), ...scores(x));
  const level = up(shown.threshold), below = shown.threshold > 0.9;
  svg.append(
    drawn("line", { class: "rule level", x1: LEFT, x2: width - RIGHT, y1: level, y2: level }),
    drawn("text", { class: "halo name", x: width - RIGHT, y: level + (below ? 14 : -5), "text-anchor": "end" },
      `threshold ${number(shown.threshold)}`),
  );
  mark = drawn("line", { class: "now", y1: TOP, y2: HEIGHT - BOTTOM });
  svg.append(mark);
  box.replaceChildren(svg);
  place(Number(slider.value));
}

function frame(width, x) {
  const found = [];
  for (const score of [0, 0.5, 1]) {
    found.push(drawn("line", { class: "rule", x1: LEFT, x2: width - RIGHT, y1: up(score), y2: up(score) }));
    found.push(drawn("text", { x: LEFT - 6, y: up(score) + 4, "text-anchor": "end" }, String(score)));
  }
  const step = STEPS.find((size) => (width - LEFT - RIGHT) * size / end >= 64) ?? Math.ceil(end / 7200) * 3600;
  for (let second = 0; second <= end + 1e-9; second += step) {
    const last = x(second) > width - RIGHT - 24;
    found.push(drawn("text", { x: last ? width - RIGHT : x(second), y: HEIGHT - 8, "text-anchor": last ? "end" : "middle" },
      clock(second).replace(/\.0( s)?$/, "$1")));
  }
  return found;
}

function gaps(x) {
  return shown.left_out.map((part) => {
    const group = drawn("g", {}), from = x(part.start), size = Math.max(x(part.end) - from, 1);
    group.append(drawn("title", {}, `left out: ${inWords(part.reason)}`),
      drawn("rect", { class: "gap", x: from, y: TOP, width: size, height: HEIGHT - TOP - BOTTOM }));
    if (size > 8 * part.reason.length) {
      group.append(drawn("text", { x: from + size / 2, y: HEIGHT - BOTTOM - 8, "text-anchor": "middle" }, inWords(part.reason)));
    }
    return group;
  });
}

function scores(x) {
  let path = "", before = null;
  const over = [];
  for (const part of shown.seconds) {
    if (part.score === null) { before = null; continue; }
    const joined = before !== null && Math.abs(before - part.start) < 0.05;
    path += `${joined ? "L" : "M"}${x(part.start).toFixed(1)} ${up(part.score).toFixed(1)}H${x(part.end).toFixed(1)}`;
    before = part.end;
    if (part.score >= shown.threshold) {
      over.push(drawn("rect", { class: "over", x: x(part.start), y: up(part.score),
        width: Math.max(x(part.end) - x(part.start), 1), height: up(shown.threshold) - up(part.score) }));
    }
  }
  return [...over, drawn("path", { class: "line s0", d: path || "M0 0" })];
}

function place(seconds) {
  if (!mark) return;
  const at = across(Number(mark.ownerSVGElement.getAttribute("width")))(Math.min(seconds, end));
  mark.setAttribute("x1", at);
  mark.setAttribute("x2", at);
}

// -- what the user does

find("choose").onchange = (event) => { if (event.target.files.length) send(event.target.files[0]); };
find("choose").onclick = (event) => { event.target.value = ""; };  // the same file may be chosen again
find("cancel").onclick = () => request?.abort();
slider.oninput = () => seek(Number(slider.value));

const point = (event) => {
  const box = find("curve").getBoundingClientRect();
  seek((event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT) * end);
};
find("curve").onpointerdown = point;
find("curve").onpointermove = (event) => { if (event.buttons === 1) point(event); };

document.ondragover = (event) => {
  event.preventDefault();
  find("drop").classList.add("over-it");
};
document.ondragleave = (event) => { if (!event.relatedTarget) find("drop").classList.remove("over-it"); };
document.ondrop = (event) => {
  event.preventDefault();
  find("drop").classList.remove("over-it");
  if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
};

new ResizeObserver(draw).observe(find("curve"));
