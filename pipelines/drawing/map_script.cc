#include "pipelines/drawing/page_parts.h"

namespace pretext {

const char kMapScript[] = R"js(
(() => {
  "use strict";
  for (const figure of document.querySelectorAll("figure.map")) {
    const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const sheet = figure.dataset.sheet ? document.getElementById(figure.dataset.sheet) : null;
    const svg = figure.querySelector("svg.field");
    const marks = [...svg.querySelectorAll(".p")];
    const ring = svg.querySelector(".ring");
    const cell = figure.querySelector(".cell");
    const words = figure.querySelector(".words");
    let at = -1, only = -1;
    const shown = (i) => only < 0 || data.label[i] === only;
    const show = (i) => {
      if (i < 0) return;
      at = i;
      ring.setAttribute("cx", data.x[i]);
      ring.setAttribute("cy", data.y[i]);
      ring.removeAttribute("visibility");
      if (sheet && cell) {
        const w = data.cell[0], h = data.cell[1], columns = data.cell[2];
        const scale = Math.max(1, Math.round(64 / Math.max(w, h)));
        cell.style.width = w * scale + "px";
        cell.style.height = h * scale + "px";
        cell.style.backgroundImage = "url(" + sheet.src + ")";
        cell.style.backgroundSize = sheet.naturalWidth * scale + "px " + sheet.naturalHeight * scale + "px";
        cell.style.backgroundPosition =
          -(i % columns) * w * scale + "px " + -Math.floor(i / columns) * h * scale + "px";
      }
      const name = data.label[i] >= 0 ? data.names[data.label[i]] : "";
      words.textContent = "sample " + data.index[i] + (name ? ", " + name : "") +
        (data.text.length ? ": " + data.text[i] : "");
    };
    const nearest = (x, y, far, accepts) => {
      let best = -1, least = far * far;
      for (let i = 0; i < data.x.length; ++i) {
        if (!shown(i) || (accepts && !accepts(i))) continue;
        const dx = data.x[i] - x, dy = data.y[i] - y, d = dx * dx + dy * dy;
        if (d < least) { least = d; best = i; }
      }
      return best;
    };
    const pointed = (event) => {
      const box = svg.getBoundingClientRect();
      const view = svg.viewBox.baseVal;
      show(nearest((event.clientX - box.left) / box.width * view.width,
                   (event.clientY - box.top) / box.height * view.height, view.width / 12));
    };
    svg.addEventListener("pointermove", pointed);
    svg.addEventListener("pointerdown", pointed);
    const ways = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    svg.addEventListener("keydown", (event) => {
      const way = ways[event.key];
      if (event.key === "Home" || (way && at < 0)) {
        show(data.x.findIndex((_, i) => shown(i)));
      } else if (way) {
        const x = data.x[at], y = data.y[at];
        show(nearest(x, y, Infinity, (i) => {
          const dx = data.x[i] - x, dy = data.y[i] - y;
          const along = dx * way[0] + dy * way[1];
          return along > 0 && along >= Math.abs(dx * way[1] - dy * way[0]);
        }));
      } else {
        return;
      }
      event.preventDefault();
    });
    for (const button of figure.querySelectorAll(".legend button")) {
      button.addEventListener("click", () => {
        const label = Number(button.dataset.label);
        only = only === label ? -1 : label;
        for (const other of figure.querySelectorAll(".legend button"))
          other.setAttribute("aria-pressed", String(Number(other.dataset.label) === only));
        marks.forEach((mark, i) => mark.classList.toggle("off", !shown(i)));
      });
    }
  }
})();
)js";

}  // namespace pretext
