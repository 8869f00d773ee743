import type { INestApplicationContext } from '@nestjs/common';
import { KEY_OPTIONS, type ResolvedKeyOptions } from '../keys/key.options.js';
import { ISSUERS, type IssuerRules } from '../token/issuers/issuer-rules.js';

/**
 * The configured issuers; none where they are dynamic, and in preview mode, where nothing is constructed.
 *
 * @throws TypeError without AuthModule
 */
export const issuersOf = (app: INestApplicationContext): readonly IssuerRules[] =>
  optionsOf<readonly IssuerRules[]>(app, ISSUERS) ?? [];

/**
 * How the issuers are fetched from; undefined in preview mode.
 *
 * @throws TypeError without AuthModule
 */
export const keyOptionsOf = (app: INestApplicationContext): ResolvedKeyOptions | undefined =>
  optionsOf<ResolvedKeyOptions>(app, KEY_OPTIONS);

function optionsOf<Options>(app: INestApplicationContext, token: symbol): Options | undefined {
  try {
    return app.get<Options | undefined>(token, { strict: false });
  } catch (error) {
    throw new TypeError('nestjs-jwks-auth: the OpenAPI document needs an application with AuthModule', {
      cause: error,
    });
  }
}
