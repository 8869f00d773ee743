import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findModule } from './application-module.js';
import { addVariables } from './env-example.js';
import { addToModule, type ModuleEdit, type TypeScript } from './module-edit.js';
import { resolveFlags, type NestAddFlags, type NestAddOptions } from './nest-add.options.js';
import { addPeers } from './package-json.js';
import { DEFAULT_STYLE, importLine, PACKAGE, registration } from './registration.js';
import { textOf, type Rule, type SchematicContext, type Tree } from './schematic.js';

/**
 * `nest add nestjs-jwks-auth`: adds `AuthModule` to the application's module, the missing peers to package.json, and the
 * variables to `.env.example`. A second run changes nothing. A module that cannot be edited safely stays as it is; what
 * belongs in it is printed.
 *
 * @throws Error that names the flag which is wrong
 */
export function nestAdd(flags: NestAddFlags): Rule {
  return (tree, context) => {
    const options = resolveFlags(flags, process.argv);
    const path = findModule(tree, options);
    const edit = editOf(tree, path, options);
    if (edit.kind === 'present') {
      context.logger.info(`${path} imports ${PACKAGE} already: nothing is changed.`);
      return tree;
    }
    if (edit.kind === 'edited') tree.overwrite(path ?? '', edit.text);
    else printSnippet(path, edit, options, context);
    addVariables(tree, { ISSUER: options.issuer, [options.provider.variable]: options.audience });
    if (addPeers(tree).length > 0 && !options.skipInstall) install(tree, context);
    printNext(options, context);
    return tree;
  };
}

function editOf(tree: Tree, path: string | undefined, options: NestAddOptions): ModuleEdit {
  const unusual = (reason: string): ModuleEdit => ({ kind: 'unusual', reason, isNameTaken: false });
  const text = path === undefined ? undefined : textOf(tree, path);
  if (text === undefined) return unusual('there is no module in its usual place');
  if (/\.[cm]?js$/.test(path ?? '')) return unusual('it is JavaScript');
  const typescript = compilerOfProject();
  if (typescript === undefined) return unusual('typescript is not installed');
  return addToModule(typescript, text, options);
}

/** Undefined where it is not installed, or has no interface for programs. */
function compilerOfProject(): TypeScript | undefined {
  try {
    const typescript = createRequire(join(process.cwd(), 'package.json'))(
      'typescript',
    ) as Partial<TypeScript>;
    return typeof typescript.createSourceFile === 'function' ? (typescript as TypeScript) : undefined;
  } catch {
    return undefined;
  }
}

function printSnippet(
  path: string | undefined,
  edit: ModuleEdit & { kind: 'unusual' },
  options: NestAddOptions,
  { logger }: SchematicContext,
): void {
  const [imported, name] = edit.isNameTaken
    ? ['AuthModule as JwksAuthModule', 'JwksAuthModule']
    : ['AuthModule', 'AuthModule'];
  logger.warn(`${path ?? 'No module'} is not changed: ${edit.reason}. Add this to the module yourself:`);
  logger.info(
    [
      '',
      importLine(options, DEFAULT_STYLE, imported),
      '',
      'imports: [',
      ...registration(options, false, DEFAULT_STYLE, name).map((line) => DEFAULT_STYLE.indent + line),
      ']',
      '',
    ].join('\n'),
  );
}

/** With the package manager whose lock file is there. */
function install(tree: Tree, context: SchematicContext): void {
  const [, packageManager = 'npm'] =
    [
      ['pnpm-lock.yaml', 'pnpm'],
      ['yarn.lock', 'yarn'],
      ['bun.lock', 'bun'],
      ['bun.lockb', 'bun'],
    ].find(([lockFile = '']) => tree.exists(lockFile)) ?? [];
  const options = { command: 'install', packageManager, quiet: true };
  context.addTask({ toConfiguration: () => ({ name: 'node-package', options }) });
}

function printNext(
  { isIncomplete, guardEveryRoute, issuer, audience, provider }: NestAddOptions,
  context: SchematicContext,
): void {
  const { logger } = context;
  if (isIncomplete)
    logger.warn('Fill in the issuer and the audience: in the environment, or as the defaults in the module.');
  if (guardEveryRoute) logger.info('Every route requires an access token now; @Public() opens one.');
  logger.info(
    `To check the issuer: npx ${PACKAGE} doctor ${issuer}${provider.variable === 'AUDIENCE' ? ` --audience ${audience}` : ''}`,
  );
}
