// Shows what the program tells. Texts come as text and stay text: nothing is ever markup.
import { Pictures } from "./pictures.js";

const WORDS = JSON.parse(document.getElementById("words").textContent);
const LANGUAGE = WORDS.program.language === "en" ? "en-GB" : WORDS.program.language; // days before months, 24 hours
const PARTS = ["setup", "now", "pictures", "telegram", "report"];
const $ = (id) => document.getElementById(id);

const HELD_BACK = 4000; // milliseconds after which the first event should have come
const EACH = 5000; // milliseconds between two questions, where no events come

let facts = null, line = 0, meter = 0, part = null, source = null, heard = 0, asking = null;

export function say(key, parameters = {}) {
  const [group, name] = key.split(".");
  return (WORDS[group][name] ?? key).replace(/\{(\w+)\}/g, (_, one) => parameters[one] ?? "");
}

// Makes an element; children are elements or texts.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const NUMBERS = new Map();
export function number(value, digits) {
  if (!NUMBERS.has(digits)) {
    const exact = digits === undefined ? { maximumFractionDigits: 6 } : { minimumFractionDigits: digits, maximumFractionDigits: digits };
    NUMBERS.set(digits, new Intl.NumberFormat(LANGUAGE, exact));
  }
  return NUMBERS.get(digits).format(value).replace("-", "\u2212");
}

const TIME = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "short", timeStyle: "medium" });
export const moment = (seconds) => MOMENT.format(seconds * 1000);
const time = (iso) => {
  const date = new Date(iso);
  return date.toDateString() === new Date().toDateString() ? TIME.format(date) : MOMENT.format(date);
};

function shown(value, digits) {
  return typeof value === "number" ? number(value, digits ?? undefined) : String(value);
}

// Gives an element other children, and changes only what is another than before: the focus and readers
// of screens keep their place.
function fill(element, ...children) {
  adapt(element, [...make("div", {}, ...children).childNodes]);
}

function adapt(element, children) {
  const before = [...element.childNodes];
  before.slice(children.length).forEach((one) => one.remove());
  children.forEach((one, i) => {
    const was = before[i];
    if (!was) element.append(one);
    else if (was.nodeName !== one.nodeName) was.replaceWith(one);
    else if (one.nodeType === Node.TEXT_NODE) { if (was.data !== one.data) was.data = one.data; }
    else {
      for (const { name } of [...was.attributes]) if (name !== "style" && !one.hasAttribute(name)) was.removeAttribute(name);
      for (const { name, value } of one.attributes) if (was.getAttribute(name) !== value) was.setAttribute(name, value);
      adapt(was, [...one.childNodes]);
    }
  });
}

function table(heads, rows) {
  const head = make("thead", {}, make("tr", {}, ...heads.map(([text, kind]) => make("th", { scope: "col", class: kind }, text))));
  const body = make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell, i) => make("td", { class: heads[i][1] }, cell)))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": heads.map(([text]) => text).join(", ") }, make("table", {}, head, body));
}

// Lists what happened: a heading, when, and a text.
function entries(rows) {
  return make("ul", { class: "entries" }, ...rows.map(([heading, when, text]) =>
    make("li", {}, make("strong", {}, heading), make("span", { class: "quiet" }, when), text && make("p", {}, text))));
}

const outputName = (name) => WORDS.output[name] || name;

// --- Head and choice ---

const current = () => facts?.line;
const currentMeter = () => current()?.meters[meter];

