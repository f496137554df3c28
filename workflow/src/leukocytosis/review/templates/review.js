"use strict";
const COLUMNS = ["review_id", "reviewer", "cause", "certainty", "comment", "sampling"];
const place = "review:" + document.body.dataset.review;
const forms = [...document.querySelectorAll("form")];
const reviewer = document.getElementById("reviewer");

function answerOf(form) {
  const chosen = (name) => form.querySelector(`[name=${name}]:checked`)?.value ?? "";
  return {
    review_id: form.dataset.chart, reviewer: reviewer.value.trim(), cause: chosen("cause"),
    certainty: chosen("certainty"), comment: form.elements.comment.value.trim(),
    sampling: document.body.dataset.sampling,
  };
}

function fillIn(form, answer) {
  for (const name of ["cause", "certainty"]) {
    for (const radio of form.querySelectorAll(`[name=${name}]`)) radio.checked = radio.value === answer[name];
  }
  form.elements.comment.value = answer.comment ?? "";
}

function keep() {
  const answers = forms.map(answerOf);
  const n = answers.filter((answer) => answer.cause).length;
  document.getElementById("progress").textContent = `${n} of ${forms.length} answered`;
  forms.forEach((form, i) => form.classList.toggle("answered", Boolean(answers[i].cause)));
  try {
    localStorage.setItem(place, JSON.stringify({ reviewer: reviewer.value, answers }));
  } catch { /* a browser that keeps nothing still saves the CSV */ }
}

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function toCsv() {
  const rows = forms.map(answerOf).filter((answer) => answer.cause);
  return [COLUMNS.join(","), ...rows.map((row) => COLUMNS.map((name) => quoted(row[name])).join(","))].join("\n") + "\n";
}

function fromCsv(text) {
  const rows = [];
  for (const line of text.replace(/^\uFEFF/, "").trim().split(/\r?\n(?=(?:[^"]*"[^"]*")*[^"]*$)/)) {
    rows.push([...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((m) => m[1].replace(/^"|"$/g, "").replaceAll('""', '"')));
  }
  const [head, ...body] = rows;
  return body.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? ""])));
}

function restore(answers, name) {
  const byChart = new Map(answers.map((answer) => [answer.review_id, answer]));
  for (const form of forms) if (byChart.has(form.dataset.chart)) fillIn(form, byChart.get(form.dataset.chart));
  if (name) reviewer.value = name;
  keep();
}

document.getElementById("save").addEventListener("click", () => {
  if (!reviewer.reportValidity()) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([toCsv()], { type: "text/csv" }));
  link.download = `review_${document.body.dataset.review.replace("/", "_")}_${reviewer.value.trim().replace(/\W+/g, "_")}.csv`;
  link.click();
});
document.getElementById("load").addEventListener("change", async (event) => {
  const answers = fromCsv(await event.target.files[0].text());
  restore(answers, answers[0]?.reviewer);
});
document.addEventListener("input", keep);
document.addEventListener("submit", (event) => event.preventDefault());
try {
  const kept = JSON.parse(localStorage.getItem(place) ?? "null");
  if (kept) restore(kept.answers, kept.reviewer);
} catch { /* nothing was kept */ }
keep();
