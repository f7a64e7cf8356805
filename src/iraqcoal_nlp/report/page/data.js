// What the page holds, and what the reader has chosen. All text stays text: no string ever becomes HTML.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const labels = [...data.stances, ...data.events];
const nStances = data.stances.length;
const neutral = data.stances.indexOf("none");
const rows = data.rows;
const nRows = rows.text.length;
const NO_EVENT = "no_event";
const NO_SOURCE = "";
const [ABSTAINED, WINDOWED, NOT_ARABIC] = [1, 2, 4]; // bits of a row's flags

const rowsOfArticle = data.articles.map(() => []);
rows.article.forEach((article, row) => rowsOfArticle[article].push(row));

// Labels that say something, each with its number: all but the stance of having none.
const telling = () => labels.map((name, label) => [name, label]).filter(([, label]) => label !== neutral);

// Thousandths: probability of label number `label` in row number `row`.
const probability = (row, label) => rows.probs[row * labels.length + label];
const reports = (row, event) => (rows.events[row] >> event) & 1;
const articleOf = (row) => data.articles[rows.article[row]];

// What the reader has chosen. It lives in the address, so that a view can be kept and sent on.
const choice = {
  lang: data.language,
  theme: "auto",
  q: "",
  stance: [],
  event: [],
  min: 0,
  source: null,
  from: "",
  to: "",
  uncertain: false,
  page: 1,
};
const initialLanguage = data.language;

function readChoice() {
  const given = new URLSearchParams(location.hash.slice(1));
  const list = (name, known) => (given.get(name) || "").split(",").filter((item) => known.includes(item));
  const one = (name, known, otherwise) => (known.includes(given.get(name)) ? given.get(name) : otherwise);
  const day = (name) => (/^\d{4}-\d\d-\d\d$/.test(given.get(name) || "") ? given.get(name) : "");
  choice.lang = one("lang", ["ar", "en"], initialLanguage);
  choice.theme = one("theme", ["light", "dark"], "auto");
  choice.q = given.get("q") || "";
  choice.stance = list("stance", data.stances);
  choice.event = list("event", [...data.events, NO_EVENT]);
  choice.min = Math.min(95, Math.max(0, Math.round(Number(given.get("min")) / 5) * 5 || 0));
  choice.source = given.has("source") ? given.get("source") : null;
  choice.from = day("from");
  choice.to = day("to");
  choice.uncertain = given.get("uncertain") === "1";
  choice.page = Math.max(1, Math.floor(Number(given.get("page"))) || 1);
}

function writeChoice() {
  const kept = new URLSearchParams();
  if (choice.lang !== initialLanguage) kept.set("lang", choice.lang);
  if (choice.theme !== "auto") kept.set("theme", choice.theme);
  if (choice.q) kept.set("q", choice.q);
  if (choice.stance.length) kept.set("stance", choice.stance.join());
  if (choice.event.length) kept.set("event", choice.event.join());
  if (choice.min) kept.set("min", choice.min);
  if (choice.source !== null) kept.set("source", choice.source);
  for (const name of ["from", "to"]) if (choice[name]) kept.set(name, choice[name]);
  if (choice.uncertain) kept.set("uncertain", "1");
  if (choice.page > 1) kept.set("page", choice.page);
  const hash = kept.toString();
  if (hash !== location.hash.slice(1))
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}
