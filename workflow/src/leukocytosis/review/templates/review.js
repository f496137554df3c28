"use strict";
// Answers live in `answers` (chart → cause, certainty, comment), are kept in the browser under the
// reviewer's name, and leave it only as the CSV that the reviewer downloads.
const COLUMNS = ["review_id", "reviewer", "cause", "certainty", "comment"];
const UNDETERMINED = "undetermined";
const byId = (id) => document.getElementById(id);
const charts = [...document.querySelectorAll(".chart")];
const place = new Map(charts.map((chart, i) => [chart.dataset.chart, i]));
let reviewer = "";
let answers = {};
let shown = 0;

const say = (words) => { byId("message").textContent = words; };
const shelf = (name) => `leukocytosis-review/${document.body.dataset.draw}/${name}`;
const isDone = (answer) => Boolean(answer && answer.cause && answer.certainty);
const count = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

function keep() {
  try {
    localStorage.setItem(shelf(reviewer), JSON.stringify(answers));
  } catch {
    say("This browser keeps nothing between visits: download your answers before you leave.");
  }
}

function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(shelf(name))) || {};
  } catch {
    return {};
  }
}

function begin(name, found) {
  if (!/^[\p{L}\p{N}_.-]{1,40}$/u.test(name)) {
    say("Please give a name of letters, digits, dot and dash.");
    byId("reviewer").focus();
    return;
  }
  if (!charts.length) {
    say("There is no chart to review.");
    return;
  }
  reviewer = name;
  answers = { ...recall(name), ...found };
  byId("reviewer").value = name;
  byId("charts").hidden = false;
  byId("download").disabled = false;
  byId("help").open = false;
  charts.forEach(fill);
  say("");
  show(Math.max(charts.findIndex((chart) => !isDone(answers[chart.dataset.chart])), 0));
}

function fill(chart) {
  const answer = answers[chart.dataset.chart] || {};
  const form = chart.querySelector("form");
  for (const name of ["cause", "certainty"]) {
    for (const radio of form.elements[name]) radio.checked = radio.value === answer[name];
  }
  form.elements.comment.value = answer.comment || "";
}

function show(i) {
  shown = Math.min(Math.max(i, 0), charts.length - 1);
  charts.forEach((chart, j) => { chart.hidden = j !== shown; });
  byId("go").value = String(shown);
  byId("back").disabled = shown === 0;
  byId("next").disabled = shown === charts.length - 1;
  tell();
  charts[shown].querySelector("h2").focus();
}

function tell() {
  const done = charts.filter((chart) => isDone(answers[chart.dataset.chart])).length;
  byId("progress").textContent = `${done} of ${count(charts.length, "chart")} answered`;
  charts.forEach((chart, i) => {
    const id = chart.dataset.chart;
    byId("go").options[i].textContent = isDone(answers[id]) ? `${id} ✓` : id;
  });
}

function showOpen() {
  const order = charts.map((_, i) => (shown + 1 + i) % charts.length);
  const next = order.find((i) => !isDone(answers[charts[i].dataset.chart]));
  if (next === undefined) say("Every chart has an answer: download them.");
  else show(next);
}

function note(chart) {
  const form = chart.querySelector("form");
  const cause = form.elements.cause.value;
  // who cannot tell is not asked how certain that is
  if (cause === UNDETERMINED && !form.elements.certainty.value) form.elements.certainty.value = "possible";
  answers[chart.dataset.chart] = {
    cause, certainty: form.elements.certainty.value, comment: form.elements.comment.value.trim(),
  };
  say("");
  keep();
  tell();
}

const quote = (text) => (/[",;\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function writeCsv() {
  const rows = charts
    .map((chart) => chart.dataset.chart)
    .filter((id) => isDone(answers[id]))
    .map((id) => [id, reviewer, answers[id].cause, answers[id].certainty, answers[id].comment]);
  return [COLUMNS, ...rows].map((row) => row.map(quote).join(",")).join("\n") + "\n";
}

function readCsv(text) {
  const plain = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const mark = plain.split("\n", 1)[0].includes(";") ? ";" : ","; // some spreadsheets write these
  const cell = new RegExp(`("(?:[^"]|"")*"|[^${mark}"\\n]*)(${mark}|\\n|$)`, "gy");
  const rows = [[]];
  for (const [whole, value, end] of plain.matchAll(cell)) {
    if (!whole) break;
    rows.at(-1).push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === "\n") rows.push([]);
  }
  const [head, ...body] = rows.filter((row) => row.length > 1);
  const named = (row) => Object.fromEntries(head.map((name, i) => [name.trim(), row[i] ?? ""]));
  return body.map(named);
}

async function load(file) {
  const rows = readCsv(await file.text());
  const names = new Set(rows.map((row) => row.reviewer));
  if (!rows.length || COLUMNS.some((name) => !(name in rows[0]))) {
    say("That file holds no answers: it needs the columns " + COLUMNS.join(", ") + ".");
  } else if (names.size > 1) {
    say("That file holds the answers of more than one reviewer: load your own.");
  } else {
    const known = rows.filter((row) => place.has(row.review_id));
    const found = Object.fromEntries(known.map(({ review_id, cause, certainty, comment }) =>
      [review_id, { cause, certainty, comment }]));
    begin([...names][0], found);
    keep();
    const strange = rows.length - known.length;
    say(`Loaded ${count(known.length, "answer")}` +
      (strange ? `; ${count(strange, "row")} of charts that are not here left out.` : "."));
  }
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([writeCsv()], { type: "text/csv" }));
  link.download = `${document.body.dataset.file}_${reviewer}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
  const half = Object.values(answers).filter((answer) => !isDone(answer) && (answer.cause || answer.certainty || answer.comment));
  say(half.length ? `${count(half.length, "chart")} with a cause or a certainty missing left out of the file.` : "Downloaded.");
}

function choose(name, i) {
  const radio = charts[shown].querySelectorAll(`input[name=${name}]`)[i];
  if (!radio) return;
  radio.checked = true;
  radio.focus();
  note(charts[shown]);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("textarea, select, input:not([type=radio])");
  if (!reviewer || typing || event.ctrlKey || event.altKey || event.metaKey) return;
  const act = {
    n: () => show(shown + 1), b: () => show(shown - 1), u: showOpen,
    d: () => choose("certainty", 0), p: () => choose("certainty", 1), s: () => choose("certainty", 2),
  }[event.key] || (/^[1-9]$/.test(event.key) && (() => choose("cause", Number(event.key) - 1)));
  if (!act) return;
  event.preventDefault();
  act();
});
byId("reviewer").addEventListener("keydown", (event) => {
  if (event.key === "Enter") begin(byId("reviewer").value.trim(), {});
});
byId("begin").addEventListener("click", () => begin(byId("reviewer").value.trim(), {}));
byId("load").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) load(file);
});
byId("download").addEventListener("click", download);
byId("back").addEventListener("click", () => show(shown - 1));
byId("next").addEventListener("click", () => show(shown + 1));
byId("open").addEventListener("click", showOpen);
byId("go").addEventListener("change", (event) => show(Number(event.target.value)));
for (const chart of charts) {
  chart.querySelector("form").addEventListener("input", () => note(chart));
  chart.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
}
