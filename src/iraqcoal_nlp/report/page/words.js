// The two languages of the interface, numbers and days, and small makers of elements.

const byId = (id) => document.getElementById(id);
const word = (name) => data.words[name][choice.lang];
const count = (number) => number.toLocaleString("en");
const share = (part, whole) => (whole ? `${Math.round((100 * part) / whole)}%` : "0%");
const decimal = (thousandths) => (thousandths / 1000).toFixed(2);

function dayText(day) {
  const form = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(choice.lang === "ar" ? "ar-IQ-u-nu-latn" : "en-GB", form).format(
    new Date(`${day}T00:00Z`),
  );
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function drawing(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const icon = (name) =>
  drawing(
    "svg",
    { class: `icon i-${name}`, "aria-hidden": "true", focusable: "false" },
    drawing("use", { href: `#i-${name}` }),
  );

// Digits, probabilities and names in Latin letters keep their own direction inside a line of Arabic.
const latin = (text) => make("bdi", { dir: "ltr" }, String(text));

function speak() {
  const root = document.documentElement;
  root.lang = choice.lang;
  root.dir = choice.lang === "ar" ? "rtl" : "ltr";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-word-label]")) {
    element.setAttribute("aria-label", word(element.dataset.wordLabel));
  }
  for (const element of document.querySelectorAll("[data-word-placeholder]"))
    element.placeholder = word(element.dataset.wordPlaceholder);
  byId("language").lang = choice.lang === "ar" ? "en" : "ar";
  if (!data.title) document.title = word("title");
}

function light() {
  document.documentElement.dataset.theme = choice.theme;
  byId("theme").value = choice.theme;
}

// Put new children into a box; a button in it that had the focus has it again.
function redraw(box, ...children) {
  const key = box.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  box.replaceChildren(...children);
  if (key !== undefined)
    [...box.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key)?.focus();
}
