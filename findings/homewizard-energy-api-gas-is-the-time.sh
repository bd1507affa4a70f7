#!/usr/bin/env bash
# homewizard-energy-api makes a Belgian gas meter's reading of the digits of its time.
#
# Surprising: a Belgian P1 meter sends gas as 0-1:24.2.3, with the time and the volume in brackets.
# The library takes both the volume and the unit by their places in the line, and does so with
# substring(15, 9): JavaScript takes that for the places from 9 to 15, which hold the last digit of
# the minute and the second. A meter read at 12:34:56 stands at 456 m³, one read at 12:35:00 at 500,
# at each full ten minutes at 0. The unit is a piece of the line, the time is not there. A Dutch
# meter's 0-1:24.2.1 is read rightly, and so is the Belgian one by p1-reader, which the library
# names as its model: there it is substr(15, 9), nine places from 15 on.
#
# @zandor300/homewizard-energy-api 1.1.0, beside p1-reader 2.0.6 (npm), Node.js 18 or newer. Seen on
# 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init --yes >npm.log
npm install --silent @zandor300/homewizard-energy-api@1.1.0 p1-reader@2.0.6 >>npm.log

cat >read.js <<'JAVASCRIPT'
const fs = require("fs");
const http = require("http");
const { P1MeterApi } = require("@zandor300/homewizard-energy-api");
const parse = require("p1-reader/lib/parsePacket");

function version(name) {
  return JSON.parse(fs.readFileSync(`node_modules/${name}/package.json`)).version;
}

function telegram(gas) {
  return [
    "/FLU5\\253769484_A",
    "",
    "0-0:96.1.4(50217)",
    "0-0:1.0.0(261130123512W)",
    "1-0:1.8.1(000123.456*kWh)",
    "0-1:24.1.0(003)",
    gas,
    "!0000",
    "",
  ].join("\r\n");
}

async function main() {
  const versions = ["@zandor300/homewizard-energy-api", "p1-reader"].map(version);
  console.log(`homewizard-energy-api ${versions[0]}, p1-reader ${versions[1]}`);
  let text;
  const server = http.createServer((request, response) => response.end(text));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const meter = new P1MeterApi(`http://127.0.0.1:${server.address().port}`);
  const found = [];
  for (const gas of [
    "0-1:24.2.3(261130123456W)(00123.456*m3)",
    "0-1:24.2.3(261130123500W)(00123.456*m3)",
    "0-1:24.2.3(261130124000W)(00123.456*m3)",
    "0-1:24.2.1(261130123456W)(00123.456*m3)",
  ]) {
    text = telegram(gas);
    const { value, unit, timestamp } = (await meter.getParsedTelegram()).gas;
    const other = gas.includes("24.2.3") ? parse(text.split("!")[0]).gas.reading : "not tried";
    console.log(`${gas}: ${value} ${unit} at ${timestamp}; p1-reader ${other}`);
    found.push([value, unit, other]);
  }
  server.close();
  const expected = [
    [456, "1130123456W)(00123.456*", 123.456],
    [500, "1130123500W)(00123.456*", 123.456],
    [0, "1130124000W)(00123.456*", 123.456],
    [123.456, "m3", "not tried"],
  ];
  process.exit(JSON.stringify(found) === JSON.stringify(expected) ? 0 : 1);
}

main();
JAVASCRIPT
node read.js
