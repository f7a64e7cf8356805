// Counts as bars, over time, and by source. Every picture has its numbers in text beside it.

const chosen = (name, group) => choice[group].includes(name);

function toggle(name, group) {
  choice[group] = chosen(name, group) ? choice[group].filter((item) => item !== name) : [...choice[group], name];
  refresh({ page: 1 });
}

function showChips(box, names, group) {
  redraw(box, ...names.map((name) => make("button",
    { type: "button", class: "chip", "data-label": name, "data-key": name, "aria-pressed": String(chosen(name, group)), onclick: () => toggle(name, group) },
    icon(name), make("span", {}, word(name)))));
}

function showBars(box, group, entries, total) {
  const most = Math.max(1, ...entries.map(([, number]) => number));
  redraw(box, ...entries.map(([name, number]) => {
    const fill = make("span", { class: "fill", "data-label": name });
    fill.style.inlineSize = `${(100 * number) / most}%`;
    return make("button",
      { type: "button", class: "bar", "data-label": name, "data-key": name, "aria-pressed": String(chosen(name, group)), onclick: () => toggle(name, group) },
      icon(name), make("span", { class: "bar-name" }, word(name)), make("span", { class: "track", "aria-hidden": "true" }, fill),
      make("span", { class: "bar-number" }, latin(count(number)), make("span", { class: "bar-share" }, latin(share(number, total)))));
  }));
}

const DAY = 86400000;
const STEPS = [["per_day", 62], ["per_week", 430], ["per_month", 3660], ["per_year", Infinity]]; // and the most days it suits

function periodOf(day, step) {
  if (step === "per_day") return day;
  if (step === "per_month") return `${day.slice(0, 7)}-01`;
  if (step === "per_year") return `${day.slice(0, 4)}-01-01`;
  const time = Date.parse(day);
  return new Date(time - ((new Date(time).getUTCDay() + 1) % 7) * DAY).toISOString().slice(0, 10); // weeks begin on Saturday
}

function nextPeriod(day, step) {
  const [year, month] = day.split("-").map(Number);
  if (step === "per_year") return `${String(year + 1).padStart(4, "0")}-01-01`;
  if (step === "per_month") return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
  return new Date(Date.parse(day) + (step === "per_day" ? 1 : 7) * DAY).toISOString().slice(0, 10);
}

function periodText(day, step) {
  if (step === "per_year") return day.slice(0, 4);
  if (step !== "per_month") return dayText(day);
  return new Intl.DateTimeFormat(choice.lang === "ar" ? "ar-IQ-u-nu-latn" : "en-GB", { month: "long", year: "numeric", timeZone: "UTC" })
    .format(new Date(day));
}

// One thin chart per label, all on one axis: no colour has to be matched with a legend.
function showTimeline(matching) {
  const card = document.getElementById("timeline-card");
  const dated = matching.filter((row) => articleOf(row).date);
  const days = dated.map((row) => articleOf(row).date);
  const first = days.reduce((a, b) => (a < b ? a : b), days[0]);
  const last = days.reduce((a, b) => (a > b ? a : b), days[0]);
  card.hidden = !dated.length || first === last;
  if (card.hidden) return;
  const span = (Date.parse(last) - Date.parse(first)) / DAY;
  const [step] = STEPS.find(([, most]) => span <= most);
  const periods = [];
  for (let at = periodOf(first, step); at <= last && periods.length < 2000; at = nextPeriod(at, step)) periods.push(at);
  const place = new Map(periods.map((period, index) => [period, index]));
  const shown = labels.map((name, label) => [name, label]).filter(([, label]) => label !== neutral);
  const numbers = shown.map(() => new Array(periods.length).fill(0));
  const least = choice.min * 10;
  for (const row of dated) {
    const at = place.get(periodOf(articleOf(row).date, step));
    const label = counting(row, least);
    shown.forEach(([, number], line) => {
      const has = number < nStances ? label.stance === number : (label.events >> (number - nStances)) & 1;
      if (has) numbers[line][at] += 1;
    });
  }
  document.getElementById("timeline-step").textContent = word(step);
  document.getElementById("timeline").replaceChildren(
    ...shown.map(([name], line) => timelineRow(name, numbers[line], periods, step)),
    make("div", { class: "axis" }, make("span", {}, periodText(first, step)), make("span", {}, periodText(last, step))));
  document.getElementById("timeline-table").replaceChildren(numbersTable(
    [word("period"), ...shown.map(([name]) => word(name))],
    periods.map((period, at) => [periodText(period, step), ...numbers.map((line) => line[at])])
      .filter((line) => line.slice(1).some(Boolean))));
}

