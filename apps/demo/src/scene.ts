/** One trace of a scene, and its label. */
export interface SceneTrace {
  readonly label: string;
  readonly traceId: string;
}

/** One situation in several applications, side by side. */
export interface Scene {
  /** One word, for URLs and file names. */
  readonly id: string;
  readonly title: string;
  /** What to look at. */
  readonly caption: string;
  /** The traces, on one time scale, in columns. */
  readonly columns: readonly { readonly title: string; readonly traces: readonly SceneTrace[] }[];
}
