import { Metadata } from '@grpc/grpc-js';
import { decodeJwt } from 'jose';
import { expect, it } from 'vitest';
import { startTestIssuer } from './test-issuer.js';

it('grpcMetadata is metadata of @grpc/grpc-js with a token of these claims', async () => {
  await using issuer = await startTestIssuer();
  const metadata = issuer.grpcMetadata({ sub: 'ada' }, { expiresInMs: -1_000 });
  expect(metadata).toBeInstanceOf(Metadata);
  const [value = ''] = metadata.get('authorization');
  const [scheme, token = ''] = String(value).split(' ');
  expect(scheme).toBe('Bearer');
  expect(decodeJwt(token)).toMatchObject({ iss: issuer.issuer, sub: 'ada' });
  expect(decodeJwt(token).exp).toBeLessThan(Date.now() / 1_000);
});
