// The chart over time as a picture of its own, to be kept.

const PICTURE = { width: 1200, row: 64, columns: 48, name: 280, number: 150, head: 90, foot: 90, margin: 30 };

const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g; // no file may hold these

// The chart as a picture of its own: colours and letters are written into it, nothing of the page is needed.
function timelinePicture({ step, lines, ends }) {
  const rightToLeft = choice.lang === "ar";
  const height = PICTURE.head + lines.length * PICTURE.row + PICTURE.foot;
  const wide = PICTURE.width - PICTURE.name - PICTURE.number - 2 * PICTURE.margin;
  const left = PICTURE.margin + (rightToLeft ? PICTURE.number : PICTURE.name);
  const start = rightToLeft ? PICTURE.width - PICTURE.margin : PICTURE.margin;
  const end = PICTURE.width - start;
  const colour = (name) => {
    const probe = make("i", { hidden: true });
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const resolved = getComputedStyle(probe).color;
    probe.remove();
    return resolved;
  };
  const text = (words, x, y, size, fill, anchor) => {
    const element = drawing("text", { x, y, fill: colour(fill), "font-size": size, "text-anchor": anchor });
    element.textContent = words.replace(NOT_XML, "");
    return element;
  };
  const axis = rightToLeft ? [left + wide, left] : [left, left + wide];
  const bottom = PICTURE.head + lines.length * PICTURE.row;
  const heading = byId("heading").textContent;
  return drawing(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${PICTURE.width} ${height}`,
      width: PICTURE.width,
      height,
      direction: rightToLeft ? "rtl" : "ltr",
      "font-family": "'Noto Sans Arabic', 'Segoe UI', 'SF Arabic', Tahoma, sans-serif",
    },
    drawing("rect", { width: PICTURE.width, height, fill: colour("card") }),
    text(heading, start, 45, 28, "ink", "start"),
    text(`${word("timeline_note")} · ${word(step)}`, start, 76, 18, "quiet", "start"),
    ...lines.map(({ name, numbers }, place) => {
      const top = PICTURE.head + place * PICTURE.row + PICTURE.row - PICTURE.columns;
      const low = top + PICTURE.columns;
      const columns = columnsOf(numbers, wide, PICTURE.columns).map(({ box }) =>
        drawing("rect", { ...box, x: box.x + left, y: box.y + top, fill: colour(name) }),
      );
      return drawing(
        "g",
        {},
        text(word(name), start, low - 8, 22, name, "start"),
        ...columns,
        drawing("rect", { x: left, y: low, width: wide, height: 1, fill: colour("line") }),
        text(`${word("peak")} ${count(Math.max(...numbers))}`, end, low - 8, 18, "quiet", "end"),
      );
    }),
    text(ends[0], axis[0], bottom + 30, 18, "quiet", "start"),
    text(ends[1], axis[1], bottom + 30, 18, "quiet", "end"),
    text(`iraqcoal-nlp · ${data.models.join(", ")}`, end, height - 16, 14, "quiet", "end"),
  );
}

const PIXELS = 2; // of a saved PNG for each unit of the picture

async function savePicture(kind) {
  const picture = timelinePicture(timelineOf(view.rows));
  const drawn = new Blob([new XMLSerializer().serializeToString(picture)], { type: "image/svg+xml" });
  const image = kind === "svg" ? drawn : await painted(drawn, picture);
  const link = make("a", { href: URL.createObjectURL(image), download: `timeline.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function painted(drawn, picture) {
  const image = new Image();
  image.src = URL.createObjectURL(drawn);
  await image.decode();
  const canvas = make("canvas", {
    width: PIXELS * picture.getAttribute("width"),
    height: PIXELS * picture.getAttribute("height"),
  });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
