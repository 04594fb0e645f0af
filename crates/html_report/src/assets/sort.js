"use strict";
// Columns sort by their heading; without script they are tables all the same.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.tHead.querySelectorAll("th").forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[column];
        const value = cell.dataset.value;
        return value === undefined ? cell.textContent.trim() : Number(value);
      };
      const order = (one, other) => {
        // What is unknown comes last either way.
        const unknown = (found) => found === "\u2013" || found === "";
        if (unknown(one) || unknown(other)) return unknown(one) - unknown(other);
        const less = typeof one === "number" && typeof other === "number"
          ? one - other
          : String(one).localeCompare(String(other), "en", { numeric: true });
        return up ? less : -less;
      };
      const rows = Array.from(body.rows, (row) => [key(row), row]);
      rows.sort((one, other) => order(one[0], other[0]));
      body.append(...rows.map((pair) => pair[1]));
    });
  });
}
