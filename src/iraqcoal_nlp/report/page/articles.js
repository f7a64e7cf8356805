// The sentences that fit, a page at a time, under the articles they come from.

const PER_PAGE = 100;
const GAP_STEP = 50; // hidden sentences that one press reveals

// The text with what was searched for marked. Folding can drop letters, so each folded letter remembers its place.
function marked(text) {
  const words = queryWords();
  if (!words.length) return [text];
  let plain = "";
  const places = [];
  for (let at = 0; at < text.length; at += 1) {
    const letter = fold(text[at]);
    if (letter) places.push(at);
    plain += letter;
  }
  const hits = [];
  for (const item of words) {
    for (let at = plain.indexOf(item); at >= 0; at = plain.indexOf(item, at + item.length))
      hits.push([at, at + item.length]);
  }
  hits.sort((a, b) => a[0] - b[0]);
  const parts = [];
  let done = 0;
  for (const [from, to] of hits) {
    const start = places[from];
    const end = places[to - 1] + 1;
    if (start < done) continue;
    parts.push(text.slice(done, start), make("mark", {}, text.slice(start, end)));
    done = end;
  }
  return [...parts, text.slice(done)];
}

// A sentence keeps its own direction in either language of the interface; what the interface says in it keeps its own.
const spoken = (row) => (rows.flags[row] & NOT_ARABIC ? { dir: "auto" } : { dir: "rtl", lang: "ar" });
const said = () => ({ dir: document.documentElement.dir, lang: choice.lang });

const sentenceText = (row, ...children) => make("p", { class: "text", ...spoken(row) }, ...children);

function labelChip(name, thousandths, weak) {
  return make(
    "span",
    { class: `label${weak ? " weak" : ""}`, "data-label": name, ...said() },
    icon(name),
    make("span", {}, word(name)),
    latin(decimal(thousandths)),
  );
}

function sentenceItem(row, outside) {
  const stance = data.stances[rows.stance[row]];
  const events = data.events.filter((_, event) => reports(row, event));
  const least = choice.min * 10;
  const chips = [];
  if (rows.stance[row] !== neutral)
    chips.push(labelChip(stance, probability(row, rows.stance[row]), probability(row, rows.stance[row]) < least));
  for (const name of events) {
    const thousandths = probability(row, nStances + data.events.indexOf(name));
    chips.push(labelChip(name, thousandths, thousandths < least));
  }
  if (rows.flags[row] & ABSTAINED)
    chips.push(
      make(
        "span",
        { class: "label", "data-label": "uncertain", ...said() },
        icon("uncertain"),
        make("span", {}, word("uncertain")),
      ),
    );
  const panel = make("div", { class: "panel", id: `panel-${row}`, hidden: true, ...said() });
  const more = make(
    "button",
    {
      type: "button",
      class: "more",
      lang: choice.lang,
      "aria-expanded": "false",
      "aria-controls": `panel-${row}`,
      onclick: () => {
        if (!panel.childElementCount) panel.append(...details(row));
        panel.hidden = !panel.hidden;
        more.setAttribute("aria-expanded", String(!panel.hidden));
      },
    },
    word("details"),
  );
  const item = make(
    "li",
    {
      class: `sentence${outside ? " outside" : ""}`,
      "data-row": row,
      "data-stance": stance,
      "data-events": events.join(" "),
      ...spoken(row),
    },
    make("span", { class: "stance-mark", "data-label": stance, title: word(stance) }, icon(stance)),
    make(
      "div",
      { class: "said" },
      sentenceText(row, make("span", {}, ...marked(rows.text[row]))),
      make("div", { class: "labels" }, ...chips, more),
    ),
    panel,
  );
  item.style.setProperty("--bar", stripes(events, ""));
  item.style.setProperty("--marker", stripes(events, "-tint"));
  return item;
}

// One colour per event, side by side from top to bottom.
function stripes(events, kind) {
  const parts = events.map(
    (name, at) => `var(--${name}${kind}) ${(100 * at) / events.length}% ${(100 * (at + 1)) / events.length}%`,
  );
  return parts.length ? `linear-gradient(${parts.join(", ")})` : "none";
}

