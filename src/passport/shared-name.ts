import { Logger } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import passport from 'passport';

/** The name that users of Passport expect. */
const NAME = 'jwt';

/** A strategy as Passport uses it: it adds its actions to an object that it creates from the strategy for each request. */
interface Strategy {
  authenticate(request: unknown, options?: unknown): void;
}

interface Actions {
  error(error: Error): void;
}

/** An application of this process, and the strategy for its requests. */
interface Application {
  readonly strategy: Strategy;
  readonly host: HttpAdapterHost;
}

/** The members of a request that say which application it came in at, with Express, Fastify and plain Node. */
interface Request {
  readonly app?: unknown;
  readonly server?: { readonly server?: unknown } | null;
  readonly socket?: { readonly server?: unknown } | null;
}

/**
 * The strategy `jwt` of a process. Passport has one registry for all applications of a process, so what stands under the
 * name passes each request on to the strategy of the application that received it. A strategy that others register under
 * the name gets the requests of other applications, and has the name to itself once ours have closed.
 */
class SharedName {
  private readonly applications = new Set<Application>();
  private other: Strategy | undefined;
  private readonly dispatcher: Strategy;

  constructor() {
    const strategyFor = (request: Request) => this.strategyFor(request);
    this.dispatcher = {
      authenticate(this: Strategy & Actions, request: Request, options) {
        const strategy = strategyFor(request);
        if (strategy === undefined) return this.error(new Error(UNKNOWN_APPLICATION));
        Object.assign(Object.create(strategy) as Strategy, this).authenticate(request, options);
      },
    };
  }

  /** Hands the requests of this application to this strategy, until the returned function is called. */
  join(strategy: Strategy, host: HttpAdapterHost): () => void {
    const application = { strategy, host };
    this.applications.add(application);
    if (!this.isHeld) this.hold();
    return () => {
      this.applications.delete(application);
      if (this.applications.size === 0) this.giveBack();
    };
  }

  /** An accessor, because a strategy that is registered later would otherwise get the requests of every application. */
  private hold(): void {
    this.accept(registry[NAME]);
    Object.defineProperty(registry, NAME, {
      configurable: true,
      enumerable: true,
      get: () => this.dispatcher,
      set: (strategy: Strategy) => {
        this.accept(strategy);
      },
    });
  }

  private accept(other: Strategy | undefined): void {
    this.other = other;
    if (other !== undefined) new Logger('AuthModule').warn(NAME_IS_TAKEN);
  }

  private giveBack(): void {
    if (this.isHeld) {
      passport.unuse(NAME);
      if (this.other !== undefined) registry[NAME] = this.other;
    }
    this.other = undefined;
  }

  private get isHeld(): boolean {
    return registry[NAME] === this.dispatcher;
  }

  /** The only strategy that a request may belong to; undefined when there is none, or more than one. */
  private strategyFor(request: Request): Strategy | undefined {
    const applications = [...this.applications];
    const places = placesOf(request);
    const found = places
      .map((place) => applications.filter(({ host }) => placesIn(host).includes(place)))
      .find(({ length }) => length > 0);
    if (found !== undefined) return onlyOne(found.map(({ strategy }) => strategy));
    // Of no application with a server that is known: perhaps of one without, perhaps of one without AuthModule.
    const possible = applications.filter(({ host }) => places.length === 0 || placesIn(host).length === 0);
    return onlyOne([
      ...possible.map(({ strategy }) => strategy),
      ...(this.other === undefined ? [] : [this.other]),
    ]);
  }
}

const UNKNOWN_APPLICATION =
  'The request does not say which application of this process it belongs to, so no strategy "jwt" gets it: ' +
  "use JwtAuthGuard, or the strategy's own name, JwtStrategy.name";

const NAME_IS_TAKEN =
  'Another Passport strategy is registered as "jwt" in this process. In applications with AuthModule, AuthGuard(\'jwt\') ' +
  "keeps using AuthModule's: give the other one a name of its own, as in PassportStrategy(Strategy, 'other')";

/** Passport's registry, which is not public. */
const { _strategies: registry } = passport as unknown as {
  readonly _strategies: Record<string, Strategy | undefined>;
};

/** Where a request came in, the innermost first: one application may be mounted in another. */
const placesOf = ({ app, server, socket }: Request): readonly unknown[] =>
  [app, server?.server, socket?.server].filter(isKnown);

/** What the requests of an application come in at; nothing for one without a server. */
const placesIn = ({ httpAdapter }: HttpAdapterHost): readonly unknown[] =>
  [httpAdapter?.getInstance(), httpAdapter?.getHttpServer()].filter(isKnown);

const isKnown = (place: unknown): boolean => place !== undefined && place !== null;

const onlyOne = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined);

export const sharedName = new SharedName();
