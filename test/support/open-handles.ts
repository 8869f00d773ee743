import { createHook } from 'node:async_hooks';
import { fileURLToPath } from 'node:url';

const LIBRARY = fileURLToPath(new URL('../../src/', import.meta.url));

/**
 * What the library has opened and not yet closed, as `--detectOpenHandles` of Jest counts it: every asynchronous resource
 * but promises, unless it says itself that it does not keep the process alive.
 */
export class OpenHandles implements Disposable {
  private readonly opened = new Map<number, { readonly type: string; readonly isActive: () => boolean }>();
  private readonly hook = createHook({
    init: (id, type, _trigger, resource) => {
      if (type === 'PROMISE' || !isFromLibrary()) return;
      const isActive = () => !('hasRef' in resource) || (resource as NodeJS.Timeout).hasRef();
      this.opened.set(id, { type, isActive });
    },
    destroy: (id) => void this.opened.delete(id),
  });

  static watch(): OpenHandles {
    const handles = new OpenHandles();
    handles.hook.enable();
    return handles;
  }

  /** The types of those that keep the process alive. */
  get active(): readonly string[] {
    return [...this.opened.values()].filter(({ isActive }) => isActive()).map(({ type }) => type);
  }

  /** The types of all of them. */
  get all(): readonly string[] {
    return [...this.opened.values()].map(({ type }) => type);
  }

  [Symbol.dispose](): void {
    this.hook.disable();
  }
}

function isFromLibrary(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  const { stack = '' } = new Error('where it was opened');
  Error.stackTraceLimit = stackTraceLimit;
  return stack.split('\n').some((line) => line.includes(LIBRARY) && !line.includes('.spec.ts'));
}