function timelineRow(name, numbers, periods, step) {
  const most = Math.max(...numbers);
  const width = 1000 / periods.length;
  const rightToLeft = choice.lang === "ar";
  const picture = drawing("svg", { class: "columns", viewBox: "0 0 1000 40", preserveAspectRatio: "none", "aria-hidden": "true" });
  numbers.forEach((number, at) => {
    if (!number) return;
    const height = Math.max(2, (38 * number) / most);
    const left = rightToLeft ? 1000 - (at + 1) * width : at * width;
    const column = drawing("rect", { x: left + width * 0.08, y: 40 - height, width: width * 0.84, height });
    const title = drawing("title", {});
    title.textContent = `${periodText(periods[at], step)}: ${count(number)}`;
    column.append(title);
    picture.append(column);
  });
  return make("div", { class: "timeline-row", "data-label": name },
    make("span", { class: "timeline-name" }, icon(name), make("span", {}, word(name))), picture,
    make("span", { class: "timeline-most" }, `${word("most")} `, latin(count(most))));
}

function numbersTable(head, lines) {
  return make("table", {}, make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, ...lines.map(([name, ...numbers]) => make("tr", {}, make("th", { scope: "row" }, name),
      ...numbers.map((number) => make("td", {}, latin(count(number))))))));
}

const MOST_SOURCES = 15;
const MOST_HEAT = 35; // percent of the label's colour behind a number, so that the number stays easy to read

function showSources(sources) {
  const card = document.getElementById("source-card");
  card.hidden = !data.articles.some((article) => article.source);
  if (card.hidden) return;
  const entries = [...sources].sort(([, a], [, b]) => b.sentences - a.sentences);
  const shown = labels.map((name, label) => [name, label]).filter(([, label]) => label !== neutral);
  const number = (entry, label) => (label < nStances ? entry.stance[label] : entry.event[label - nStances]);
  const most = Math.max(1, ...entries.flatMap(([, entry]) => shown.map(([, label]) => number(entry, label))));
  const head = make("tr", {}, make("th", { scope: "col" }, word("source")), make("th", { scope: "col" }, word("sentences")),
    ...shown.map(([name]) => make("th", { scope: "col" }, icon(name), make("span", {}, word(name)))));
  const line = ([source, entry]) => make("tr", {},
    make("th", { scope: "row" }, make("button",
      { type: "button", class: "link", "data-key": source, "aria-pressed": String(choice.source === source),
        onclick: () => refresh({ source: choice.source === source ? null : source, page: 1 }) },
      make("bdi", {}, source || word("no_source")))),
    make("td", {}, latin(count(entry.sentences))),
    ...shown.map(([name, label]) => {
      const cell = make("td", { class: "heat", "data-label": name }, latin(count(number(entry, label))));
      cell.style.setProperty("--heat", `${Math.round((MOST_HEAT * number(entry, label)) / most)}%`);
      return cell;
    }));
  const rest = entries.slice(MOST_SOURCES);
  redraw(document.getElementById("source-table"),
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...entries.slice(0, MOST_SOURCES).map(line))),
    rest.length ? make("p", { class: "note" }, `${word("other_sources")}: `, latin(count(rest.length))) : "");
}
