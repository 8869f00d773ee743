const TENANT = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/|$)/i;

/**
 * True when a key whose JWK has this `issuer` member may verify tokens with this `iss`. Microsoft Entra ID publishes
 * the keys of several tenants in one set, and names the tenant in that member: a key for one tenant must not verify the
 * tokens of another. A template (`{tenantid}`) stands for every tenant. Version 1 tokens have an `iss` of another host,
 * so the tenant decides and not the whole URL.
 */
export function mayVerifyTokensOf(tokenIssuer: string, keyIssuer: unknown): boolean {
  if (typeof keyIssuer !== 'string' || keyIssuer.includes('{tenantid}') || keyIssuer === tokenIssuer)
    return true;
  const tenant = TENANT.exec(keyIssuer)?.[1];
  return tenant !== undefined && tenant.toLowerCase() === TENANT.exec(tokenIssuer)?.[1]?.toLowerCase();
}
