#!/usr/bin/env bash
# smartmeter-obis gives a power factor of 0.99 as a number and one of 0.90 as a text.
#
# Surprising: a value without a unit is made a number if the number, written by JavaScript, is the
# text that the meter sent. So the type follows from the digits: a last 0 behind the point makes a
# text, as do zeros in front. Of power factors one in ten is a text, and so is 1.00; a sum of them is
# glued together instead of added up, and a database that keeps one type for a field refuses one
# value in ten, or all others if the first was a text. Values with a unit are always numbers.
#
# smartmeter-obis 4.0.0 (npm), Node.js 18 or newer. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >npm.log
npm install --silent smartmeter-obis@4.0.0 >>npm.log

cat >read.js <<'JAVASCRIPT'
const fs = require("fs");
const obis = require("smartmeter-obis");
const EXPECTED = { "0.98": 0.98, "0.99": 0.99, "0.90": "0.90", "1.00": "1.00", "4.556": 4.556 };

function read(factor) {
  const lines = ["/TST5TEST", "", `1-0:13.7.0(${factor})`, "1-0:32.7.0(230.0*V)", "!", ""];
  fs.writeFileSync("telegram", lines.join("\r\n"));
  const settings = { protocol: "D0Protocol", transport: "LocalFileTransport" };
  return new Promise((done, failed) => {
    const reader = obis.init(
      { ...settings, transportLocalFilePath: "telegram", requestInterval: -1 },
      (error, values) => {
        if (error) failed(error);
        else done(["1-0:13.7.0", "1-0:32.7.0"].map((code) => values[code].getValue(0).value));
      },
    );
    reader.process();
  });
}

(async () => {
  console.log(`smartmeter-obis ${require("smartmeter-obis/package.json").version}`);
  let same = true;
  for (const [factor, expected] of Object.entries(EXPECTED)) {
    const [value, voltage] = await read(factor);
    console.log(`power factor ${factor}: ${typeof value} ${value}, voltage 230.0: ${typeof voltage}`);
    same &&= value === expected && voltage === 230;
  }
  process.exit(same ? 0 : 1);
})();
JAVASCRIPT
timeout 60 node read.js
