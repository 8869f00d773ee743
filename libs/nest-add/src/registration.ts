import type { NestAddOptions } from './nest-add.options.js';

/** How a file is written. */
export interface CodeStyle {
  readonly quote: "'" | '"';
  readonly indent: string;
  readonly lineEnding: '\n' | '\r\n';
  readonly semicolon: string;
}

export const DEFAULT_STYLE: CodeStyle = { quote: "'", indent: '  ', lineEnding: '\n', semicolon: ';' };

/** The name of the package. */
export const PACKAGE = 'nestjs-jwks-auth';

/**
 * The code that goes into `imports`, in lines without a margin. `forRootAsync` reads what `ConfigModule` has loaded;
 * `forRoot` reads the environment.
 *
 * @param name by which the file imports `AuthModule`
 */
export function registration(
  { provider, issuer, audience, guardEveryRoute }: NestAddOptions,
  isAsync: boolean,
  { quote, indent }: CodeStyle,
  name = 'AuthModule',
): readonly string[] {
  const value = (variable: string, byDefault: string) =>
    isAsync
      ? `config.get<string>('${variable}', ${literal(byDefault)})`
      : `process.env.${variable} ?? ${literal(byDefault)}`;
  const options = [
    `issuer: ${value('ISSUER', issuer)}`,
    ...provider.options(value(provider.variable, audience)),
  ];
  const everyRoute = guardEveryRoute ? ['guardEveryRoute: true'] : [];
  const lines = isAsync
    ? [
        `${name}.forRootAsync({`,
        ...indented(indent, [
          ...everyRoute.map(withComma),
          'imports: [ConfigModule],',
          'inject: [ConfigService],',
          'useFactory: (config: ConfigService) => ({',
          ...indented(indent, options.map(withComma)),
          '}),',
        ]),
        '})',
      ]
    : [`${name}.forRoot({`, ...indented(indent, [...options, ...everyRoute].map(withComma)), '})'];
  return lines.map((line) => (quote === "'" ? line : line.replace(STRINGS, swapQuotes)));
}

/** The import that the registration needs. */
export const importLine = (
  { provider }: NestAddOptions,
  { quote, semicolon }: CodeStyle,
  name = 'AuthModule',
): string =>
  `import { ${[name, ...(provider.uses ?? [])].join(', ')} } from ${quote}${PACKAGE}${quote}${semicolon}`;

export const indented = (indent: string, lines: readonly string[]): readonly string[] =>
  lines.map((line) => indent + line);

const withComma = (line: string): string => `${line},`;

/** A string literal in single quotes. */
const literal = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;

const STRINGS = /'((?:[^'\\]|\\.)*)'/g;
const swapQuotes = (_literal: string, content: string): string =>
  `"${content.replace(/\\'/g, "'").replace(/"/g, '\\"')}"`;
