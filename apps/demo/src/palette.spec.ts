import { expect, it } from 'vitest';
import { receivedSpan } from '../../../test/support/received-span.js';
import { LAYER_COLOURS, paletteCss } from './palette.js';
import { drawPicture } from './trace-picture.js';

it('gives the page and the pictures the same colours', () => {
  const [light, dark] = LAYER_COLOURS.jwt;
  expect(paletteCss()).toContain(`--jwt: light-dark(${light}, ${dark});`);
  const picture = drawPicture('One', [{ label: 'a request', spans: [receivedSpan({ name: 'jwt.verify' })] }]);
  expect(picture).toContain(`fill="${light}"`);
});
