// The Grafana dashboard. `npm run docs:dashboard` writes it to grafana/dashboards/nestjs-jwks-auth.json.
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { writeFileSync } from 'node:fs';

/** One line, or one group of lines, of a panel: a PromQL expression and what the legend calls it. */
type Query = readonly [expression: string, legend: string];

const TARGET = new URL('grafana/dashboards/nestjs-jwks-auth.json', import.meta.url);
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Only what is chosen at the top of the dashboard. `more` goes into the same braces. */
const at = (metric: string, more = ''): string => `${metric}{job=~"$job", instance=~"$instance"${more}}`;
const rate = (series: string): string => `rate(${series}[$__rate_interval])`;
const by = (labels: string, expression: string): string => `sum by (${labels}) (${expression})`;
const quantile = (q: number, histogram: string, labels = ''): string =>
  `histogram_quantile(${q}, ${by(`le${labels}`, rate(at(`${histogram}_bucket`)))})`;

const REQUESTS = 'jwt_authenticate_duration';
const FETCHES = 'jwks_fetch_duration';
const LOOKUPS = 'jwks_key_lookups_total';

function panel(title: string, description: string, unit: string, queries: readonly Query[]): PanelBuilder {
  const builder = new PanelBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(DATASOURCE)
    .min(0)
    .span(8)
    .height(8)
    .fillOpacity(10);
  for (const [expression, legend] of queries) {
    builder.withTarget(new DataqueryBuilder().expr(expression).legendFormat(legend));
  }
  return builder;
}

const requests = [
  panel('Requests by result', 'What became of the requests that a guard looked at.', 'reqps', [
    [by('jwt_result', rate(at(`${REQUESTS}_count`))), '{{jwt_result}}'],
  ]),
  panel(
    'Refusals by reason',
    'Why requests were refused: the codes of docs/guide/http-answers.md.',
    'reqps',
    [
      [
        by('jwt_rejection_reason', rate(at(`${REQUESTS}_count`, ', jwt_result="rejected"'))),
        '{{jwt_rejection_reason}}',
      ],
    ],
  ),
  panel('Not judged', 'Tokens that could not be judged, and hooks of the application that failed.', 'reqps', [
    [by('error_type', rate(at(`${REQUESTS}_count`, ', jwt_result="error"'))), '{{error_type}}'],
  ]),
  panel('Time in the guard', 'From the credentials to the user, your validate included.', 's', [
    [quantile(0.5, REQUESTS), 'p50'],
    [quantile(0.95, REQUESTS), 'p95'],
    [quantile(0.99, REQUESTS), 'p99'],
  ]),
  panel('Remembered tokens', 'Verified tokens that cost no signature check when they come again.', 'short', [
    [by('instance', at('jwt_token_cache_entries')), '{{instance}}'],
  ]),
  panel('Revocations', 'Kept until they expire; 100,000 of each issuer at most.', 'short', [
    [by('instance', at('jwt_revocations_entries')), '{{instance}}'],
  ]),
];

const keys = [
  panel(
    'Time to expiry',
    'How long tokens are still accepted if the issuer stays away. 0: they are refused now, with 503.',
    's',
    [[`min by (jwks_issuer) (${at('jwks_keyset_time_to_expiry')})`, '{{jwks_issuer}}']],
  ),
  panel('Age of the keys', 'Since the issuer last confirmed them: a saw tooth below the dashed line.', 's', [
    [`max by (jwks_issuer) (${at('jwks_keyset_age')})`, '{{jwks_issuer}}'],
    [`min by (jwks_issuer) (${at('jwks_keyset_max_age')})`, 'fresh for: {{jwks_issuer}}'],
  ]).overrideByRegexp('fresh for: .*', [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } }]),
  panel(
    'Keys',
    'Usable keys in memory. Two sets at once mean a rotation that not every process has seen.',
    'short',
    [[`max by (jwks_issuer) (${at('jwks_keyset_keys')})`, '{{jwks_issuer}}']],
  ),
  panel(
    'Look-ups by result',
    'hit and stale come from memory at once; the others waited or were refused.',
    'ops',
    [[by('jwks_cache_result', rate(at(LOOKUPS))), '{{jwks_cache_result}}']],
  ),
  panel('Look-ups that waited', 'The share of look-ups that waited for the issuer.', 'percentunit', [
    [
      `${by('jwks_issuer', rate(at(LOOKUPS, ', jwks_cache_result=~"miss|coalesced"')))} / ${by('jwks_issuer', rate(at(LOOKUPS)))}`,
      '{{jwks_issuer}}',
    ],
  ]),
];

const fetches = [
  panel('Fetches a minute', 'Questions to the issuers, by what made them.', 'short', [
    [
      `60 * ${by('jwks_issuer, jwks_fetch_trigger', rate(at(`${FETCHES}_count`)))}`,
      '{{jwks_issuer}} {{jwks_fetch_trigger}}',
    ],
  ]),
  panel('Failed fetches a minute', 'By kind of failure.', 'short', [
    [
      `60 * ${by('jwks_issuer, error_type', rate(at(`${FETCHES}_count`, ', jwks_fetch_outcome="rejected"')))}`,
      '{{jwks_issuer}} {{error_type}}',
    ],
  ]),
  panel(
    'Time of a fetch',
    'How long the issuers take to answer. No request waits for it while keys are in memory.',
    's',
    [
      [quantile(0.5, FETCHES, ', jwks_issuer'), 'p50 {{jwks_issuer}}'],
      [quantile(0.95, FETCHES, ', jwks_issuer'), 'p95 {{jwks_issuer}}'],
    ],
  ),
];

const choice = (name: string, label: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(`label_values(jwks_keyset_keys, ${name})`)
    .includeAll(true)
    .allValue('.*')
    .multi(true);

/** The dashboard as JSON, ready to be provisioned or imported. */
export function dashboardJson(): string {
  const dashboard = new DashboardBuilder('nestjs-jwks-auth')
    .uid('nestjs-jwks-auth')
    .description('Access tokens and the keys that they are checked with.')
    .tags(['nestjs', 'auth', 'jwks'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('10s')
    .readonly()
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(choice('job', 'Service'))
    .withVariable(choice('instance', 'Instance'));
  for (const [title, panels] of Object.entries({ Requests: requests, Keys: keys, Fetches: fetches })) {
    dashboard.withRow(new RowBuilder(title));
    for (const one of panels) dashboard.withPanel(one);
  }
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}

if (import.meta.main) writeFileSync(TARGET, dashboardJson());
