"use strict";
// What the page does besides being read: tables that sort, the section marked, paper unfolded.

const NO_NUMBER =
  /^(hidden|none|not (shown|reached|asked for|printed|comparable)|cannot be|no (test|values|number)|–?$)/;

/** A cell as [rank, value]: what has no value has the last rank. */
function readCell(cell, numeric) {
  const words = cell.textContent.replaceAll("\u00a0", " ").trim();
  if (!numeric) return NO_NUMBER.test(words) ? [1, ""] : [0, words];
  const number = readNumber(words);
  return number === null ? [1, 0] : [0, number];
}

/** The number that words begin with: the estimate before its interval; "< 5" lies just under 5. */
function readNumber(words) {
  const plain = words.replaceAll("−", "-").replace(/(\d),(?=\d{3})/g, "$1");
  const found = plain.match(/^(?:χ² = )?([<>]?) ?(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/);
  if (!found) return null;
  const beside = { "<": -1, ">": 1 }[found[1]] ?? 0;
  return Number(found[2]) + beside * 1e-9;
}

function isNumeric(rows, column) {
  const words = rows.map((row) => row.cells[column].textContent.replaceAll("\u00a0", " ").trim());
  const told = words.filter((cell) => !NO_NUMBER.test(cell));
  return told.length > 0 && told.every((cell) => readNumber(cell) !== null);
}

/** Whether a column of numbers holds days beside percentages, which no order compares. */
function mixesUnits(rows, column) {
  const words = rows.map((row) => row.cells[column].textContent.replaceAll("\u00a0", " ").trim());
  const told = words.filter((cell) => readNumber(cell) !== null);
  const units = told.map((cell) => cell.match(/^[^\d]*[\d.,]+ ?(%|days)?/)?.[1]);
  return isNumeric(rows, column) && new Set(units).size > 1;
}

function compare(one, other) {
  if (typeof one === "number") return one - other;
  return one.localeCompare(other, "en", { numeric: true });
}

/** Rows in order of a column, ties as they were; what has no value stays last in both directions. */
function sortRows(rows, column, descending) {
  const numeric = isNumeric(rows, column);
  const read = new Map(rows.map((row) => [row, readCell(row.cells[column], numeric)]));
  return [...rows].sort((a, b) => {
    const [[rankA, valueA], [rankB, valueB]] = [read.get(a), read.get(b)];
    return rankA - rankB || (descending ? -1 : 1) * compare(valueA, valueB);
  });
}

function makeSortable(table) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const sort = (head, column) => {
    const next = { ascending: "descending", descending: null }[head.ariaSort];
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    const order = next === undefined ? "ascending" : next;
    if (order) head.setAttribute("aria-sort", order);
    body.append(...(order ? sortRows(original, column, order === "descending") : original));
  };
  heads.forEach((head, column) => {
    if (!head.textContent || mixesUnits(original, column)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });
}

/** Only what scrolls sideways needs the keyboard's focus and a name. */
function nameScrolling(box, name) {
  const scrolls = box.scrollWidth > box.clientWidth;
  const wanted = { role: "region", tabindex: "0", "aria-label": name };
  for (const [key, value] of Object.entries(wanted)) {
    if (scrolls) box.setAttribute(key, value);
    else box.removeAttribute(key);
  }
}

function watchScrolling() {
  const boxes = [...document.querySelectorAll(".scroll, .picture")];
  const name = (box) => box.ariaLabel ?? box.nextElementSibling.textContent;
  const names = new Map(boxes.map((box) => [box, name(box)]));
  const watch = new ResizeObserver((seen) =>
    seen.forEach(({ target }) => nameScrolling(target, names.get(target))),
  );
  boxes.forEach((box) => watch.observe(box));
}

function markSection() {
  const links = [...document.querySelectorAll("nav a")];
  const heads = links.map((link) => document.getElementById(link.hash.slice(1)));
  let waiting = false;
  const mark = () => {
    waiting = false;
    const seen = heads.findLastIndex((head) => head.getBoundingClientRect().top < innerHeight / 3);
    links.forEach((link, i) => {
      if (i === Math.max(seen, 0)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  const later = () => {
    if (!waiting) requestAnimationFrame(mark);
    waiting = true;
  };
  ["scroll", "resize"].forEach((event) => addEventListener(event, later, { passive: true }));
  mark();
}

function unfoldOnPaper() {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("main details:not([open])")];
    opened.forEach((fold) => (fold.open = true));
  });
  addEventListener("afterprint", () => opened.forEach((fold) => (fold.open = false)));
}

document.querySelectorAll("table:not([data-in-order])").forEach(makeSortable);
watchScrolling();
markSection();
unfoldOnPaper();
