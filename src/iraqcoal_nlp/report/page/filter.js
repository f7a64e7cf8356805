// Which sentences fit, and how many of each kind there are.

// Search is blind to what writers of Arabic vary: hamza, alef maksura, teh marbuta, vowel signs, tatweel, digits.
const LETTERS = { أ: "ا", إ: "ا", آ: "ا", ٱ: "ا", ى: "ي", ئ: "ي", ؤ: "و", ة: "ه", ک: "ك", گ: "ك", ی: "ي" };
const VARYING = new RegExp(
  `[A-Z\u0660-\u0669\u06f0-\u06f9\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200f` +
    `\u202a-\u202e\u2066-\u2069${Object.keys(LETTERS).join("")}]`,
  "g",
);

function foldLetter(letter) {
  if (LETTERS[letter]) return LETTERS[letter];
  const code = letter.charCodeAt(0);
  if (code < 0x80) return letter.toLowerCase();
  if (code >= 0x660 && code <= 0x669) return String(code - 0x660);
  if (code >= 0x6f0 && code <= 0x6f9) return String(code - 0x6f0);
  return "";
}

const fold = (text) => text.replace(VARYING, foldLetter);
const queryWords = () => fold(choice.q).split(/\s+/).filter(Boolean);

let folded = null; // made at the first search: it doubles the text in memory
function searchable() {
  if (!folded) {
    const heads = data.articles.map((article) => fold(`${article.id} ${article.title || ""}\n`));
    folded = rows.text.map((text, row) => `${heads[rows.article[row]]}${fold(text)}`);
  }
  return folded;
}

let found = { query: "", fits: null }; // the last search, kept while only other choices change
function fitsText() {
  const words = queryWords();
  if (!words.length) return null;
  const query = words.join(" ");
  if (found.query !== query) {
    found = {
      query,
      fits: Uint8Array.from(searchable(), (text) => Number(words.every((item) => text.includes(item)))),
    };
  }
  return found.fits;
}

// A label counts if the sentence was given it, with at least the probability that the reader asks for.
function counting(row, least) {
  const stance = probability(row, rows.stance[row]) >= least ? rows.stance[row] : -1;
  let events = 0;
  for (let event = 0; event < data.events.length; event += 1) {
    if (reports(row, event) && probability(row, nStances + event) >= least) events |= 1 << event;
  }
  return { stance, events };
}

const emptyCounts = () => ({ stance: new Array(nStances).fill(0), event: new Array(data.events.length).fill(0) });

function countStance(numbers, label) {
  if (label.stance >= 0) numbers.stance[label.stance] += 1;
}

function countEvents(numbers, label) {
  for (let event = 0; event < data.events.length; event += 1)
    if ((label.events >> event) & 1) numbers.event[event] += 1;
}

// Each group of numbers counts what fits all choices but those of its own group: what another choice would give.
function filterRows() {
  const least = choice.min * 10;
  const text = fitsText();
  const stances = new Set(choice.stance.map((name) => data.stances.indexOf(name)));
  const withoutEvent = choice.event.includes(NO_EVENT);
  const events = choice.event.reduce(
    (bits, name) => (name === NO_EVENT ? bits : bits | (1 << data.events.indexOf(name))),
    0,
  );
  const result = {
    rows: [],
    fits: new Uint8Array(nRows),
    ...emptyCounts(),
    noEvent: 0,
    stanceTotal: 0,
    eventTotal: 0,
    sources: new Map(),
  };
  for (let row = 0; row < nRows; row += 1) {
    if (text && !text[row]) continue;
    if (choice.uncertain && !(rows.flags[row] & ABSTAINED)) continue;
    const article = articleOf(row);
    if (choice.from && !(article.date >= choice.from)) continue;
    if (choice.to && !(article.date && article.date <= choice.to)) continue;
    const label = counting(row, least);
    const labelled = least === 0 || label.events || (label.stance >= 0 && label.stance !== neutral);
    const ofStance = stances.size ? stances.has(label.stance) : true;
    const rightStance = ofStance && (stances.size > 0 || choice.event.length > 0 || labelled);
    const rightEvent = choice.event.length ? label.events & events || (withoutEvent && !rows.events[row]) : true;
    const source = article.source || NO_SOURCE;
    const rightSource = choice.source === null || choice.source === source;
    if (rightEvent && rightSource) {
      result.stanceTotal += 1;
      countStance(result, label);
    }
    if (ofStance && rightSource) {
      result.eventTotal += 1;
      countEvents(result, label);
      if (!rows.events[row]) result.noEvent += 1;
    }
    if (!rightStance || !rightEvent) continue;
    let entry = result.sources.get(source);
    if (!entry) result.sources.set(source, (entry = { sentences: 0, ...emptyCounts() }));
    entry.sentences += 1;
    countStance(entry, label);
    countEvents(entry, label);
    if (!rightSource) continue;
    result.rows.push(row);
    result.fits[row] = 1;
  }
  return result;
}