function showHead() {
  const one = currentMeter();
  $("title").textContent = one?.name || say("page.title");
  document.title = one?.name ? `${one.name} \u2013 ${say("page.title")}` : say("page.title");
  const about = [one?.model !== one?.name && one?.model, one?.number && say("page.number", { number: one.number }), one && !one.online && say("page.silent")];
  $("subtitle").textContent = about.filter(Boolean).join(" \u00b7 ");
  $("stuck").hidden = !facts.stuck && !facts.left_out.length;
  const chooser = $("chooser");
  const options = facts.names.flatMap(([label, ...meters], l) => (meters.length ? meters : [label]).map((name, i) =>
    make("option", { value: `${l}.${i}`, selected: l === line && i === meter }, name || `${say("page.line")} ${l + 1}`)));
  chooser.hidden = options.length < 2;
  if (chooser.hidden) return;
  const key = options.map((option) => option.outerHTML).join("");
  if (chooser.dataset.key === key) return;
  chooser.dataset.key = key;
  const select = make("select", { id: "which" }, ...options);
  select.addEventListener("change", () => {
    const before = line;
    [line, meter] = select.value.split(".").map(Number);
    delete chooser.dataset.key;
    pictures.reset();
    if (line === before) show(); else if (asking) loaded(); else listen();
  });
  chooser.replaceChildren(make("label", { for: "which" }, say("page.meter")), select);
}

function connected(live) {
  const text = say(live ? "page.live" : "page.not_live");
  const element = $("connection");
  element.classList.toggle("live", live);
  if (element.textContent !== text) element.textContent = text;
}

// --- Setting up ---

const REPORTED = ["unknown_list", "unsupported"]; // the user alone can do nothing more
const OPTIONS = ["no_frames", "key_missing", "encryption_key_wrong", "authentication_key_wrong", "other_meter", "broker", "broker_rights", "database", "output"];

const isWell = (one) => one.steps.every(([, condition]) => condition === "done") && !one.problem && !facts.left_out.length;
const where = () => say(facts.supervised ? "setup.options" : "setup.options_file");

// What is wrong, and what to do.
function notice(heading, ...texts) {
  return make("div", { class: "advice" }, make("strong", {}, heading), ...texts.map((text) => make("p", {}, text.replace(/[\p{L}\p{N})]$/u, "$&."))));
}

function advice(step, one) {
  const failing = facts.outputs.filter(([, works]) => !works);
  const problem = one.problem;
  const outputs = step === "published" && failing.length && !["broker", "broker rights", "database"].includes(problem?.kind);
  const kind = outputs ? "output" : problem?.kind.replaceAll(" ", "_");
  if (!kind) return null;
  const texts = outputs ? [say("setup.outputs"), ...failing.map(([name, , sentence]) => `${outputName(name)}: ${sentence}`)] : [problem.text, REPORTED.includes(kind) && say("setup.report")].filter(Boolean);
  if (OPTIONS.includes(kind)) texts.push(where());
  return notice(say(`trouble.${kind}`), ...texts);
}

function detail(step, one) {
  if (step === "line") return one.line;
  if (step === "frames" && one.mode) return say("setup.mode", { mode: one.mode });
  if (step === "recognised" && one.meters[0]) return one.meters.map((each) => each.model).join(", ");
  if (step === "published") return facts.outputs.map(([name, works]) => `${outputName(name)}: ${say(works ? "report.works" : "report.fails")}`).join(", ");
  return "";
}

function showSetup() {
  const one = current();
  if (!one) return;
  const steps = one.steps.map(([step, condition]) => {
    const texts = [];
    if (condition !== "later") texts.push(detail(step, one));
    if (condition === "waiting") texts.push(say(`waiting.${step}`));
    if (step === "frames" && condition !== "done" && one.searching && one.bytes) {
      if (one.mode) texts.push(say("setup.trying", { mode: one.mode }));
      if (one.given_up.length) texts.push(say("setup.tried", { modes: one.given_up.join(", ") }));
    }
    return make("li", { class: condition, "aria-current": ["wrong", "waiting"].includes(condition) && "step" },
      make("span", { class: "name" }, say(`step.${step}`)),
      make("span", { class: "state" }, say(`condition.${condition}`)),
      ...texts.filter(Boolean).map((text) => make("p", { class: "quiet" }, text)),
      condition === "wrong" && advice(step, one));
  });
  if (one.problem && !one.steps.some(([, condition]) => condition === "wrong")) steps.push(make("li", { class: "wrong" }, make("span", { class: "name" }, say(`trouble.${one.problem.kind.replaceAll(" ", "_")}`)), advice("", one)));
  fill($("steps"), ...steps);
  fill($("left-out"), ...facts.left_out.map((why) => notice(say("setup.left_out"), why, where())));
  const counted = say("setup.counted", { bytes: number(one.bytes), frames: number(one.frames), telegrams: number(one.telegrams) });
  fill($("counted"), isWell(one) ? `${say("setup.all_well")} ${counted}` : counted);
}

