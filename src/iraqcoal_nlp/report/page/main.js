// Everything together: what the reader does changes the choice, and the choice is shown.

const pageCount = () => Math.max(1, Math.ceil(view.rows.length / PER_PAGE));
const MOST_PRINTED = 3000;
let view = { rows: [] };

function refresh(changes) {
  Object.assign(choice, changes);
  view = filterRows();
  choice.page = Math.min(choice.page, pageCount());
  writeChoice();
  showControls();
  showBars(
    byId("stance-bars"),
    "stance",
    data.stances.map((name, at) => [name, view.stance[at]]),
    view.stanceTotal,
  );
  showBars(
    byId("event-bars"),
    "event",
    [...data.events.map((name, at) => [name, view.event[at]]), [NO_EVENT, view.noEvent]],
    view.eventTotal,
  );
  showTimeline(view.rows);
  showSources(view.sources);
  showPage();
}

function showControls() {
  showChips(byId("stance-chips"), data.stances, "stance");
  showChips(byId("event-chips"), [...data.events, NO_EVENT], "event");
  for (const [id, name] of [
    ["search", "q"],
    ["minimum", "min"],
    ["from", "from"],
    ["to", "to"],
  ]) {
    if (byId(id) !== document.activeElement || !choice[name]) byId(id).value = choice[name];
  }
  byId("minimum-value").textContent = `${choice.min}%`;
  byId("uncertain").checked = choice.uncertain;
  byId("source").value = choice.source === null ? "" : `=${choice.source}`;
}

function showSourceNames() {
  const names = [...new Set(data.articles.map((article) => article.source || NO_SOURCE))].sort((a, b) =>
    a.localeCompare(b, "ar"),
  );
  byId("source-field").hidden = names.length < 2;
  byId("source").replaceChildren(
    make("option", { value: "" }, word("all_sources")),
    ...names.map((name) => make("option", { value: `=${name}` }, name || word("no_source"))),
  );
  byId("date-field").hidden = !data.articles.some((article) => article.date);
}

function showPage() {
  const first = (choice.page - 1) * PER_PAGE;
  const shown = view.rows.slice(first, first + PER_PAGE);
  byId("match-count").replaceChildren(
    `${word("matches")}: `,
    latin(count(view.rows.length)),
    view.rows.length < nRows ? make("span", { class: "note" }, ` ${word("of")} `, latin(count(nRows))) : "",
  );
  byId("articles").replaceChildren(
    ...(shown.length ? blocksOf(shown) : [make("p", { class: "empty" }, word("nothing"))]),
  );
  for (const nav of document.querySelectorAll(".pager")) {
    nav.hidden = pageCount() < 2;
    nav.replaceChildren(
      pageButton("previous", choice.page - 1),
      make("span", {}, `${word("page")} `, latin(count(choice.page)), ` ${word("of")} `, latin(count(pageCount()))),
      pageButton("next", choice.page + 1),
    );
  }
}

function pageButton(name, page) {
  return make(
    "button",
    {
      type: "button",
      "data-page": name,
      disabled: page < 1 || page > pageCount(),
      onclick: () => {
        choice.page = page;
        writeChoice();
        showPage();
        byId("results").focus({ preventScroll: true });
        byId("results").scrollIntoView();
      },
    },
    word(name),
  );
}

function showFacts() {
  const days = data.articles
    .map((article) => article.date)
    .filter(Boolean)
    .sort();
  const facts = [
    ["articles", latin(count(data.articles.length))],
    ["sentences", latin(count(nRows))],
  ];
  if (days.length)
    facts.push(["dates", days[0] === days.at(-1) ? dayText(days[0]) : `${dayText(days[0])} – ${dayText(days.at(-1))}`]);
  if (data.models.length) facts.push(["model", latin(data.models.join(", "))]);
  for (const name of ["explained", "unread", "bad_dates"]) if (data[name]) facts.push([name, latin(count(data[name]))]);
  byId("facts").replaceChildren(
    ...facts.map(([name, value]) =>
      make("div", { "data-fact": name }, make("dt", {}, word(name)), make("dd", {}, value)),
    ),
  );
}

function later(action, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), wait);
  };
}

function showAll() {
  speak();
  light();
  showFacts();
  showSourceNames();
  refresh({});
}

function start() {
  readChoice();
  showAll();
}

byId("language").addEventListener("click", () => {
  choice.lang = choice.lang === "ar" ? "en" : "ar";
  showAll();
});
byId("theme").addEventListener("change", (event) => {
  choice.theme = event.target.value;
  writeChoice();
  light();
});
for (const kind of ["svg", "png"]) byId(`save-${kind}`).addEventListener("click", () => savePicture(kind));
byId("print").addEventListener("click", () => window.print());
byId("filter-form").addEventListener("submit", (event) => event.preventDefault());
byId("filter-form").addEventListener("reset", (event) => {
  event.preventDefault();
  refresh({ q: "", stance: [], event: [], min: 0, source: null, from: "", to: "", uncertain: false, page: 1 });
});
byId("search").addEventListener(
  "input",
  later((event) => refresh({ q: event.target.value, page: 1 }), 150),
);
byId("minimum").addEventListener("input", (event) => {
  byId("minimum-value").textContent = `${event.target.value}%`;
});
byId("minimum").addEventListener("change", (event) => refresh({ min: Number(event.target.value), page: 1 }));
byId("source").addEventListener("change", (event) =>
  refresh({ source: event.target.value ? event.target.value.slice(1) : null, page: 1 }),
);
for (const id of ["from", "to"])
  byId(id).addEventListener("change", (event) => refresh({ [id]: event.target.value, page: 1 }));
byId("uncertain").addEventListener("change", (event) => refresh({ uncertain: event.target.checked, page: 1 }));
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    byId("filter-box").open = true;
    byId("search").focus();
  }
});
window.addEventListener("hashchange", start);
window.addEventListener("beforeprint", () => {
  const whole = view.rows.length <= MOST_PRINTED;
  if (whole) byId("articles").replaceChildren(...blocksOf(view.rows));
  document.querySelector(".print-note").hidden = whole;
});
window.addEventListener("afterprint", () => {
  document.querySelector(".print-note").hidden = true;
  showPage();
});
if (matchMedia("(max-width: 60rem)").matches) byId("filter-box").open = false;
start();
