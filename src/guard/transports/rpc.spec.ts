import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  KafkaContext,
  MqttContext,
  NatsContext,
  RedisContext,
  RmqContext,
  TcpContext,
} from '@nestjs/microservices';
import { describe, expect, it } from 'vitest';
import { rpc } from './rpc.js';

/** Headers of NATS: a name is found in the case in which it was sent alone. */
class MsgHdrs {
  constructor(private readonly sent: readonly (readonly [string, string])[]) {}

  keys(): string[] {
    return [...new Set(this.sent.map(([name]) => name))];
  }

  get(name: string): string {
    return this.values(name)[0] ?? '';
  }

  values(name: string): string[] {
    return this.sent.filter(([one]) => one === name).map(([, value]) => value);
  }
}

type Value = string | readonly string[] | undefined;
type Message = object;

const many = (value: Value): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;
const asBuffers = (value: Value): unknown =>
  typeof value === 'string' ? Buffer.from(value) : value?.map((one) => Buffer.from(one));

/** A message of each transport with this header. */
const MESSAGES: Record<string, (name: string, value: Value) => Message> = {
  'TCP of Nest 12': (name, value) => new TcpContext([{} as never, 'orders', { [name]: value } as never]),
  'Redis of Nest 12': (name, value) => new RedisContext(['orders', { [name]: value } as never]),
  NATS: (name, value) =>
    new NatsContext(['orders', new MsgHdrs(many(value).map((one) => [name, one])) as never]),
  Kafka: (name, value) => kafka({ [name]: value }),
  'Kafka, undecoded': (name, value) => kafka({ [name]: asBuffers(value) }),
  RabbitMQ: (name, value) => rabbit({ [name]: value }),
  'MQTT 5': (name, value) =>
    new MqttContext(['orders', { properties: { userProperties: { [name]: value } } }]),
};

const kafka = (headers: object): KafkaContext =>
  new KafkaContext([{ headers } as never, 0, 'orders', {} as never, async () => {}, {} as never]);
const rabbit = (headers: object | undefined): RmqContext =>
  new RmqContext([{ properties: { headers } } as never, {}, 'orders']);

const contextOf = (message: unknown): ExecutionContext => new ExecutionContextHost([{}, message]);

const outcomeOf = (message: Message): string => {
  try {
    return rpc.read(contextOf(message))?.takeToken?.() ?? 'nothing';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe.each(Object.entries(MESSAGES))('a message over %s', (_, message) => {
  it.each(['authorization', 'Authorization', 'AUTHORIZATION'])(
    'carries the token in its header %s',
    (name) => {
      expect(outcomeOf(message(name, 'Bearer a.b.c'))).toBe('a.b.c');
      expect(outcomeOf(message(name, 'bearer a.b.c'))).toBe('a.b.c');
    },
  );

  it.each<[string, string, Value]>([
    ['no header', 'other', 'Bearer a.b.c'],
    ['another scheme', 'authorization', 'Basic YTpi'],
    ['an empty header', 'authorization', ''],
  ])('has no token with %s', (_what, name, value) => {
    expect(outcomeOf(message(name, value))).toBe('missing_token');
  });

  it('has one token', () => {
    expect(outcomeOf(message('authorization', 'Bearer a.b.c, Bearer d.e.f'))).toBe('malformed_request');
    expect(outcomeOf(message('authorization', ['Bearer a.b.c', 'Bearer d.e.f']))).toBe('multiple_tokens');
    expect(outcomeOf(message('authorization', ['Bearer a.b.c']))).toBe('a.b.c');
  });
});

describe('a message', () => {
  it.each<[string, Message]>([
    ['TCP of Nest 11', new TcpContext([{} as never, 'orders', undefined as never])],
    ['NATS', new NatsContext(['orders', undefined])],
    ['RabbitMQ', rabbit(undefined)],
    ['MQTT 3', new MqttContext(['orders', {}])],
    ['Kafka', new KafkaContext([{} as never, 0, 'orders', {} as never, async () => {}, {} as never])],
  ])('over %s without headers has no token', (_, message) => {
    expect(outcomeOf(message)).toBe('missing_token');
  });

  it('with one name in two cases has two tokens', () => {
    const message = kafka({ authorization: 'Bearer a.b.c', Authorization: 'Bearer a.b.c' });
    expect(outcomeOf(message)).toBe('multiple_tokens');
  });

  it('with what Kafka decodes as JSON has no token', () => {
    expect(outcomeOf(kafka({ authorization: { scheme: 'Bearer' } }))).toBe('malformed_request');
  });

  it('is read by its context alone, never by its data', () => {
    const data = { authorization: 'Bearer a.b.c', metadata: { authorization: 'Bearer a.b.c' } };
    expect(rpc.read(new ExecutionContextHost([data, undefined]))).toBeUndefined();
    const carrier = rpc.read(new ExecutionContextHost([data, rabbit({})]))?.carrier;
    expect(carrier).toBeInstanceOf(RmqContext);
  });

  it('has one key for guards and interceptors, which get a context each', () => {
    const args = [{}, rabbit({})];
    const keys = [1, 2].map(() => rpc.read(new ExecutionContextHost(args))?.key);
    expect(keys[0]).toBe(keys[1]);
    expect(rpc.read(new ExecutionContextHost([...args]))?.key).not.toBe(keys[0]);
  });
});
