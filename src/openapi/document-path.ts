import { LegacyRouteConverter } from '@nestjs/core/router/legacy-route-converter.js';

/** An escaped character; a colon; a regular expression of Fastify; a parameter or wildcard; the braces of a group. */
const TOKENS =
  /\\(.)|(::|\[:\])|\(\^[^)]+\)|[:*](?:"([^"]+)"|([$_\p{ID_Start}][$\u200c\u200d\p{ID_Continue}]*))|[{}]/gu;

/** The path of a route (path-to-regexp 8) as OpenAPI writes it: `/orders/:id` is `/orders/{id}`. */
export const documentPath = (path: string): string =>
  LegacyRouteConverter.tryConvert(path, { logs: false }).replace(
    TOKENS,
    (_token, escaped?: string, colon?: string, quoted?: string, name?: string) => {
      if (colon !== undefined) return ':';
      const parameter = quoted ?? name;
      return parameter === undefined ? (escaped ?? '') : `{${parameter}}`;
    },
  );
