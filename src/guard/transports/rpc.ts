import { HttpStatus, type ExecutionContext } from '@nestjs/common';
import { loadOptional } from '../../common/optional-peer.js';
import type { AuthException } from '../auth.exception.js';
import { oneBearerToken, type HttpRequest } from './bearer-token.js';
import { isMcpContext, mcpCall } from './mcp-call.js';
import type { Call, Transport } from './transport.js';

/** Metadata of gRPC, as @grpc/grpc-js has it: names in lower case, several values each. */
interface GrpcMetadata {
  get(name: string): unknown[];
  set(name: string, value: string): void;
}

/** The context of the other transports of Nest: each has one of these. */
interface MessageContext {
  /** TCP and Redis, from Nest 12 on. */
  getMetadata?(): Record<string, unknown> | undefined;
  /** NATS. */
  getHeaders?(): { get?(name: string): unknown } | undefined;
  /** Kafka (`headers`) and RabbitMQ (`properties.headers`). */
  getMessage?(): { headers?: object; properties?: { headers?: object } } | undefined;
  /** MQTT 5. */
  getPacket?(): { properties?: { userProperties?: object } } | undefined;
}

type Microservices = typeof import('@nestjs/microservices');

/** Status codes of gRPC. */
const GRPC = { PERMISSION_DENIED: 7, UNAVAILABLE: 14, UNAUTHENTICATED: 16 } as const;

/** Handlers of messages and events of microservices, gRPC among them. */
export const rpc: Transport = {
  name: 'rpc',

  read(context: ExecutionContext): Call | undefined {
    const [, second, third] = context.getArgs<unknown[]>();
    if (isMcpContext(second)) return mcpCall(second, context);
    const carrier = isGrpcMetadata(second) ? (third ?? second) : second;
    if (typeof carrier !== 'object' || carrier === null) return undefined;
    return {
      carrier: carrier as HttpRequest,
      key: context,
      takeToken: () => oneBearerToken(credentialsIn(second as object)),
    };
  },

  refusalOf(exception: AuthException, context: ExecutionContext): unknown {
    const { RpcException } = loadOptional<Microservices>('@nestjs/microservices') ?? {};
    if (RpcException === undefined) return exception;
    const { code, detail } = exception.problem;
    const [, metadata] = context.getArgs<unknown[]>();
    if (!isGrpcMetadata(metadata)) return new RpcException({ status: 'error', code, message: detail });
    return new RpcException({
      code: grpcStatusOf(exception.getStatus()),
      message: detail,
      details: detail,
      metadata: trailersOf(exception, metadata),
    });
  },
};

const isGrpcMetadata = (value: unknown): value is GrpcMetadata =>
  typeof value === 'object' && value !== null && 'getMap' in value && 'get' in value;

function grpcStatusOf(status: number): number {
  if (status === (HttpStatus.FORBIDDEN as number)) return GRPC.PERMISSION_DENIED;
  return status === (HttpStatus.SERVICE_UNAVAILABLE as number) ? GRPC.UNAVAILABLE : GRPC.UNAUTHENTICATED;
}

/** The challenge and the code; for an outage, when a client with a retry policy may try again (gRFC A6). */
function trailersOf({ headers, problem }: AuthException, received: GrpcMetadata): GrpcMetadata {
  const trailers = new (received.constructor as new () => GrpcMetadata)();
  trailers.set('auth-error-code', problem.code);
  const challenge = headers['www-authenticate'];
  if (challenge !== undefined) trailers.set('www-authenticate', challenge);
  const retryAfter = headers['retry-after'];
  if (retryAfter !== undefined) trailers.set('grpc-retry-pushback-ms', String(Number(retryAfter) * 1_000));
  return trailers;
}

/** The values of `authorization` in what came beside the data. */
function credentialsIn(received: object): readonly unknown[] {
  if (isGrpcMetadata(received)) return received.get('authorization');
  const { getMetadata, getHeaders, getMessage, getPacket } = received as MessageContext;
  if (getMetadata !== undefined) return authorizationAmong(getMetadata.call(received));
  if (getHeaders !== undefined) return [getHeaders.call(received)?.get?.('authorization')];
  if (getMessage !== undefined) {
    const message = getMessage.call(received);
    return authorizationAmong(message?.properties?.headers ?? message?.headers);
  }
  return authorizationAmong(getPacket?.call(received)?.properties?.userProperties);
}

/** The values under `authorization`, in any case; a name that came several times has an array. */
function authorizationAmong(headers: object | undefined): readonly unknown[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'authorization') return [];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map((one) => (Buffer.isBuffer(one) ? one.toString('latin1') : one));
  });
}
