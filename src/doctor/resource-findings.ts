import { isJsonObject } from '../common/json-object.js';
import { fetchJson, type ResponseHead } from '../http/fetch-json.js';
import { metadataUrlOf, WELL_KNOWN_PATH } from '../resource/resource.options.js';
import { attempt, type Attempt } from './attempt.js';
import type { ResolvedDiagnoseOptions } from './diagnose.options.js';
import { differenceOf } from './difference.js';
import { error, note, ok, type Finding } from './finding.js';
import { reachabilityProblem } from './issuer/reachability.js';
import { quoted, quotedList, shownUrl } from './words.js';

/** Where the metadata of a resource was found, and what is in it. */
interface FoundMetadata {
  readonly address: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly head: ResponseHead | undefined;
}

/**
 * The metadata of a protected resource (RFC 9728), found as a client finds it: by the challenge, at the path of the
 * resource, at the root of its host.
 */
export async function resourceFindings({
  resource,
  issuer,
  keys,
}: ResolvedDiagnoseOptions): Promise<readonly Finding[]> {
  if (resource === undefined) return [];
  const fetch = (address: string) =>
    attempt<unknown>(address, keys, [], async (options, signal) => {
      const { json } = await fetchJson(address, {}, options, signal);
      return json;
    });
  const probe = await fetch(resource);
  if (probe.heads.length === 0)
    return [reachabilityProblem('the protected resource', probe)].filter((one) => one !== undefined);
  const named = inChallenge(probe);
  const found = await firstMetadata(
    [...(named === undefined ? [] : [named]), ...addressesOf(resource)],
    fetch,
  );
  if (found === undefined)
    return [
      error(
        'resource_not_found',
        `${quoted(shownUrl(resource))} has no metadata: its challenge names none, and there is none at ${quotedList(addressesOf(resource))}`,
        'Serve it there (RFC 9728 §3): a client that discovers the API cannot find its issuer otherwise.',
      ),
    ];
  return [
    ...(named === undefined ? [notInChallenge()] : []),
    resourceFinding(resource, found),
    issuerFinding(issuer, found),
    ...corsFindings(found),
  ];
}

/** `resource_metadata` in a challenge (RFC 9728 §5.1). */
function inChallenge({ heads }: Attempt<unknown>): string | undefined {
  const named = /\bresource_metadata\s*=\s*"([^"]+)"/.exec(
    String(heads[0]?.headers['www-authenticate']),
  )?.[1];
  return named !== undefined && URL.canParse(named) && /^https?:/.test(named) ? named : undefined;
}

/** Between host and path (RFC 9728 §3.1), also without a slash at the end; and at the root, for clients that look there. */
function addressesOf(resource: string): readonly string[] {
  const address = metadataUrlOf(resource);
  const atRoot = new URL(resource).origin + WELL_KNOWN_PATH;
  return [...new Set([address, address.replace(/\/$/, ''), atRoot])];
}

async function firstMetadata(
  addresses: readonly string[],
  fetch: (address: string) => Promise<Attempt<unknown>>,
): Promise<FoundMetadata | undefined> {
  for (const address of addresses) {
    const { value, heads } = await fetch(address);
    if (isJsonObject(value)) return { address, metadata: value, head: heads.at(-1) };
  }
  return undefined;
}

const notInChallenge = (): Finding =>
  note(
    'resource_not_in_challenge',
    'the response without a token names no metadata in its challenge (resource_metadata)',
    'Add it to WWW-Authenticate (RFC 9728 §5.1): clients look there first.',
  );

function resourceFinding(resource: string, { address, metadata }: FoundMetadata): Finding {
  const named = metadata['resource'];
  if (named === resource)
    return ok('resource', `the metadata at ${shownUrl(address)} is that of ${quoted(resource)}`);
  if (typeof named !== 'string')
    return error(
      'resource_invalid',
      `the metadata at ${shownUrl(address)} names no resource: it is ${quoted(named)}`,
      'Add "resource", the URL that clients use (RFC 9728 §2).',
    );
  return error(
    'resource_differs',
    `the resource is ${quoted(resource)}, and its metadata says ${quoted(named)}: they differ ${differenceOf(resource, named)}`,
    'Have the metadata name the URL that clients use, character by character: they compare it (RFC 9728 §3.3).',
  );
}

function issuerFinding(issuer: string, { metadata }: FoundMetadata): Finding {
  const named = metadata['authorization_servers'];
  const servers: readonly unknown[] = Array.isArray(named) ? named : [];
  if (servers.includes(issuer))
    return ok('resource', `its metadata names the issuer among its authorization servers: ${quoted(issuer)}`);
  const [first] = servers;
  const difference =
    servers.length === 1 && typeof first === 'string' ? `: they differ ${differenceOf(issuer, first)}` : '';
  return error(
    'resource_issuer_differs',
    `the issuer is ${quoted(issuer)}, and the metadata of the resource names ${quotedList(servers)}${difference}`,
    'Have authorization_servers hold the issuer, as it stands in iss (RFC 9728 §2).',
  );
}

function corsFindings({ head, address }: FoundMetadata): readonly Finding[] {
  if (head?.headers['access-control-allow-origin'] !== undefined) return [];
  return [
    note(
      'resource_without_cors',
      `the metadata at ${shownUrl(address)} cannot be read by a script in a browser (no Access-Control-Allow-Origin)`,
      'Add the header, where clients run in browsers.',
    ),
  ];
}
