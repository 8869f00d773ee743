import { HttpStatus, type ExecutionContext } from '@nestjs/common';
import { loadOptional } from '../../common/optional-peer.js';
import type { AuthException } from '../auth.exception.js';
import { oneBearerToken, type HttpRequest } from './bearer-token.js';
import { isMcpContext, mcpCall } from './mcp-call.js';
import { isEventHandler, RefusedEvent } from './refused-event.js';
import type { ResolvedTransports } from './transport.options.js';
import type { Call, Transport } from './transport.js';

/** Metadata of gRPC, as @grpc/grpc-js has it: names in lower case, several values each. */
interface GrpcMetadata {
  get(name: string): unknown[];
  set(name: string, value: string): void;
}

/** The headers of NATS: names in the case in which they were sent, several values each. */
interface NatsHeaders {
  keys(): string[];
  values(name: string): string[];
}

/** The context of the other transports of Nest: each has one of these. */
interface MessageContext {
  /** TCP and Redis, from Nest 12 on. */
  getMetadata?(): object | undefined;
  getHeaders?(): NatsHeaders | undefined;
  /** Kafka (`headers`) and RabbitMQ (`properties.headers`). */
  getMessage?(): { headers?: object; properties?: { headers?: object } } | undefined;
  /** Kafka. */
  getPartition?(): number;
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
    // One array for each call, for guards and interceptors alike.
    const args = context.getArgs<unknown[]>();
    const [, second, third] = args;
    if (isMcpContext(second)) return mcpCall(second, args);
    const carrier = isGrpcMetadata(second) ? (third ?? second) : second;
    if (typeof carrier !== 'object' || carrier === null) return undefined;
    return {
      carrier: carrier as HttpRequest,
      key: args,
      takeToken: () => oneBearerToken(credentialsIn(second as object)),
    };
  },

  refusalOf(
    exception: AuthException,
    context: ExecutionContext,
    { refusedEvent }: ResolvedTransports,
  ): unknown {
    const { RpcException, KafkaRetriableException } =
      loadOptional<Microservices>('@nestjs/microservices') ?? {};
    if (RpcException === undefined || KafkaRetriableException === undefined) return exception;
    const { code, detail } = exception.problem;
    const [, second] = context.getArgs<unknown[]>();
    if (isGrpcMetadata(second))
      return new RpcException({
        code: grpcStatusOf(exception.getStatus()),
        message: detail,
        details: detail,
        metadata: trailersOf(exception, second),
      });
    const data = { status: 'error', code, message: detail };
    const message = (second ?? {}) as MessageContext;
    if (!isEventHandler(context.getHandler()) && !isKafkaEvent(message)) return new RpcException(data);
    const { isRefusal } = exception.authError;
    if (isRefusal && refusedEvent === 'drop') return new RefusedEvent(exception, context);
    return isRefusal || !isOfKafka(message) ? new RpcException(data) : new KafkaRetriableException(data);
  },
};

const isGrpcMetadata = (value: unknown): value is GrpcMetadata =>
  typeof value === 'object' && value !== null && 'getMap' in value && 'get' in value;

const isOfKafka = ({ getPartition }: MessageContext): boolean => getPartition !== undefined;

/** Nest takes a message of Kafka for an event, whatever its handler is, when it names no topic to reply to. */
function isKafkaEvent(message: MessageContext): boolean {
  if (!isOfKafka(message)) return false;
  const headers = message.getMessage?.()?.headers as Record<string, unknown> | undefined;
  return !headers?.['kafka_correlationId'] || !headers['kafka_replyTopic'];
}

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
  const context = received as MessageContext;
  const headers = context.getHeaders?.();
  const message = context.getMessage?.();
  return [
    ...(headers?.keys().filter(isAuthorization) ?? []).flatMap((name) => headers?.values(name) ?? []),
    ...authorizationAmong(context.getMetadata?.()),
    ...authorizationAmong(message?.headers),
    ...authorizationAmong(message?.properties?.headers),
    ...authorizationAmong(context.getPacket?.()?.properties?.userProperties),
  ];
}

/** The values under `authorization`, in any case; a name that came several times has an array. */
function authorizationAmong(headers: object | undefined): readonly unknown[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) => {
    if (!isAuthorization(name)) return [];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map((one) => (Buffer.isBuffer(one) ? one.toString('latin1') : one));
  });
}

const isAuthorization = (name: string): boolean => name.toLowerCase() === 'authorization';
