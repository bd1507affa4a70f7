// The pictures: which there are, and where their data come from.
import { Chart } from "./chart.js";

const PHASES = [1, 2, 3];
const COLOURS = ["--c1", "--c2", "--c3", "--c4"];
const EACH = 15000; // milliseconds between two fetches of the last hour
const HOUR = 3600;

export class Pictures {
  constructor(help) {
    Object.assign(this, help);
    this.span = 3600;
    this.charts = new Map();
    this.fetched = 0;
    for (const button of document.querySelectorAll("[data-span]")) {
      button.addEventListener("click", () => {
        this.span = Number(button.dataset.span);
        for (const each of document.querySelectorAll("[data-span]")) each.setAttribute("aria-pressed", String(each === button));
        this.show(true);
      });
    }
  }

  reset() {
    this.charts.clear();
    document.getElementById("charts").replaceChildren();
    this.fetched = 0;
  }

  // A telegram came; what is shown need not be newer than some seconds.
  said() {
    if (Date.now() - this.fetched > (this.span > HOUR ? 4 : 1) * EACH) this.show(true).catch(() => {});
  }

  async show(fresh = false) {
    if (!fresh && Date.now() - this.fetched < EACH && this.charts.size) return;
    this.fetched = Date.now();
    const [line, meter, one] = this.place();
    const kept = one?.kept || [];
    const phases = (quantity) => PHASES.map((n) => `${quantity}_l${n}`).filter((key) => kept.includes(key));
    const neutral = kept.includes("current_n") ? ["current_n"] : [];
    const power = ["power", "power_import"].find((key) => kept.includes(key));
    const jobs = [
      power && this.lines("power", [power], { unit: "W", digits: 0, fill: true, least: 100 }),
      phases("voltage").length && this.lines("voltage", phases("voltage"), { unit: "V", digits: 1, band: [207, 253] }),
      phases("current").length && this.lines("current", [...phases("current"), ...neutral], { unit: "A", digits: 2, least: 1 }),
      one && this.quarters(line, meter),
      this.health(line),
    ];
    await Promise.all(jobs.filter(Boolean));
    if (!this.charts.size) this.empty();
  }

  empty() {
    document.getElementById("charts").replaceChildren(this.make("p", { class: "card" }, this.say("pictures.empty")));
  }

  async lines(name, keys, { unit, digits, band, fill, least = 1 }) {
    const [line, meter] = this.place();
    const found = await Promise.all(keys.map((key) => this.get(`series?line=${line}&meter=${meter}&key=${key}&seconds=${this.span}`, "arrayBuffer")));
    const full = found.filter((buffer) => buffer.byteLength > 16);
    if (!full.length) return;
    const head = new DataView(full[0]);
    const first = head.getFloat64(0, true), step = head.getFloat64(8, true);
    const series = found.map((buffer, i) => ({
      name: keys[i].endsWith("_n") ? "N" : keys.length > 1 ? keys[i].slice(-2).toUpperCase() : this.say(`pictures.${name}`),
      colour: keys.length > 1 ? COLOURS[keys[i].endsWith("_n") ? 3 : Number(keys[i].slice(-1)) - 1] : "--take",
      values: buffer.byteLength > 16 ? new Float32Array(buffer.slice(16)) : [],
      fill,
    }));
    const count = Math.max(...series.map((each) => each.values.length));
    this.put(name, { from: first, to: first + count * step, count, at: (i) => first + i * step, series, band, least, gap: 13 }, { unit, digits });
  }

  async quarters(line, meter) {
    const found = await this.get(`quarters?line=${line}&meter=${meter}`);
    if (!found.length) return;
    const begin = found[0][0], end = Math.max(found.at(-1)[0] + 900, begin + 6 * HOUR);
    const count = Math.round((end - begin) / 900);
    const taken = new Array(count).fill(null), given = new Array(count).fill(null);
    for (const [at, one, other] of found) {
      const place = Math.round((at - begin) / 900);
      taken[place] = one;
      given[place] = other === null ? null : -other;
    }
    const series = [{ name: this.say("pictures.import"), colour: "--take", values: taken }];
    if (given.some((value) => value)) series.push({ name: this.say("pictures.export"), colour: "--give", values: given });
    this.put("quarters", { from: begin, to: end, count, at: (i) => begin + i * 900, series, bars: 900, least: 0.1 }, { unit: "kWh", digits: 3 });
  }

