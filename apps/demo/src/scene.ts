/** One trace of a scene, and its label. */
export interface SceneTrace {
  readonly label: string;
  readonly traceId: string;
  /** Set for what ended before the request of its application: it is drawn left of zero. */
  readonly isBefore?: true;
}

/** One situation in several applications, one below the other. */
export interface Scene {
  /** One word, for URLs and file names. */
  readonly id: string;
  /** A word or two. */
  readonly title: string;
  /** What came of it in each application: the rest of the headline. */
  readonly result: string;
  /** What to look at. */
  readonly caption: string;
  /** The traces in the order of time, all on one time scale. */
  readonly applications: readonly { readonly title: string; readonly traces: readonly SceneTrace[] }[];
}
