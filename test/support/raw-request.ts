import http from 'node:http';

/** A request whose header lines are sent as they are: repeated, odd, or not at all. */
export function rawRequest(
  url: string,
  headers: readonly string[],
  method = 'GET',
): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof rawRequest>>>();
  const host = headers.includes('host') ? [] : ['host', new URL(url).host];
  const request = http.request(url, { method, headers: [...host, ...headers], agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks).toString(),
      }),
    );
  });
  request.on('error', reject).end();
  return promise;
}
