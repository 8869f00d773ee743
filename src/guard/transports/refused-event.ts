import { Catch, Logger, type ExceptionFilter, type ExecutionContext } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import { AuthException } from '../auth.exception.js';

/** What `@EventPattern` and `@MessagePattern` say of their handlers. */
const HANDLER_TYPE = 'microservices:handler_type';
const EVENT = 2;

/** True for a handler of messages or events of a microservice. */
export const isMessageHandler = (handler: object): boolean => Reflect.hasMetadata(HANDLER_TYPE, handler);

/** True for a handler of events, which have no caller that waits for an answer. */
export const isEventHandler = (handler: object): boolean =>
  Reflect.getMetadata(HANDLER_TYPE, handler) === EVENT;

/** The refusal of an event that is to be dropped. */
export class RefusedEvent extends AuthException {
  /** `Class.method` of the handler. */
  readonly handler: string;

  constructor({ authError }: AuthException, context: ExecutionContext) {
    super(authError, { realm: undefined });
    this.handler = `${context.getClass().name}.${context.getHandler().name}`;
  }
}

/**
 * Drops refused events: their handler ends as if it had nothing to do. Otherwise the error would reach the transport,
 * and that of Kafka would deliver a forged token again and again, before every other event of its partition.
 */
@Catch(RefusedEvent)
export class RefusedEventFilter implements ExceptionFilter {
  private readonly logger = new Logger('AuthModule');

  catch({ handler, problem: { code } }: RefusedEvent): Observable<undefined> {
    this.logger.warn(`An event for ${handler} is dropped: ${code}`);
    // With no value at all, the transport of Kafka reports an error.
    return of(undefined);
  }
}
