import passport from 'passport';

const { _strategies: registry } = passport as unknown as { readonly _strategies: Record<string, unknown> };

/** What stands under this name in Passport's registry, which it shows to nobody. */
export const registeredAs = (name: string): unknown => registry[name];

/** The names of the strategies that this library has registered and not yet given back. */
export const registeredNames = (): readonly string[] =>
  Object.keys(registry).filter((name) => name === 'jwt' || name.startsWith('nestjs-jwks-auth'));
