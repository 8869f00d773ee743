/** One row of a table, and how to measure it once. */
export interface Row<T> {
  readonly title: string;
  readonly measure: (round: number) => Promise<T>;
}

/** What was measured, row by row and round by round. */
export type Series<T> = ReadonlyMap<string, readonly T[]>;

/**
 * Measures all rows one after another, round by round, so that a noisy moment affects all of them; the first rounds
 * warm up. Each round begins one row later, so that none is always measured after the same one.
 */
export async function inRounds<T>(
  rounds: number,
  warmUpRounds: number,
  rows: readonly Row<T>[],
): Promise<Series<T>> {
  const series = new Map(rows.map(({ title }) => [title, [] as T[]]));
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    const start = round % rows.length;
    for (const { title, measure } of [...rows.slice(start), ...rows.slice(0, start)]) {
      const value = await measure(round);
      if (round >= warmUpRounds) series.get(title)?.push(value);
    }
  }
  return series;
}
