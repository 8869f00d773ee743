/** One trace of a scene, and what it shows. */
export interface SceneTrace {
  readonly label: string;
  readonly traceId: string;
}

/** One situation as several applications live through it, to be seen side by side. */
export interface Scene {
  /** A word, for addresses and file names. */
  readonly id: string;
  readonly title: string;
  /** What to look at. */
  readonly caption: string;
  /** The traces, on one time scale, in columns. */
  readonly columns: readonly { readonly title: string; readonly traces: readonly SceneTrace[] }[];
}
