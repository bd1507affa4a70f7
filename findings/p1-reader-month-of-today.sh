#!/usr/bin/env bash
# p1-reader moves a month's highest demand into the month after it, on the last days of a month.
#
# Surprising: what a time of a telegram is read as depends on the day on which it is read. It is
# written into today's date field by field, year and month before the day, and JavaScript carries
# over what a month does not have: on the 31st, "November" is 1 December, and "the 9th" of it 9
# December. Of a Belgian meter's highest demands of the last months those of all shorter months are a
# month late on that day, so that two months have two and others none, and right again on the day
# after. The time of the telegram itself is always right, as it is of the same month.
# All times are marked with Z, UTC, while they are the meter's local time.
#
# p1-reader 2.0.6 (npm), Node.js 18 or newer. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >npm.log
npm install --silent p1-reader@2.0.6 >>npm.log

cat >read.js <<'JAVASCRIPT'
const fs = require("fs");

// Today is the 31st of October, or the 1st of November, as the computer's clock would say.
const RealDate = Date;
let today;
global.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length ? given : [today]));
  }
};
const parse = require("p1-reader/lib/parsePacket");

const months = [
  ["260301000000W", "260214181500W"],
  ["260401000000S", "260310183000S"],
  ["260701000000S", "260609071500S"],
];
const profile = months.map(([end, time]) => `(${end})(${time})(04.329*kW)`).join("");
const telegram = [
  "/FLU5\\253769484_A",
  "",
  "0-0:96.1.4(50217)",
  "0-0:1.0.0(261031110421W)",
  `0-0:98.1.0(${months.length})(1-0:1.6.0)(1-0:1.6.0)${profile}`,
  "1-0:1.7.0(00.515*kW)",
].join("\r\n");

function times(day) {
  today = day;
  const found = parse(telegram).electricity.demand.maximumDemandLastMonths.months;
  return found.slice(-months.length).map((month) => month.timestamp.slice(0, 10)).join(" ");
}

const version = JSON.parse(fs.readFileSync("node_modules/p1-reader/package.json")).version;
console.log(`p1-reader ${version}`);
const on31st = times("2026-10-31T11:04:21Z");
const on1st = times("2026-11-01T11:04:21Z");
console.log(`read on 31 October:  ${on31st}`);
console.log(`read on 1 November:  ${on1st}`);
const changed =
  on1st !== "2026-02-14 2026-03-10 2026-06-09" || on31st !== "2026-03-14 2026-03-10 2026-07-09";
process.exit(changed ? 1 : 0);
JAVASCRIPT
node read.js
