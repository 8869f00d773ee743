import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, Observable, takeUntil } from 'rxjs';
import { endingIterator, isAsyncIterable } from './ending-iterator.js';
import { StreamEnd } from './stream-end.js';

/**
 * Completes the stream of a handler when the token ends that it was called with, at `exp` and the clock tolerance
 * (RFC 7519 §4.1.4): `@UseInterceptors(EndAtExpiry)` on `@Sse`, on server streams of gRPC, on a `@Subscription`, and on
 * whatever else returns an Observable or an async iterable. The stream of a call without a token, which a public or an
 * optional handler answers, is left as it is.
 */
@Injectable()
export class EndAtExpiry implements NestInterceptor {
  constructor(@Inject(StreamEnd) private readonly streamEnd: StreamEnd) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const end = await this.streamEnd.of(context);
    if (end === undefined) return next.handle();
    const atEnd = (run: () => void) => this.streamEnd.at(end, run);
    return next.handle().pipe(
      // What a subscription of GraphQL returns is one value, which is a stream itself.
      map((value) => (isAsyncIterable(value) ? endingIterator(value, atEnd) : value)),
      takeUntil(new Observable<void>((subscriber) => atEnd(() => subscriber.next()))),
    );
  }
}
