// What is wrong with the page as it is laid out now, in sentences; nothing: an empty array.
(() => {
  const wrong = [];
  const shown = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 0;
  const short = (element) => `${element.tagName} "${element.textContent.trim().slice(0, 40)}"`;
  const pictures = Array.from(document.querySelectorAll("svg[role=img]"));
  for (const picture of pictures) {
    const ids = (picture.getAttribute("aria-labelledby") || "").split(" ");
    const named = ids.map((id) => document.getElementById(id));
    if (named.length !== 2 || !named.every((part) => part && picture.contains(part) && part.textContent.trim())) {
      wrong.push(`a picture has no title and description: ${ids}`);
    }
    if (!shown(picture)) continue;
    const box = picture.getBoundingClientRect();
    const texts = Array.from(picture.querySelectorAll("text"), (text) => [text, text.getBoundingClientRect()]);
    texts.forEach(([text, room], number) => {
      if (room.left < box.left - 1 || room.right > box.right + 1 || room.top < box.top - 1 || room.bottom > box.bottom + 1) {
        wrong.push(`${ids[0]}: ${short(text)} leaves the picture`);
      }
      for (const [other, beside] of texts.slice(0, number)) {
        const across = Math.min(room.right, beside.right) - Math.max(room.left, beside.left);
        const down = Math.min(room.bottom, beside.bottom) - Math.max(room.top, beside.top);
        // A line of letters has room above and below that they do not use.
        if (across > 0.5 && down > 0.3 * room.height) wrong.push(`${ids[0]}: ${short(text)} meets ${short(other)}`);
      }
    });
  }
  for (const decoration of document.querySelectorAll("svg:not([role=img])")) {
    if (decoration.getAttribute("aria-hidden") !== "true") wrong.push("a picture is neither named nor hidden");
  }
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth - root.clientWidth} pixels too wide`);
  for (const element of document.body.querySelectorAll("*:not(svg):not(svg *):not(.scrolls)")) {
    const style = getComputedStyle(element);
    if (style.display.startsWith("inline") || style.overflowX !== "visible" || !shown(element)) continue;
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
      wrong.push(`${short(element)} leaves its box by ${element.scrollWidth - element.clientWidth}`);
    }
  }
  const ids = Array.from(document.querySelectorAll("[id]"), (element) => element.id);
  if (new Set(ids).size !== ids.length) wrong.push("two elements have one id");
  return wrong.slice(0, 20);
})()
