import type { Layer } from './span-reading.js';

/** A colour on a light and on a dark background. */
type Colour = readonly [light: string, dark: string];

/** The bars of spans; the text colour can be read on each of them. */
export const LAYER_COLOURS: Readonly<Record<Layer, Colour>> = {
  server: ['#b9d8ff', '#1d4f91'],
  app: ['#d9dfe5', '#46525f'],
  jwt: ['#dccbff', '#6440b5'],
  jwks: ['#ffd98a', '#805300'],
  client: ['#a9e8c6', '#12633f'],
};

/** Everything else. */
export const COLOURS = {
  back: ['#ffffff', '#14171c'],
  raised: ['#f6f8fa', '#1c2128'],
  text: ['#1f2328', '#e6e9ee'],
  quiet: ['#57606a', '#a3acb8'],
  line: ['#d0d7de', '#3a424d'],
  error: ['#b3141f', '#ff8b85'],
  stripe: ['#f7b5b5', '#7d2b2b'],
} as const satisfies Readonly<Record<string, Colour>>;

/** The same as a style sheet with a custom property for each colour: `--jwks`, `--text`. */
export const paletteCss = (): string =>
  `:root {\n${Object.entries({ ...LAYER_COLOURS, ...COLOURS })
    .map(([name, [light, dark]]) => `  --${name}: light-dark(${light}, ${dark});\n`)
    .join('')}}\n`;
