// Counts over time.

const DAY = 86400000;
const STEPS = [
  ["per_day", 62],
  ["per_week", 430],
  ["per_month", 3660],
  ["per_year", Infinity],
]; // and the most days it suits

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
  return new Intl.DateTimeFormat(choice.lang === "ar" ? "ar-IQ-u-nu-latn" : "en-GB", {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  }).format(new Date(day));
}

const MOST_PERIODS = 10000; // four digits of years

// What the chart shows of the rows that fit: null if they are of one day, or none.
function timelineOf(matching) {
  const dated = matching.filter((row) => articleOf(row).date);
  const days = dated.map((row) => articleOf(row).date);
  const first = days.reduce((a, b) => (a < b ? a : b), days[0]);
  const last = days.reduce((a, b) => (a > b ? a : b), days[0]);
  if (first === last) return null;
  const span = (Date.parse(last) - Date.parse(first)) / DAY;
  const [step] = STEPS.find(([, most]) => span <= most);
  const periods = [];
  for (let at = periodOf(first, step); at <= last && periods.length < MOST_PERIODS; at = nextPeriod(at, step)) {
    periods.push(at);
  }
  const place = new Map(periods.map((period, index) => [period, index]));
  const lines = telling().map(([name, label]) => ({ name, label, numbers: new Array(periods.length).fill(0) }));
  for (const row of dated) {
    const at = place.get(periodOf(articleOf(row).date, step));
    const given = counting(row, choice.min * 10);
    for (const { label, numbers } of lines) {
      const has = label < nStances ? given.stance === label : (given.events >> (label - nStances)) & 1;
      if (has) numbers[at] += 1;
    }
  }
  return { step, periods, lines, ends: [periodText(first, step), periodText(last, step)] };
}

// One thin chart per label, all on one axis: no colour has to be matched with a legend.
function showTimeline(matching) {
  const chart = timelineOf(matching);
  byId("timeline-card").hidden = !chart;
  if (!chart) return;
  const { step, periods, lines, ends } = chart;
  byId("timeline-step").textContent = word(step);
  byId("timeline").replaceChildren(
    ...lines.map(({ name, numbers }) => timelineRow(name, numbers, periods, step)),
    make("div", { class: "axis" }, ...ends.map((end) => make("span", {}, end))),
  );
  const filled = periods.map((_, at) => at).filter((at) => lines.some(({ numbers }) => numbers[at]));
  byId("timeline-table").replaceChildren(
    numbersTable(
      [word("period"), ...lines.map(({ name }) => word(name))],
      filled.map((at) => [periodText(periods[at], step), ...lines.map(({ numbers }) => numbers[at])]),
    ),
  );
}

// Columns in a box: [left, top, width, height] of each that is not empty. In Arabic, time runs to the left.
function columnsOf(numbers, width, height) {
  const most = Math.max(...numbers);
  const wide = width / numbers.length;
  return numbers.flatMap((number, at) => {
    const tall = Math.max(height / 20, (height * number) / most);
    const left = choice.lang === "ar" ? width - (at + 1) * wide : at * wide;
    return number ? [{ at, box: { x: left + wide * 0.08, y: height - tall, width: wide * 0.84, height: tall } }] : [];
  });
}

function timelineRow(name, numbers, periods, step) {
  const picture = drawing("svg", {
    class: "columns",
    viewBox: "0 0 1000 40",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  for (const { at, box } of columnsOf(numbers, 1000, 40)) {
    const title = drawing("title", {});
    title.textContent = `${periodText(periods[at], step)}: ${count(numbers[at])}`;
    picture.append(drawing("rect", box, title));
  }
  return make(
    "div",
    { class: "timeline-row", "data-label": name },
    make("span", { class: "timeline-name" }, icon(name), make("span", {}, word(name))),
    picture,
    make("span", { class: "timeline-peak" }, `${word("peak")} `, latin(count(Math.max(...numbers)))),
  );
}

function numbersTable(head, lines) {
  return make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
    make(
      "tbody",
      {},
      ...lines.map(([name, ...numbers]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, name),
          ...numbers.map((number) => make("td", {}, latin(count(number)))),
        ),
      ),
    ),
  );
}