// --- Now ---

const PHASES = [1, 2, 3];
const OUT = (volts) => volts < 207 || volts > 253;

function powerCard(one) {
  const { power, power_import: taken } = one.values;
  // A list may say only what is taken, and come more often than the one that has both ways.
  const told = (key) => since(one, key) || one.at;
  const newer = power === undefined || (taken > 0 && told("power_import") > told("power"));
  const watts = newer ? taken : power, at = since(one, newer ? "power_import" : "power");
  if (watts === undefined) return null;
  const way = watts > 0 ? "taking" : watts < 0 ? "giving" : "balanced";
  const kind = { taking: "take", giving: "give", balanced: "" }[way];
  return make("div", { class: "card" },
    make("h3", {}, say("now.power")),
    make("p", { class: `power ${kind}` }, number(watts, 0), make("small", {}, "W")),
    make("p", { class: "quiet" }, say(`now.${way}`), make("br"), say(at ? "now.of" : "now.last", { time: time(at || one.at) })));
}

// Tells when a value came, if that was before the last telegram, as meters send several lists.
const since = (one, key) => Object.keys(one.older).find((at) => one.older[at].includes(key));

function phaseCard(one) {
  const has = (quantity) => PHASES.some((n) => `${quantity}_l${n}` in one.values);
  const said = ["voltage", "current", "power"].filter(has);
  if (!said.length) return null;
  const times = Object.keys(one.older).filter((at) => one.older[at].some((key) => /^(voltage|current|power)_l/.test(key)));
  const heads = [[say("now.phase"), ""]];
  if (has("voltage")) heads.push([`${say("now.voltage")} V`, "num"]);
  if (has("current")) heads.push([`${say("now.current")} A`, "num"]);
  if (has("power")) heads.push([`${say("now.power")} W`, "num"]);
  const rows = PHASES.filter((n) => said.some((quantity) => `${quantity}_l${n}` in one.values)).map((n) => {
    const volts = one.values[`voltage_l${n}`], row = [`L${n}`];
    if (has("voltage")) {
      if (volts === undefined) row.push("");
      else {
        const dot = make("i", { "data-at": Math.max(0, Math.min(100, ((volts - 207) / 46) * 100)) });
        row.push(make("span", { class: OUT(volts) ? "out" : null }, number(volts, 1), OUT(volts) && ` (${say("now.outside")})`, make("span", { class: "scale", "aria-hidden": "true" }, dot)));
      }
    }
    for (const [quantity, digits] of [["current", 2], ["power", 0]]) if (has(quantity)) {
      const value = one.values[`${quantity}_l${n}`];
      row.push(value === undefined ? "" : number(value, digits));
    }
    return row;
  });
  return make("div", { class: "card" }, make("h3", {}, say("now.phases")), table(heads, rows),
    times.length > 0 && make("p", { class: "quiet" }, say("now.of", { time: times.map(time).join(", ") })),
    has("voltage") && make("p", { class: "quiet" }, say("now.range")));
}

function valuesCard(one, heading, keys) {
  if (!keys.length) return null;
  const row = (key) => {
    const [name, unit, digits] = one.sensors[key] || [key, "", undefined];
    return make("tr", {}, make("th", { scope: "row" }, name), make("td", { class: typeof one.values[key] === "number" ? "num" : "num text" }, shown(one.values[key], digits)), make("td", { class: "unit" }, unit || ""));
  };
  const rows = [undefined, ...Object.keys(one.older).sort().reverse()].flatMap((at) => {
    const some = keys.filter((key) => since(one, key) === at);
    return [at && some.length > 0 && make("tr", {}, make("td", { class: "quiet", colspan: 3 }, say("now.of", { time: time(at) }))), ...some.map(row)];
  });
  return make("div", { class: "card" }, make("h3", {}, heading), make("table", {}, make("tbody", {}, ...rows)));
}

