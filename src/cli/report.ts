import type { Finding, FindingLevel } from '../doctor/index.js';

const LEVELS: readonly FindingLevel[] = ['error', 'warning', 'note', 'ok'];
const LEVEL_WIDTH = 9;
const MIN_WIDTH = 60;
const MAX_WIDTH = 120;
const DEFAULT_WIDTH = 100;

/** The findings as lines for a terminal: level and code on the left, what was seen and what to do on the right. */
export function asReport(findings: readonly Finding[], columns: number = DEFAULT_WIDTH): string {
  const codeWidth = Math.max(...findings.map(({ code }) => code.length)) + 2;
  const indent = LEVEL_WIDTH + codeWidth;
  const width = Math.max(MIN_WIDTH - 1, Math.min(columns, MAX_WIDTH)) - indent;
  const lines = findings.flatMap(({ level, code, seen, todo, link }) => {
    const needsAction = level === 'error' || level === 'warning';
    const [first = '', ...rest] = [
      ...wrapped(seen, width),
      ...(todo === '' ? [] : wrapped(`> ${todo}`, width)),
      ...(needsAction ? [`> ${link}`] : []),
    ];
    return [
      `${level.padEnd(LEVEL_WIDTH)}${code.padEnd(codeWidth)}${first}`,
      ...rest.map((line) => `${' '.repeat(indent)}${line}`),
    ];
  });
  return `${[...lines, '', summaryOf(findings)].join('\n')}\n`;
}

function summaryOf(findings: readonly Finding[]): string {
  const counts = LEVELS.slice(0, 2)
    .map((level) => ({ level, count: findings.filter((one) => one.level === level).length }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${level}${count === 1 ? '' : 's'}`);
  const cause = findings.find(({ level }) => level === 'error');
  if (cause !== undefined) return `${counts.join(', ')}; the cause is ${cause.code}`;
  return counts.length === 0 ? 'no errors' : `no errors, ${counts.join(', ')}`;
}

/** Lines of at most so many characters; a longer word has a line of its own. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
