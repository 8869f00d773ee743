import { NestFactory } from '@nestjs/core';
import { AccessTokenVerifier, AuthModule, type AuthOptions } from 'nestjs-jwks-auth';
import { receive } from './messages.js';

/** The messages that this process handles. It needs `--expose-gc`. */
export type MemoryMessages = typeof handlers;

let verifier: AccessTokenVerifier | undefined;
/** Held for as long as this process lives. */
const kept: unknown[] = [];

const handlers = {
  start: async (options: AuthOptions): Promise<void> => {
    const app = await NestFactory.createApplicationContext(AuthModule.forRoot(options), { logger: false });
    verifier = app.get(AccessTokenVerifier);
  },

  /** Verifies these tokens; how many were accepted. */
  verify: async ({ tokens }: { tokens: readonly string[] }): Promise<number> => {
    let accepted = 0;
    for (const token of tokens) accepted += await isAccepted(token);
    return accepted;
  },

  /** Keeps the claims of these tokens, and nothing else of them; how many are kept. */
  keepClaims: ({ tokens }: { tokens: readonly string[] }): number =>
    kept.push(...tokens.map((token) => JSON.parse(payloadOf(token)) as unknown)),

  /** Bytes in use, on V8's heap and beside it. */
  usedBytes: async (): Promise<number> => {
    const { gc } = globalThis;
    if (gc === undefined) throw new Error('needs --expose-gc');
    // The garbage of the last message is collected too.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
};

const payloadOf = (token: string): string => Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();

async function isAccepted(token: string): Promise<0 | 1> {
  try {
    await verifier?.verify(token);
    return 1;
  } catch {
    return 0;
  }
}

receive(handlers);
