// What the tests ask of a page that a browser shows; every function returns plain values.

const isShown = (element) =>
  element.checkVisibility({ contentVisibilityAuto: true }) && element.getClientRects().length > 0;

const name = (element) => `${element.tagName} ${element.textContent.trim().slice(0, 60)}`;

/** Pairs of blocks that lie over each other though neither holds the other. */
function findOverlaps() {
  const blocks = [...document.querySelectorAll("h1,h2,h3,p,li,summary,figure,figcaption,.scroll,aside")]
    .filter(isShown)
    .map((element) => [element, element.getBoundingClientRect()])
    .sort(([, a], [, b]) => a.top - b.top);
  const found = [];
  blocks.forEach(([one, a], i) => {
    for (const [other, b] of blocks.slice(i + 1)) {
      if (b.top >= a.bottom - 1) break;
      if (one.contains(other) || other.contains(one)) continue;
      if (b.left < a.right - 1 && a.left < b.right - 1) found.push([name(one), name(other)]);
    }
  });
  return found;
}

/** Elements whose text runs out of them. */
function findSpills() {
  return [...document.querySelectorAll("h1,h2,h3,p,li,summary,figcaption,td,th")]
    .filter((element) => isShown(element) && element.scrollWidth > element.clientWidth + 1)
    .filter((element) => element.clientWidth && getComputedStyle(element).overflowX === "visible")
    .map(name);
}

function readColour(words) {
  const [red, green, blue, alpha = 1] = words.match(/[\d.]+/g).map(Number);
  return { channels: [red, green, blue], alpha };
}

/** Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance({ channels }) {
  const linear = channels
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

function findBackground(element) {
  for (let at = element; at; at = at.parentElement) {
    const colour = readColour(getComputedStyle(at).backgroundColor);
    if (colour.alpha === 1) return colour;
  }
  return { channels: [255, 255, 255] };
}

/** The lowest contrast of any text outside the figures, and whose it is. */
function findLeastContrast() {
  const texts = [...document.querySelectorAll("body :not(script)")].filter(
    (element) =>
      !element.closest("svg") && isShown(element) &&
      [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()),
  );
  const contrasts = texts.map((element) => {
    const both = [readColour(getComputedStyle(element).color), findBackground(element)];
    const [dark, light] = both.map(luminance).sort((a, b) => a - b);
    return [(light + 0.05) / (dark + 0.05), name(element)];
  });
  return contrasts.sort(([a], [b]) => a - b)[0];
}

/** The smallest type outside the figures, in pixels. */
function findLeastType() {
  const texts = [...document.querySelectorAll("h1,h2,h3,p,li,a,summary,figcaption,caption,td,th,button")];
  return Math.min(
    ...texts.filter(isShown).map((element) => parseFloat(getComputedStyle(element).fontSize)),
  );
}

/** The smallest type of the figures as they are shown, in pixels, and whose it is. */
function findLeastTypeDrawn() {
  const drawn = [...document.querySelectorAll("figure svg text")].filter(isShown);
  const sizes = drawn.map((text) => [
    parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a, name(text),
  ]);
  return sizes.sort(([a], [b]) => a - b)[0];
}

const listHeadings = () =>
  [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((head) => Number(head.tagName[1]));

const findTable = (caption) =>
  [...document.querySelectorAll("table")].find((table) =>
    table.caption.textContent.startsWith(caption),
  );

/** The cells of a table's column, as they stand. */
const readColumn = (caption, column) =>
  [...findTable(caption).tBodies[0].rows].map((row) =>
    row.cells[column].textContent.replaceAll("\u00a0", " "),
  );
