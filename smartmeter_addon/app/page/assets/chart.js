// Draws the pictures: lines and bars over time, on a canvas, with a mark that mouse, finger and
// arrow keys move.

const LEFT = 52, RIGHT = 8, TOP = 10, BOTTOM = 24;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Gives round numbers between two bounds, about `count` of them.
export function ticks(low, high, count) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.999);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9) * step; n <= high + step * 1e-9; n += step) found.push(Math.abs(n) < step / 1e6 ? 0 : n);
  return found;
}

const SPANS = [300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];

function timeTicks(from, to, count) {
  const step = SPANS.find((n) => (to - from) / n <= count) || 2592000;
  const shift = new Date(from * 1000).getTimezoneOffset() * 60;
  const found = [];
  for (let t = Math.ceil((from - shift) / step) * step + shift; t <= to; t += step) found.push(t);
  return [found, step];
}

export class Chart {
  // canvas: where to draw. describe: takes a time and the values there (null for none).
  constructor(canvas, { describe, number, language }) {
    this.canvas = canvas;
    this.describe = describe;
    this.number = number;
    this.language = language;
    this.data = null;
    this.mark = null;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener("pointermove", (event) => this.point(event.offsetX));
    canvas.addEventListener("pointerdown", (event) => this.point(event.offsetX));
    canvas.addEventListener("pointerleave", () => this.move(null));
    canvas.addEventListener("blur", () => this.move(null));
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12, Home: -Infinity, End: Infinity }[event.key];
      if (event.key === "Escape") this.move(null);
      if (!step || !this.data) return;
      event.preventDefault();
      const at = this.mark ?? (step < 0 ? this.data.count : -1);
      this.move(Math.max(0, Math.min(this.data.count - 1, at + step)));
    });
  }

  // data: {from, to, count, at(i): time, series: [{colour, values, fill}], bars, band: [low, high],
  // least: what the axis shows at least, centre: whether zero is in its middle}
  show(data) {
    this.data = data;
    if (this.mark !== null && this.mark >= data.count) this.mark = null;
    this.draw();
  }

  point(x) {
    if (!this.data) return;
    const { from, to, count, at } = this.data;
    const width = this.canvas.clientWidth - LEFT - RIGHT;
    const time = from + ((x - LEFT) / width) * (to - from);
    const step = count > 1 ? at(1) - at(0) : 1;
    this.move(Math.max(0, Math.min(count - 1, Math.floor((time - at(0)) / step + (this.data.bars ? 0 : 0.5)))));
  }

  move(mark) {
    if (mark === this.mark) return;
    this.mark = mark;
    this.draw();
    const values = mark === null ? null : this.data.series.map((one) => this.value(one, mark));
    this.describe(mark === null ? null : this.data.at(mark), values);
  }

  // A meter may push more seldom than there are places: then the value before holds.
  value(one, place) {
    for (let i = place; i >= 0 && i > place - (this.data.gap || 1); i--) {
      const value = one.values[i];
      if (value !== null && value === value) return value;
    }
    return null;
  }

  bounds() {
    const { series, bars, band, least, centre } = this.data;
    let low = band ? band[0] : Infinity, high = band ? band[1] : -Infinity;
    if (bars) {
      for (let i = 0; i < this.data.count; i++) {
        let up = 0, down = 0;
        for (const one of series) {
          const value = one.values[i] || 0;
          if (value > 0) up += value; else down += value;
        }
        high = Math.max(high, up);
        low = Math.min(low, down);
      }
    } else {
      for (const one of series) for (const value of one.values) if (value === value && value !== null) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    if (low > high) return null;
    if (!band) { low = Math.min(low, 0); high = Math.max(high, 0); }
    if (centre) low = -(high = Math.max(high, -low, least));
    if (high - low < least) high = low + least;
    const room = (high - low) * 0.06;
    return [low < 0 || band ? low - room : low, high + room];
  }

  draw() {
    const { canvas, data } = this;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!data || !width) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const bounds = this.bounds();
    if (!bounds) return;
    const [low, high] = bounds;
    const { from, to } = data;
    const x = (time) => LEFT + ((time - from) / (to - from)) * (width - LEFT - RIGHT);
    const y = (value) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);
    pen.font = "12px system-ui, sans-serif";
    pen.lineWidth = 1;
    pen.fillStyle = colour("--quiet");
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    const limits = data.band || [];
    for (const value of ticks(low, high, 6)) {
      const at = Math.round(y(value)) + 0.5;
      if (limits.some((limit) => Math.abs(at - y(limit)) < 14)) continue;
      pen.strokeStyle = colour(value === 0 && low < 0 ? "--quiet" : "--edge");
      pen.beginPath(); pen.moveTo(LEFT, at); pen.lineTo(width - RIGHT, at); pen.stroke();
      pen.fillText(this.number(value), LEFT - 8, at);
    }
    pen.textBaseline = "alphabetic";
    const [times, step] = timeTicks(from, to, Math.max(2, Math.floor(width / 90)));
    const form = new Intl.DateTimeFormat(this.language, step < 86400 ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "numeric" });
    for (const time of times) {
      const at = x(time), text = form.format(time * 1000), half = pen.measureText(text).width / 2;
      pen.textAlign = at + half > width ? "right" : at - half < LEFT ? "left" : "center";
      pen.fillText(text, pen.textAlign === "right" ? width : at, height - 6);
    }
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    pen.strokeStyle = pen.fillStyle = colour("--bad");
    pen.setLineDash([4, 4]);
    for (const value of limits) {
      const at = Math.round(y(value)) + 0.5;
      pen.beginPath(); pen.moveTo(LEFT, at); pen.lineTo(width - RIGHT, at); pen.stroke();
      pen.fillText(this.number(value), LEFT - 8, at);
    }
    pen.setLineDash([]);
    if (data.bars) this.drawBars(pen, x, y); else for (const one of data.series) this.drawLine(pen, one, x, y);
    if (this.mark !== null) {
      const at = Math.round(x(data.at(this.mark) + (data.bars ? data.bars / 2 : 0))) + 0.5;
      pen.strokeStyle = colour("--text");
      pen.beginPath(); pen.moveTo(at, TOP); pen.lineTo(at, height - BOTTOM); pen.stroke();
    }
  }

  drawBars(pen, x, y) {
    const { series, count, at, bars } = this.data;
    for (let i = 0; i < count; i++) {
      const left = x(at(i)), wide = Math.max(1, x(at(i) + bars) - left - 1);
      let up = 0, down = 0;
      for (const one of series) {
        const value = one.values[i] || 0;
        if (!value) continue;
        const begin = value > 0 ? up : down, end = begin + value;
        if (value > 0) up = end; else down = end;
        pen.fillStyle = colour(one.colour);
        pen.fillRect(left, Math.min(y(begin), y(end)), wide, Math.max(1, Math.abs(y(end) - y(begin))));
      }
    }
  }

  // More values than pixels: of each column the least and the most are drawn.
  drawLine(pen, one, x, y) {
    const { at, count } = this.data;
    const gap = this.data.gap || 1;
    const points = [];
    let column = null, last = -Infinity;
    for (let i = 0; i < count; i++) {
      const value = one.values[i];
      if (value === null || value !== value) continue;
      const across = Math.round(x(at(i)));
      const broken = i - last > gap;
      if (column && column.x === across && !broken) {
        column.least = Math.min(column.least, value);
        column.most = Math.max(column.most, value);
        column.last = value;
      } else {
        column = { x: across, first: value, least: value, most: value, last: value, broken };
        points.push(column);
      }
      last = i;
    }
    pen.strokeStyle = colour(one.colour);
    pen.lineWidth = 1.5;
    pen.lineJoin = "round";
    pen.beginPath();
    for (const point of points) {
      if (point.broken) pen.moveTo(point.x, y(point.first)); else pen.lineTo(point.x, y(point.first));
      if (point.least !== point.most) {
        pen.lineTo(point.x, y(point.least)); pen.lineTo(point.x, y(point.most)); pen.lineTo(point.x, y(point.last));
      } else if (point.broken) pen.lineTo(point.x + 1, y(point.first));
    }
    pen.stroke();
    if (!one.fill) return;
    pen.globalAlpha = 0.12;
    pen.fillStyle = colour(one.colour);
    pen.beginPath();
    let begin = null, end = null;
    const close = () => { if (begin !== null) { pen.lineTo(end, y(0)); pen.lineTo(begin, y(0)); } };
    for (const point of points) {
      if (point.broken) { close(); begin = point.x; pen.moveTo(point.x, y(point.last)); } else pen.lineTo(point.x, y(point.last));
      end = point.x;
    }
    close();
    pen.fill();
    pen.globalAlpha = 1;
  }
}