  async health(line) {
    const found = await this.get(`health?line=${line}`);
    if (!found.length) return;
    const begin = found[0][0], end = Math.max(found.at(-1)[0] + HOUR, begin + 24 * HOUR);
    const count = Math.round((end - begin) / HOUR);
    const column = (n) => {
      const values = new Array(count).fill(null);
      for (const hour of found) values[Math.round((hour[0] - begin) / HOUR)] = hour[n];
      return values;
    };
    const series = [
      { name: this.say("pictures.good"), colour: "--good", values: column(1) },
      { name: this.say("pictures.damaged"), colour: "--bad", values: column(2) },
      { name: this.say("pictures.rejected"), colour: "--wait", values: column(3) },
    ];
    const parity = column(4), gaps = column(5), drift = column(6);
    const both = (errors, silences) => [[this.say("pictures.parity"), errors], [this.say("pictures.gaps"), silences]];
    const sum = (values) => values.reduce((total, value) => total + (value || 0), 0);
    const more = (i) => both(parity[i], gaps[i]);
    const at = (i) => begin + i * HOUR;
    this.put("health", { from: begin, to: end, count, at, series, bars: HOUR, least: 1 }, { unit: "", digits: 0, more, whole: both(sum(parity), sum(gaps)) });
    if (drift.some((value) => value !== null)) {
      const shown = [{ name: this.say("pictures.drift_of"), colour: "--c2", values: drift }];
      this.put("drift", { from: begin, to: end, count, at, series: shown, least: 10, gap: 1, centre: true }, { unit: "s", digits: 0 });
    }
  }

  // Makes a picture where there is none yet, and shows data in it.
  put(name, data, { unit, digits, more = () => [], whole = [] }) {
    if (!this.charts.size) document.getElementById("charts").replaceChildren();
    if (!this.charts.has(name)) this.charts.set(name, this.frame(name, unit));
    const { chart, caption, canvas } = this.charts.get(name);
    const say = (value) => (value === null || value === undefined || value !== value ? "\u2013" : `${this.number(Math.abs(value) < 1e-9 ? 0 : value, digits)} ${unit}`.trim());
    const ofBars = (value) => say(data.bars && value < 0 ? -value : value);
    const legend = (values) => data.series.map((one, i) => this.make("span", { class: mark(one.colour) }, values ? `${one.name} ` : one.name, values && this.make("b", {}, ofBars(values[i]))));
    const named = (rows) => rows.map(([text, value]) => this.make("span", {}, `${text} `, this.make("b", {}, say(value))));
    const ends = (one) => {
      const found = this.bounds(one.values) || {};
      return named(["least", "most", "last"].map((name) => [this.say(`pictures.${name}`), found[name]]));
    };
    const rest = () => {
      caption.replaceChildren(...(data.series.length > 1 ? legend(null) : ends(data.series[0])));
      if (whole.length) caption.append(this.make("span", {}, `${this.say("pictures.whole")}:`), ...named(whole));
    };
    chart.describe = (at, values) => {
      caption.setAttribute("aria-live", at === null ? "off" : "polite"); // new telegrams are not read out
      if (at === null) return rest();
      caption.replaceChildren(...legend(values));
      const place = Math.round((at - data.at(0)) / (data.at(1) - data.at(0)));
      caption.prepend(this.make("b", {}, this.moment(at)));
      caption.append(...named(more(place)));
    };
    if (chart.mark === null) rest();
    canvas.setAttribute("aria-label", `${this.say(`pictures.${name}`)}. ${data.series.map((one) => this.summary(one, say)).join(". ")}`);
    chart.show(data);
  }

  // The least, the most and the last of some values; null where there are none.
  bounds(values) {
    const known = [...values].filter((value) => value !== null && value === value);
    return known.length ? known.reduce((found, value) => ({ least: Math.min(found.least, value), most: Math.max(found.most, value), last: value }), { least: Infinity, most: -Infinity }) : null;
  }

  summary(one, say) {
    const found = this.bounds(one.values);
    return found ? this.say("pictures.summary", { name: one.name, least: say(found.least), most: say(found.most), last: say(found.last) }) : one.name;
  }

  frame(name, unit) {
    const canvas = this.make("canvas", {}), caption = this.make("figcaption", { "aria-live": "off" });
    const card = this.make("div", { class: "card" }, this.make("h3", {}, this.say(`pictures.${name}`), unit && this.make("span", { class: "quiet unit" }, ` ${unit}`)), this.make("figure", {}, canvas, caption));
    const order = ["power", "voltage", "current", "quarters", "health", "drift"];
    const parent = document.getElementById("charts");
    card.dataset.name = name;
    const next = [...parent.children].find((other) => order.indexOf(other.dataset.name) > order.indexOf(name));
    parent.insertBefore(card, next || null);
    const chart = new Chart(canvas, { describe: () => {}, number: this.number, language: this.language });
    return { chart, caption, canvas };
  }
}

const mark = (colour) => ({ "--take": "c0", "--c1": "c1", "--c2": "c2", "--c3": "c3", "--c4": "c4", "--good": "good", "--give": "good", "--bad": "bad", "--wait": "wait" })[colour];
