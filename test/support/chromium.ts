import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Debian's package `chromium`. */
const EXECUTABLE = '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why tests in a browser are skipped here; undefined when they run. With `REQUIRE_ALL` they run, and fail. */
export const NO_CHROMIUM =
  existsSync(EXECUTABLE) || process.env['REQUIRE_ALL'] === '1' ? undefined : `${EXECUTABLE} is not installed`;

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
