import { createHook } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What ends by itself. */
const IGNORED = ['PROMISE', 'RANDOMBYTESREQUEST'];
const LIBRARY = fileURLToPath(new URL('../../src/', import.meta.url));

/**
 * What the library has opened and not yet closed, as `--detectOpenHandles` of Jest counts it: every asynchronous resource
 * but promises, unless it says itself that it does not keep the process alive.
 */
export class OpenHandles implements Disposable {
  private readonly opened = new Map<number, { readonly type: string; readonly isActive: () => boolean }>();
  private readonly hook = createHook({
    init: (id, type, _trigger, resource) => {
      if (IGNORED.includes(type) || !isFromLibrary()) return;
      const weak = new WeakRef(resource as NodeJS.Timeout);
      const isActive = 'hasRef' in resource ? () => weak.deref()?.hasRef() ?? false : () => true;
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

  /** Forgets what nobody can reach any more, as Jest does before it reports. */
  async collectGarbage(): Promise<void> {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    // They are destroyed asynchronously.
    await setImmediate();
    await setImmediate();
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
