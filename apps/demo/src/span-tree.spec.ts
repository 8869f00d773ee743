import { describe, expect, it } from 'vitest';
import { receivedSpan } from '../../../test/support/received-span.js';
import { inTreeOrder, prune } from './span-tree.js';

const span = (spanId: string, parentSpanId?: string) => receivedSpan({ spanId, parentSpanId, name: spanId });
const trace = [span('root', 'remote'), span('middle', 'root'), span('leaf', 'middle')];

describe('the tree of spans', () => {
  it('lists parents first, whatever the order of their start', () => {
    const late = [
      span('leaf', 'middle'),
      span('other', 'root'),
      span('middle', 'root'),
      span('root', 'remote'),
    ];
    const order = inTreeOrder(late).map(({ span: { name }, depth }) => [name, depth]);
    expect(order).toEqual([
      ['root', 0],
      ['other', 1],
      ['middle', 1],
      ['leaf', 2],
    ]);
  });

  it('moves the children of what is pruned up to what is kept', () => {
    const kept = prune(trace, ({ name }) => name !== 'middle');
    expect(kept.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ['root', undefined],
      ['leaf', 'root'],
    ]);
  });
});
