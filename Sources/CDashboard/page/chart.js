// Line charts over time, drawn as SVG: axes, a legend that reads out the values, a cursor for pointer and keys.

const CHART_HEIGHT = 190;
const MARGIN = { left: 64, right: 10, top: 8, bottom: 24 };

/** 1, 2 or 5 times a power of ten, at least `value`. */
function niceStep(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= value * 0.9999);
}

class LineChart {
  /** `series`: `[{ key, label, tone }]`, the first one with its area filled; `format` writes a value with its unit. */
  constructor(title, series, format, { whole = false, mark = format } = {}) {
    Object.assign(this, { series, format, whole, mark: value => plain(mark(value)), span: 300, cursor: null, width: 0, points: [] });
    this.when = el("span", { class: "when", text: "now" });
    this.legend = el("ul", { class: "legend" });
    for (const one of series) {
      one.value = el("span", { class: "value", text: NOTHING });
      this.legend.append(el("li", {}, el("span", { class: `swatch ${one.tone}`, "aria-hidden": "true" }), one.label, one.value));
      one.area = svg("path", { class: `area ${one.tone}` });
      one.line = svg("path", { class: `line ${one.tone}` });
      one.dot = svg("circle", { class: `dot ${one.tone}`, r: 4 });
    }
    this.grid = svg("g", { class: "grid" });
    this.rule = svg("line", { class: "cursor" });
    this.drawing = svg("svg", { height: CHART_HEIGHT, "aria-hidden": "true" },
      this.grid, series[0].area, series.map(one => one.line).reverse(), this.rule, series.map(one => one.dot));
    this.empty = el("p", { class: "chart-empty", text: "The curve begins with the second reading, in two seconds." });
    this.plot = el("div", {
      class: "plot", tabindex: 0, role: "slider", "aria-label": `${title} over time`, "aria-orientation": "horizontal",
      "aria-valuemin": -this.span, "aria-valuemax": 0, "aria-valuenow": 0,
    }, this.drawing, this.empty);
    this.element = card(title, { class: "chart" }, this.plot);
    this.element.head.append(this.when, this.legend);
    this.listen();
  }

  listen() {
    new ResizeObserver(([entry]) => {
      this.width = Math.round(entry.contentRect.width);
      this.draw();
    }).observe(this.plot);
    const follow = event => {
      const x = event.clientX - this.plot.getBoundingClientRect().left;
      this.point(this.end - this.span * 1000 * (1 - (x - MARGIN.left) / this.inner));
    };
    this.plot.addEventListener("pointermove", follow);
    this.plot.addEventListener("pointerdown", follow);
    this.plot.addEventListener("pointerleave", () => this.point(null));
    this.plot.addEventListener("blur", () => this.point(null));
    this.plot.addEventListener("keydown", event => this.key(event));
  }

