#!/usr/bin/env bash
# p1-reader cuts off what stands behind the point of currents and voltages: 0.92 A is 0 A.
#
# Surprising: currents were whole amperes up to DSMR 5.0.2, and meters in Belgium, Luxembourg and
# Sweden send hundredths or thousandths; voltages have tenths. All six are read as whole numbers, cut
# off and not rounded, while power and energy keep all digits. So a house that takes up to 230 W on
# each phase has no current at all, and 234.7 V is 234 V.
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
const parse = require("p1-reader/lib/parsePacket");
const telegram = [
  "/FLU5\\253769484_A",
  "",
  "0-0:96.1.4(50217)",
  "0-0:1.0.0(261129110421W)",
  "1-0:1.7.0(00.215*kW)",
  "1-0:32.7.0(234.7*V)",
  "1-0:31.7.0(000.92*A)",
].join("\r\n");
const { current, voltage } = parse(telegram).electricity.instantaneous;
const power = parse(telegram).electricity.received.actual;
const version = JSON.parse(fs.readFileSync("node_modules/p1-reader/package.json")).version;
console.log(`p1-reader ${version}`);
console.log(`234.7 V is ${voltage.L1.reading} V, 0.92 A is ${current.L1.reading} A`);
console.log(`0.215 kW is ${power.reading} kW`);
const changed =
  voltage.L1.reading !== 234 || current.L1.reading !== 0 || power.reading !== 0.215;
process.exit(changed ? 1 : 0);
JAVASCRIPT
node read.js
