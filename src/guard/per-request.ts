/** Gives back the object that it is given, so that a subclass declares its private members on that one. */
const Marked = function (request: object) {
  return request;
} as unknown as new (request: object) => object;

/** What is known of requests, and kept on them. */
export interface RequestMarks<T> {
  get(request: object): T | undefined;
  /** @throws TypeError when the request has a mark already */
  set(request: object, mark: T): void;
}

/**
 * Marks in a private member of each request, which no other code can read or set. It does what a `WeakMap` does,
 * without entries that each collection of garbage has to look after.
 */
export function requestMarks<T>(): RequestMarks<T> {
  return class RequestMark extends Marked {
    readonly #mark: T;

    private constructor(request: object, mark: T) {
      super(request);
      this.#mark = mark;
    }

    static get(request: object): T | undefined {
      return #mark in request ? request.#mark : undefined;
    }

    static set(request: object, mark: T): void {
      void new RequestMark(request, mark);
    }
  };
}
