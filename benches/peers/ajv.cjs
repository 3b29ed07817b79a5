// Validates FILE against SCHEMA with the ajv installed in MODULES: node ajv.cjs MODULES SCHEMA FILE
"use strict";

const { readFileSync } = require("node:fs");

const [modules, schema, file] = process.argv.slice(2);
const { Ajv2020 } = require(`${modules}/ajv/dist/2020`);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));

const validate = new Ajv2020({ allErrors: true }).compile(read(schema));
if (!validate(read(file))) {
  console.error(validate.errors);
  process.exitCode = 1;
}
