#!/usr/bin/env node
import { isOldNode, MINIMUM_NODE } from './node-version.js';

// No await at the top: the file must load in every way in which Node runs a package's command.
if (isOldNode(process.versions.node)) {
  process.stderr.write(
    `nestjs-jwks-auth needs Node.js ${MINIMUM_NODE} or newer; this is ${process.version}\n`,
  );
  process.exitCode = 2;
} else {
  // What an older Node cannot load is loaded here alone.
  void import('./run-command.js')
    .then(({ runCommand }) => runCommand(process.argv.slice(2), process))
    .then((exitCode) => {
      process.exitCode = exitCode;
    });
}
