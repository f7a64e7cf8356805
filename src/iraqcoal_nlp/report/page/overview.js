// Counts as bars and by source. Every picture has its numbers in text beside it.

const chosen = (name, group) => choice[group].includes(name);

function toggle(name, group) {
  choice[group] = chosen(name, group) ? choice[group].filter((item) => item !== name) : [...choice[group], name];
  refresh({ page: 1 });
}

function showChips(box, names, group) {
  redraw(
    box,
    ...names.map((name) =>
      make(
        "button",
        {
          type: "button",
          class: "chip",
          "data-label": name,
          "data-key": name,
          "aria-pressed": String(chosen(name, group)),
          onclick: () => toggle(name, group),
        },
        icon(name),
        make("span", {}, word(name)),
      ),
    ),
  );
}

function showBars(box, group, entries, total) {
  const most = Math.max(1, ...entries.map(([, number]) => number));
  redraw(
    box,
    ...entries.map(([name, number]) => {
      const fill = make("span", { class: "fill", "data-label": name });
      fill.style.inlineSize = `${(100 * number) / most}%`;
      return make(
        "button",
        {
          type: "button",
          class: "bar",
          "data-label": name,
          "data-key": name,
          "aria-pressed": String(chosen(name, group)),
          onclick: () => toggle(name, group),
        },
        icon(name),
        make("span", { class: "bar-name" }, word(name)),
        make("span", { class: "track", "aria-hidden": "true" }, fill),
        make(
          "span",
          { class: "bar-number" },
          latin(count(number)),
          make("span", { class: "bar-share" }, latin(share(number, total))),
        ),
      );
    }),
  );
}

const MOST_SOURCES = 15;
const MOST_HEAT = 35; // percent of the label's colour behind a number, so that the number stays easy to read

function showSources(sources) {
  const card = byId("source-card");
  card.hidden = !data.articles.some((article) => article.source);
  if (card.hidden) return;
  const sorted = [...sources].sort(([, a], [, b]) => b.sentences - a.sentences);
  const entries = sorted.slice(0, MOST_SOURCES);
  const shown = telling();
  const number = (entry, label) => (label < nStances ? entry.stance[label] : entry.event[label - nStances]);
  const most = Math.max(1, ...entries.flatMap(([, entry]) => shown.map(([, label]) => number(entry, label))));
  const head = make(
    "tr",
    {},
    make("th", { scope: "col" }, word("source")),
    make("th", { scope: "col" }, word("sentences")),
    ...shown.map(([name]) => make("th", { scope: "col" }, icon(name), make("span", {}, word(name)))),
  );
  const line = ([source, entry]) =>
    make(
      "tr",
      {},
      make(
        "th",
        { scope: "row" },
        make(
          "button",
          {
            type: "button",
            class: "link",
            "data-key": source,
            "aria-pressed": String(choice.source === source),
            onclick: () => refresh({ source: choice.source === source ? null : source, page: 1 }),
          },
          make("bdi", {}, source || word("no_source")),
        ),
      ),
      make("td", {}, latin(count(entry.sentences))),
      ...shown.map(([name, label]) => {
        const cell = make("td", { class: "heat", "data-label": name }, latin(count(number(entry, label))));
        cell.style.setProperty("--heat", `${Math.round((MOST_HEAT * number(entry, label)) / most)}%`);
        return cell;
      }),
    );
  const others = sorted.length - entries.length;
  redraw(
    byId("source-table"),
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...entries.map(line))),
    others ? make("p", { class: "note" }, `${word("other_sources")}: `, latin(count(others))) : "",
  );
}
