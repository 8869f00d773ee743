import { METRIC_OPTIONS } from '../../src/telemetry/instruments.js';
import {
  ATTRIBUTE_SCHEMA,
  METRIC_SCHEMA,
  SPAN_SCHEMA,
  type MetricName,
  type SpanName,
} from '../support/telemetry-schema.js';

const INTRODUCTION = `# Spans and metrics

Written by \`npm run docs:telemetry\` from the names in the code; a test compares it with what an application exports.

No semantic convention covers JWT or JWK Sets yet, so these names are experimental. Attributes that a convention has keep its names. In code they are \`SPANS\`, \`METRICS\` and \`ATTRIBUTES\`; the instrumentation scope is \`SCOPE_NAME\`, which is \`nestjs-jwks-auth\`. How to get at them, and how to read a trace: [tracing](tracing.md).
`;

const SPANS_NOTE = `All spans are of kind INTERNAL. A refusal is an outcome, so it leaves the status unset. There are no events. Nothing of a token is ever on a span: no part or hash of it, no claim, nothing that has not been verified.`;

const METRICS_NOTE = `Labels come from closed lists and from the configuration, so nothing that a client sends adds a time series. Outside of a guard, \`AccessTokenVerifier.verify\` and \`passportJwtSecret\` count look-ups and fetches; \`jwt.authenticate.duration\` is about requests. Gauges are read when metrics are collected, over all applications of the process: where two share an issuer, the one that is closer to refusing tokens counts.

The SDK should be started before the application, as \`node --import\` does. One that comes later is noticed by the next request or fetch, and nothing before that is recorded.`;

/** docs/operate/telemetry.md, not yet formatted. */
export function telemetryDocument(): string {
  return [
    INTRODUCTION,
    '## Spans',
    SPANS_NOTE,
    '<!-- table: spans -->',
    table(['span', 'what it covers', 'parent', 'ERROR when'], Object.entries(SPAN_SCHEMA).map(spanRow)),
    ...(Object.keys(SPAN_SCHEMA) as SpanName[]).map(spanSection),
    '## Metrics',
    METRICS_NOTE,
    '<!-- table: metrics -->',
    table(
      ['metric', 'type', 'unit', 'what it tells', 'attributes'],
      (Object.keys(METRIC_SCHEMA) as MetricName[]).map(metricRow),
    ),
    '### Buckets',
    table(['histogram', 'upper bounds in seconds'], bucketRows()),
    '## Attributes',
    '<!-- table: attributes -->',
    table(
      ['attribute', 'type', 'values'],
      Object.entries(ATTRIBUTE_SCHEMA).map(([name, { type, values }]) => [
        code(name),
        type,
        valuesOf(values),
      ]),
    ),
  ].join('\n\n');
}

const code = (text: string): string => `\`${text}\``;
const codes = (texts: readonly string[]): string => texts.map(code).join(', ');
const valuesOf = (values: string | readonly string[]): string =>
  typeof values === 'string' ? values : codes(values);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const spanRow = ([name, { covers, parent, errorWhen }]: [string, (typeof SPAN_SCHEMA)[SpanName]]) => [
  code(name),
  covers,
  parent,
  errorWhen,
];

function spanSection(name: SpanName): string {
  const rows = Object.entries(SPAN_SCHEMA[name].attributes).map(([attribute, when]) => [
    code(attribute),
    when,
  ]);
  return `### ${code(name)}\n\n${table(['attribute', 'present'], rows)}`;
}

function metricRow(name: MetricName): string[] {
  const { type, attributes } = METRIC_SCHEMA[name];
  const { unit = '', description = '' } = METRIC_OPTIONS[name];
  return [code(name), type, code(unit), description.replace(/\.$/, ''), codes(attributes)];
}

const bucketRows = (): string[][] =>
  Object.entries(METRIC_OPTIONS)
    .filter(([, { advice }]) => advice !== undefined)
    .map(([name, { advice }]) => [code(name), (advice?.explicitBucketBoundaries ?? []).join(', ')]);