  key(event) {
    const points = this.shown();
    const latest = points.length - 1;
    const current = this.cursor === null ? latest : this.nearest(points, this.cursor);
    const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -15, PageUp: 15 };
    let next = { Home: 0, End: latest }[event.key] ?? (event.key in moves ? current + moves[event.key] : null);
    if (event.key === "Escape" && this.cursor !== null) {
      event.preventDefault();
      this.point(null);
    }
    if (next === null || latest < 0) return;
    event.preventDefault();
    next = Math.max(0, Math.min(latest, next));
    this.point(points[next].at);
  }

  /** Points in the window that have values. */
  shown() {
    const begin = this.end - this.span * 1000;
    return this.points.filter(one => one.at >= begin && this.series.some(({ key }) => isNumber(one[key])));
  }

  nearest(points, at) {
    let best = 0;
    for (const [index, one] of points.entries()) if (Math.abs(one.at - at) < Math.abs(points[best].at - at)) best = index;
    return best;
  }

  point(at) {
    this.cursor = at;
    this.read();
  }

  update(points, span) {
    this.points = points;
    if (span) this.span = span;
    this.draw();
  }

  get end() {
    return this.points.at(-1)?.at ?? Date.now();
  }

  get inner() {
    return Math.max(1, this.width - MARGIN.left - MARGIN.right);
  }

  x(at) {
    return MARGIN.left + this.inner * (1 - (this.end - at) / (this.span * 1000));
  }

  y(value) {
    const height = CHART_HEIGHT - MARGIN.top - MARGIN.bottom;
    return MARGIN.top + height * (1 - value / this.top);
  }

  draw() {
    if (this.width === 0) return;
    setAttribute(this.drawing, "width", this.width);
    setAttribute(this.drawing, "viewBox", `0 0 ${this.width} ${CHART_HEIGHT}`);
    const points = this.shown();
    const most = Math.max(0, ...points.flatMap(one => this.series.map(({ key }) => one[key] ?? 0)));
    this.step = niceStep(Math.max(most, this.whole ? 4 : 1) / 4);
    this.top = this.step * Math.max(1, Math.ceil(Math.max(most, this.step) / this.step));
    this.empty.hidden = points.length > 1;
    this.drawGrid();
    const begin = this.end - this.span * 1000 - 5000;
    const window = this.points.filter(one => one.at >= begin);
    for (const one of this.series) this.drawLine(one, window);
    this.read();
  }

  drawGrid() {
    const marks = [];
    const { left } = MARGIN;
    for (let value = 0; value <= this.top * 1.0001; value += this.step) {
      const y = Math.round(this.y(value)) + 0.5;
      marks.push(svg("line", { x1: left, x2: left + this.inner, y1: y, y2: y, class: value === 0 ? "axis" : null }));
      marks.push(svg("text", { x: left - 8, y: y + 4, class: "y-label", text: this.mark(value) }));
    }
    const every = this.span > 600 ? 300000 : this.width < 420 ? 120000 : 60000;
    const zone = new Date().getTimezoneOffset() * 60000; // whole minutes on the clock that is shown
    const first = Math.ceil((this.end - this.span * 1000 - zone) / every) * every + zone;
    for (let at = first; at <= this.end; at += every) {
      const x = Math.round(this.x(at)) + 0.5;
      marks.push(svg("line", { x1: x, x2: x, y1: CHART_HEIGHT - MARGIN.bottom, y2: CHART_HEIGHT - MARGIN.bottom + 4, class: "axis" }));
      if (x < left + 16 || x > left + this.inner - 14) continue;
      marks.push(svg("text", { x, y: CHART_HEIGHT - 5, class: "x-label", text: minuteClock.format(at) }));
    }
    this.grid.replaceChildren(...marks);
  }

  drawLine({ key, line, area }, points) {
    const lines = [];
    const areas = [];
    let run = [];
    const finish = () => {
      if (run.length > 1) {
        const path = run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
        const floor = this.y(0).toFixed(1);
        lines.push(`M${path}`);
        areas.push(`M${run[0][0].toFixed(1)} ${floor}L${path}L${run.at(-1)[0].toFixed(1)} ${floor}Z`);
      }
      run = [];
    };
    for (const one of points) {
      if (isNumber(one[key])) run.push([Math.max(MARGIN.left, this.x(one.at)), this.y(one[key])]);
      else finish();
    }
    finish();
    setAttribute(line, "d", lines.join(""));
    setAttribute(area, "d", areas.join(""));
  }

  /** Writes the values at the cursor, or the latest, into the legend. */
  read() {
    const points = this.shown();
    const one = points[this.cursor === null ? points.length - 1 : this.nearest(points, this.cursor)];
    const isPointed = this.cursor !== null && one !== undefined;
    const said = [];
    for (const { key, label, value, dot } of this.series) {
      setText(value, one ? this.format(one[key]) : NOTHING);
      said.push(`${label} ${value.textContent}`);
      dot.classList.toggle("on", isPointed && isNumber(one[key]));
      if (!isPointed || !isNumber(one[key])) continue;
      setAttribute(dot, "cx", this.x(one.at));
      setAttribute(dot, "cy", this.y(one[key]));
    }
    this.rule.classList.toggle("on", isPointed);
    if (isPointed) {
      const x = Math.round(this.x(one.at)) + 0.5;
      for (const [name, at] of Object.entries({ x1: x, x2: x, y1: MARGIN.top, y2: CHART_HEIGHT - MARGIN.bottom })) {
        setAttribute(this.rule, name, at);
      }
    }
    setText(this.when, isPointed ? clock.format(one.at) : "now");
    if (document.activeElement !== this.plot && this.plot.hasAttribute("aria-valuetext") && !isPointed) return;
    setAttribute(this.plot, "aria-valuemin", -this.span);
    setAttribute(this.plot, "aria-valuenow", isPointed ? Math.round((one.at - this.end) / 1000) : 0);
    setAttribute(this.plot, "aria-valuetext", `${this.when.textContent}: ${said.join(", ")}`);
  }
}
