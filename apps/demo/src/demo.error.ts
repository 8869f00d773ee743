/** Something that the person who started the demo can mend; its message is one line. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
