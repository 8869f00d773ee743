import type { Outcome } from './scenarios.js';

/** The outcome of one scenario under one policy. */
export interface Result extends Outcome {
  readonly policy: string;
}

const HEAD = [
  'scenario',
  'policy',
  'fetches in the hour',
  'in the first ten minutes',
  'the same per pod',
  'peak per second',
  'valid tokens that waited',
  'refused',
];

/** The results as one Markdown table, scenario by scenario. */
export function toTable(results: readonly Result[]): string {
  const scenarios = Map.groupBy(results, ({ scenario }) => scenario.name);
  const rows = [...scenarios.values()].flatMap((rivals) => [
    ...rivals.map((result, index) => [index === 0 ? result.scenario.name : '', ...toCells(result)]),
    ...onePerPod(rivals),
  ]);
  const rule = HEAD.map((_, column) => (column < 2 ? '---' : '--:'));
  return [HEAD, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function toCells(result: Result): string[] {
  const { policy, fetchesInHour, fetchesInEvent, pods, peakPerSecond, served } = result;
  const share = (requests: number) => `${((100 * requests) / served.requests).toFixed(1)} %`;
  return [
    policy,
    grouped(fetchesInHour),
    grouped(fetchesInEvent),
    (fetchesInEvent / pods).toFixed(fetchesInEvent < pods ? 3 : 1),
    grouped(peakPerSecond),
    share(served.waited),
    share(served.refused),
  ];
}

/** What a scenario would cost if each pod fetched once, for comparison. */
function onePerPod([first]: readonly Result[]): string[][] {
  if (first?.scenario.costsOnePerPod !== true) return [];
  return [['', 'one request per pod', '', grouped(first.pods), '1.0', '', '', '']];
}

const grouped = (count: number): string => count.toLocaleString('en-US');
