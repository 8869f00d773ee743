import { X509Certificate } from 'node:crypto';
import https from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { createTestCertificate } from './test-certificate.js';
import { startTestIssuer } from './test-issuer.js';

async function statusOf(url: string, ca?: string): Promise<number | undefined> {
  const request = https.get(url, { agent: false, ...(ca === undefined ? {} : { ca }) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

it('makes an https issuer whom only clients trust that were given the certificate', async () => {
  const tls = createTestCertificate();
  await using issuer = await startTestIssuer({ tls });
  expect(issuer.issuer).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(await statusOf(issuer.jwksUri, tls.cert)).toBe(200);
  await expect(statusOf(issuer.jwksUri)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  await expect(statusOf(issuer.jwksUri, createTestCertificate().cert)).rejects.toThrow(/certificate/);
});

it('is a certificate for 127.0.0.1 and localhost alone, signed by itself and valid now', () => {
  const certificate = new X509Certificate(createTestCertificate().cert);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.ca).toBe(true);
  expect([certificate.checkIP('127.0.0.1'), certificate.checkHost('localhost')]).toEqual([
    '127.0.0.1',
    'localhost',
  ]);
  expect([certificate.checkIP('127.0.0.2'), certificate.checkHost('example.com')]).toEqual([
    undefined,
    undefined,
  ]);
  expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now());
  expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now());
});

it('resets TLS connections too', async () => {
  const tls = createTestCertificate();
  await using issuer = await startTestIssuer({ tls });
  issuer.fault('reset', { times: 1 });
  await expect(statusOf(issuer.jwksUri, tls.cert)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await statusOf(issuer.jwksUri, tls.cert)).toBe(200);
});

it('may be changed while the issuer runs: clients that trust the first one alone are refused meanwhile', async () => {
  const tls = createTestCertificate();
  await using issuer = await startTestIssuer({ tls });
  issuer.useCertificate(createTestCertificate());
  await expect(statusOf(issuer.jwksUri, tls.cert)).rejects.toThrow(/certificate/);
  issuer.useCertificate(tls);
  expect(await statusOf(issuer.jwksUri, tls.cert)).toBe(200);
});

it('cannot be given to an issuer that was started without TLS', async () => {
  await using issuer = await startTestIssuer();
  expect(() => issuer.useCertificate(createTestCertificate())).toThrow(
    'tls: this issuer was started without it',
  );
});