// Meters for gas, water and heat are read through another one, and shown beside it, too.
function behind(one) {
  const meters = current().meters;
  return meters[0] === one ? meters.slice(1).map((each) => valuesCard(each, each.name, Object.keys(each.values))) : [];
}

function showNow() {
  const one = currentMeter();
  if (!one) {
    fill($("values"), make("p", { class: "card" }, say("now.waiting")));
    return;
  }
  const keys = Object.keys(one.values);
  const energies = keys.filter((key) => /^(reactive_)?energy/.test(key) || ["gas", "water", "heat"].some((word) => key.startsWith(word)));
  const inTable = new Set(["power", ...PHASES.flatMap((n) => [`voltage_l${n}`, `current_l${n}`, `power_l${n}`]), ...energies]);
  fill($("values"), make("div", { class: "cards" }, powerCard(one),
    valuesCard(one, say("now.energy"), energies), phaseCard(one),
    valuesCard(one, say("now.others"), keys.filter((key) => !inTable.has(key))),
    ...behind(one)));
  // Styles by script only: the policy of the page lets none stand in markup.
  for (const dot of $("values").querySelectorAll("[data-at]")) dot.style.left = `${dot.dataset.at}%`;
}

// --- Telegram ---

async function get(path, kind = "json") {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer[kind]();
}

async function showTelegram() {
  const told = await get(`telegram?line=${line}`);
  const last = told.telegram;
  if (!last) fill($("last"), make("p", {}, say("page.nothing")));
  else {
    const security = last.security
      ? say(last.security.ciphered ? "telegram.ciphered" : "telegram.plain", { counter: last.security.counter, tag: say(`telegram.tag_${last.security.tag}`) })
      : say("telegram.plain");
    const heads = [[`${say("telegram.name")}, ${say("telegram.code")}`, ""], [say("telegram.value"), "num"], [say("telegram.unit"), "unit"]];
    const rows = last.registers.map(([code, name, value, unit]) => [make("span", {}, `${name || say("telegram.unnamed")} `, make("code", { class: "quiet" }, code)), value, unit]);
    fill($("last"),
      make("p", {}, say("telegram.heading", { link: last.link, bytes: last.bytes, security })),
      make("p", { class: "quiet" }, say("telegram.received", { time: time(told.at) })),
      last.fault && make("p", { class: "out" }, last.fault),
      last.note && make("p", {}, last.note),
      rows.length > 0 && table(heads, rows),
      last.unknown.length > 0 && make("h3", {}, say("telegram.unknown")),
      last.unknown.length > 0 && table([[say("telegram.code"), ""], [say("telegram.kind"), ""], [say("telegram.value"), "num"]], last.unknown.map(([code, kind, value]) => [make("code", {}, code || "\u2013"), kind, value])));
  }
  const groups = new Map();
  for (const [at, kind, , reason] of told.rejected) {
    const key = `${kind}: ${reason}`;
    if (groups.has(key)) groups.get(key).count += 1; else groups.set(key, { at, kind, reason, count: 1 });
  }
  fill($("rejected"), groups.size ? entries([...groups.values()].map(({ at, kind, reason, count }) =>
    [WORDS.trouble[kind.replaceAll(" ", "_")] || say("pictures.damaged"), count > 1 ? say("telegram.times", { count, time: time(at) }) : time(at), reason])) : make("p", {}, say("telegram.none")));
}

// --- For a report ---

function recordingLink() {
  $("download").href = `recording?line=${line}&minutes=${$("minutes").value}`;
}

async function showReport() {
  const one = current();
  if (!one) return;
  recordingLink();
  $("kept").textContent = say("report.kept", { minutes: number(one.minutes) });
  $("about").textContent = say(`report.${one.contents}_note`);
  const versions = [[say("report.program"), facts.version], ...facts.outputs.map(([name, works, sentence]) => [outputName(name), `${say(works ? "report.works" : "report.fails")}: ${sentence}`])];
  fill($("versions"), ...versions.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]));
  const [block, events] = await Promise.all([get(`report?line=${line}`, "text"), get(`events?line=${line}`)]);
  fill($("block"), block);
  const told = events.map(([at, kind, text]) => [say(`event.${kind}`), time(at), text]);
  fill($("events"), told.length ? entries(told) : make("p", {}, say("page.nothing")));
}

