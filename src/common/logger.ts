/** Where log lines go: a `LoggerService` of Nest, or anything like it. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
