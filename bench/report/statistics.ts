/** The value below which this share (0 to 1) of the values is. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

const shortly = (value: number): string =>
  value >= 1_000
    ? Math.round(value).toLocaleString('en-US')
    : value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);

/** The median, and the smallest and largest value after it. */
export function spread(values: readonly number[]): string {
  return `${shortly(median(values))} (${shortly(Math.min(...values))}–${shortly(Math.max(...values))})`;
}

export const ratio = (value: number, reference: number): string => `${(value / reference).toFixed(2)} ×`;