function details(row) {
  const article = articleOf(row);
  const lines = labels.map((name, label) => {
    const given = label < nStances ? rows.stance[row] === label : reports(row, label - nStances);
    const fill = make("span", { class: "fill", "data-label": name });
    fill.style.inlineSize = `${probability(row, label) / 10}%`;
    return make(
      "tr",
      { class: given ? "given" : null },
      make("th", { scope: "row" }, icon(name), make("span", {}, word(name))),
      make("td", { class: "meter", "aria-hidden": "true" }, make("span", { class: "track" }, fill)),
      make("td", {}, latin(decimal(probability(row, label)))),
      make("td", { class: "given-mark" }, given ? word("reported") : ""),
    );
  });
  const facts = [
    [word("article_id"), make("bdi", {}, article.id)],
    [word("number"), latin(rows.sent[row])],
    [word("place"), latin(`${rows.start[row]}–${rows.end[row]}`)],
  ];
  if (rows.model[row] !== null) facts.push([word("model"), latin(data.models[rows.model[row]])]);
  const flags = [
    [WINDOWED, "windowed"],
    [NOT_ARABIC, "not_arabic"],
  ]
    .filter(([bit]) => rows.flags[row] & bit)
    .map(([, name]) => word(name));
  const parts = [
    make(
      "div",
      { class: "panel-part" },
      make("h4", {}, word("probabilities")),
      make("table", { class: "meters" }, make("tbody", {}, ...lines)),
    ),
    make(
      "dl",
      { class: "panel-part small" },
      ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
      flags.length ? make("dd", { class: "flags" }, flags.join(" · ")) : null,
    ),
  ];
  const reasons = data.why[row];
  if (reasons) parts.push(why(row, reasons));
  return parts;
}

function why(row, reasons) {
  const letters = Array.from(rows.text[row]); // offsets count code points
  const blocks = Object.entries(reasons).map(([label, words]) => {
    const most = Math.max(...words.map(([, , weight]) => Math.abs(weight)));
    const parts = [];
    let done = 0;
    for (const [start, end, weight] of words) {
      const level = Math.max(1, Math.ceil((4 * Math.abs(weight)) / most));
      const tag = weight > 0 ? make("strong", { class: `for level-${level}` }) : make("span", { class: "counter" });
      tag.append(letters.slice(start, end).join(""));
      tag.title = `${weight > 0 ? "+" : "−"}${(Math.abs(weight) / 100).toFixed(1)}`;
      parts.push(letters.slice(done, start).join(""), tag);
      done = end;
    }
    parts.push(letters.slice(done).join(""));
    return make(
      "div",
      { class: "reason", "data-label": labels[label] },
      labelChip(labels[label], probability(row, Number(label))),
      sentenceText(row, ...parts),
    );
  });
  return make(
    "div",
    { class: "panel-part why" },
    make("h4", {}, word("why")),
    make("p", { class: "note" }, word("why_note")),
    ...blocks,
  );
}

function gap(hiddenRows) {
  const button = make(
    "button",
    {
      type: "button",
      class: "gap",
      onclick: () => {
        const item = button.parentElement;
        const now = hiddenRows.slice(0, GAP_STEP);
        item.before(...now.map((row) => sentenceItem(row, true)));
        const rest = hiddenRows.slice(GAP_STEP);
        if (rest.length) item.replaceWith(gap(rest));
        else item.remove();
      },
    },
    `${word("hidden")}: `,
    latin(count(hiddenRows.length)),
  );
  return make("li", { class: "gap-line" }, button);
}

function articleHead(article, heading) {
  const facts = [];
  if (article.date) facts.push(make("time", { datetime: article.date }, dayText(article.date)));
  else if (article.rawDate) facts.push(make("bdi", {}, article.rawDate));
  if (article.source) facts.push(make("bdi", {}, article.source));
  if (article.url) {
    facts.push(make("a", { href: article.url, target: "_blank", rel: "noopener noreferrer" }, word("open_source")));
  }
  return make(
    "header",
    {},
    make("h3", { id: heading, dir: "auto", class: article.title ? null : "untitled" }, article.title || article.id),
    make("p", { class: "byline" }, ...facts),
  );
}

function articleBlock(number, shown) {
  const article = data.articles[number];
  const all = rowsOfArticle[number];
  const here = new Set(shown);
  const items = [];
  let waiting = [];
  const from = all.indexOf(shown[0]);
  const to = all.indexOf(shown[shown.length - 1]);
  for (const row of all.slice(from, to + 1)) {
    if (!here.has(row)) {
      waiting.push(row);
      continue;
    }
    if (waiting.length) items.push(gap(waiting));
    waiting = [];
    items.push(sentenceItem(row, false));
  }
  const before = all.slice(0, from).filter((row) => !view.fits[row]); // those that fit are on another page
  const after = all.slice(to + 1).filter((row) => !view.fits[row]);
  if (before.length) items.unshift(gap(before));
  if (after.length) items.push(gap(after));
  const heading = `article-${number}`;
  return make(
    "article",
    { "aria-labelledby": heading },
    articleHead(article, heading),
    make("ol", { class: "sentences" }, ...items),
  );
}

function blocksOf(someRows) {
  const blocks = [];
  for (let at = 0; at < someRows.length;) {
    const article = rows.article[someRows[at]];
    let end = at;
    while (end < someRows.length && rows.article[someRows[end]] === article) end += 1;
    blocks.push(articleBlock(article, someRows.slice(at, end)));
    at = end;
  }
  return blocks;
}
