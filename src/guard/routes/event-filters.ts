import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { GUARD_OPTIONS, type ResolvedGuardOptions } from '../guard.options.js';
import { isMessageHandler, RefusedEventFilter } from '../transports/refused-event.js';
import { classesIn } from './route-audit.js';
import { methodsOf } from './route-policy.js';

/** Where `@UseFilters` keeps its filters. */
const FILTERS_METADATA = '__exceptionFilters__';

/** One for all applications of the process: it acts on what the guard of one of them throws. */
const FILTER = new RefusedEventFilter();

/**
 * Puts the filter that drops refused events on every handler of messages, whatever put the guard there. It is the first
 * one that Nest calls, which takes the last that stands on the method. It is put there when this is constructed: later,
 * Nest has bound the handlers.
 */
@Injectable()
export class EventFilters {
  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(GUARD_OPTIONS) { transports }: ResolvedGuardOptions,
  ) {
    if (transports.refusedEvent !== 'drop') return;
    const methods = classesIn(modules).flatMap(({ metatype }) => methodsOf(metatype.prototype));
    for (const { handler } of methods) {
      if (isMessageHandler(handler)) putFilterOn(handler);
    }
  }
}

function putFilterOn(handler: object): void {
  const filters = (Reflect.getMetadata(FILTERS_METADATA, handler) as readonly unknown[] | undefined) ?? [];
  if (!filters.includes(FILTER)) Reflect.defineMetadata(FILTERS_METADATA, [...filters, FILTER], handler);
}
