#!/usr/bin/env node
import { runCommand } from './run-command.js';

// No await at the top: the file must load in every way in which Node runs a package's command.
void runCommand(process.argv.slice(2), process).then((exitCode) => {
  process.exitCode = exitCode;
});