async function copy() {
  const text = $("block").textContent;
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not over http, nor in a frame
    getSelection().selectAllChildren($("block"));
    done = document.execCommand("copy");
  }
  $("copied").textContent = done ? say("report.copied") : ""; // else the block is marked, for Ctrl-C
}

// --- All of it ---

const pictures = new Pictures({ get, say, make, number, moment, language: LANGUAGE, place: () => [line, meter, currentMeter()] });

function show() {
  if (!facts) return;
  showHead();
  const failed = () => connected(false);
  if (part === "setup") showSetup();
  if (part === "now") showNow();
  if (part === "pictures") pictures.show().catch(failed);
  if (part === "telegram") showTelegram().catch(failed);
  if (part === "report") showReport().catch(failed);
}

function go() {
  const wanted = location.hash.slice(1);
  const next = PARTS.includes(wanted) ? wanted : current() && isWell(current()) ? "now" : "setup";
  part = next;
  for (const one of PARTS) {
    $(`part-${one}`).hidden = one !== part;
    const link = document.querySelector(`nav a[href="#${one}"]`);
    if (one === part) { link.setAttribute("aria-current", "page"); link.scrollIntoView({ block: "nearest", inline: "nearest" }); } else link.removeAttribute("aria-current");
  }
  show();
}

async function load() {
  const asked = line, told = await get(`facts?line=${line}`);
  if (asked !== line) return; // another was chosen meanwhile
  if (!told.line && line) { line = meter = 0; return load(); }
  facts = told;
  if (part) show(); else go();
}

const loaded = () => load().then(() => connected(true), () => connected(false));

function listen() {
  source?.close();
  const own = source = new EventSource(`live?line=${line}`);
  heard = Date.now();
  let flows = false;
  const alive = () => { heard = Date.now(); flows = true; };
  source.addEventListener("open", () => {
    heard = Date.now();
    setTimeout(() => flows || own !== source || ask(), HELD_BACK);
    loaded();
  });
  source.addEventListener("alive", alive);
  source.addEventListener("doing", (event) => {
    alive();
    const told = JSON.parse(event.data);
    if (!facts?.line || told.meters !== facts.meters) { load().catch(() => connected(false)); return; }
    told.line.online.forEach((online, n) => { facts.line.meters[n].online = online; });
    Object.assign(facts, told, { line: Object.assign(facts.line, told.line) });
    show();
  });
  source.addEventListener("reading", (event) => {
    alive();
    const told = JSON.parse(event.data);
    const one = current()?.meters[told.meter];
    if (!one) { load().catch(() => connected(false)); return; }
    const known = Object.keys(told.values).every((key) => key in one.sensors);
    Object.assign(one, told, { online: true });
    if (!known) load().catch(() => connected(false));
    if (part === "now") showNow();
    if (told.meter !== meter) return;
    if (part === "telegram") showTelegram().catch(() => connected(false));
    if (part === "pictures") pictures.said();
  });
  source.addEventListener("error", () => {
    connected(false);
    if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(wake, 3000); }
  });
}

// Older versions of Home Assistant compress events and hold them back. Then the page asks for news.
function ask() {
  if (source.readyState !== EventSource.OPEN) return;
  source.close();
  source = null;
  asking ??= setInterval(() => document.hidden || loaded(), EACH);
}

// After a sleep a connection may be dead without a word.
function wake() {
  if (document.hidden) return;
  if (asking) loaded(); else if (!source || Date.now() - heard > 30000) { connected(false); listen(); }
}

let leaving = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(() => { source?.close(); source = null; }, 20000);
  else wake();
});
setInterval(() => asking || wake(), 10000);
window.addEventListener("hashchange", go);
window.addEventListener("online", wake);
$("minutes").addEventListener("change", recordingLink);
$("copy").addEventListener("click", copy);
listen();
