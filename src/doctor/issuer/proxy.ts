import http from 'node:http';
import https from 'node:https';

/** The variable that names the proxy for an address; undefined where none is set, or NO_PROXY excludes the host. */
export function proxyVariable(address: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, hostname } = new URL(address);
  const excluded = (env['no_proxy'] ?? env['NO_PROXY'] ?? '')
    .split(',')
    .map((one) => one.trim().replace(/^\*?\./, ''));
  if (
    excluded.some((one) => one === '*' || (one !== '' && (hostname === one || hostname.endsWith(`.${one}`))))
  )
    return undefined;
  const names = protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  return names.find((name) => (env[name] ?? '') !== '');
}

/** True where Node sends the request through it: with NODE_USE_ENV_PROXY or `--use-env-proxy`, as its global agents show. */
export function isProxied(address: string): boolean {
  const transport = address.startsWith('https:') ? https : http;
  const { options } = transport.globalAgent as { readonly options?: https.AgentOptions };
  return options?.proxyEnv !== undefined && proxyVariable(address) !== undefined;
}
