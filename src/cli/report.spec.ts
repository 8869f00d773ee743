import { expect, it } from 'vitest';
import { error, note, ok } from '../doctor/finding.js';
import { asReport } from './report.js';

it('aligns levels, codes and text, and ends with the cause', () => {
  const findings = [
    ok('issuer_matches', 'the issuer is spelled alike'),
    note(
      'single_key',
      'the issuer publishes one key; at a rotation a token waits for a fetch',
      'Publish the next one earlier.',
    ),
    error(
      'wrong_audience',
      'the token is for "account", and "orders-api" is configured',
      'Add a mapper "Audience".',
    ),
  ];
  expect(`\n${asReport(findings, 76)}`).toMatchInlineSnapshot(`
    "
    ok       issuer_matches  the issuer is spelled alike
    note     single_key      the issuer publishes one key; at a rotation a token
                             waits for a fetch
                             > Publish the next one earlier.
    error    wrong_audience  the token is for "account", and "orders-api" is
                             configured
                             > Add a mapper "Audience".
                             > docs/guide/troubleshooting.md#the-audience-differs

    1 error; the cause is wrong_audience
    "
  `);
});

it('says so where nothing is wrong', () => {
  expect(asReport([ok('clock', 'the clocks agree')])).toBe('ok       clock  the clocks agree\n\nno errors\n');
});
