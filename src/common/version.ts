/** The version of this package, as the instrumentation scope reports it. A test compares it with package.json. */
export const LIBRARY_VERSION = '0.1.0';
