import { KafkaContext, RmqContext, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';

/** Delivers messages to the handlers of an application as Nest's server for Kafka does, without a broker. */
export class EventServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;

  listen(callback: () => void): void {
    callback();
  }

  close(): void {}

  on(): void {}

  unwrap<T>(): T {
    return undefined as T;
  }

  /** Resolves when the handler has ended; rejects with what a broker would deliver the message again for. */
  async deliver(pattern: string, context: object): Promise<unknown> {
    const handler = this.getHandlerByPattern(pattern);
    if (handler === null) throw new Error(`no handler for ${pattern}`);
    const result: unknown = await handler({}, context as never);
    return isObservable(result) ? lastValueFrom(result) : result;
  }
}

const headersOf = (token: string | undefined): object =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

const REPLY = { kafka_correlationId: '1', kafka_replyTopic: 'orders.reply' };

/** What a handler gets beside the data of a message of Kafka; `isAsked` when it names a topic to reply to. */
export const kafkaMessage = (token?: string, { isAsked = false } = {}): KafkaContext =>
  new KafkaContext([
    { headers: { ...headersOf(token), ...(isAsked && REPLY) } } as never,
    0,
    'orders',
    {} as never,
    async () => {},
    {} as never,
  ]);

/** What a handler gets beside the data of a message of RabbitMQ. */
export const rabbitMessage = (token?: string, channel: object = {}): RmqContext =>
  new RmqContext([{ properties: { headers: headersOf(token) } } as never, channel, 'orders']);
