import { posix } from 'node:path';
import type { NestAddOptions } from './nest-add.options.js';
import { textOf, type Tree } from './schematic.js';

interface NestCli {
  readonly projects?: Readonly<Record<string, { readonly sourceRoot?: string; readonly root?: string }>>;
}

/**
 * Finds the file of the application's module: the one that `--module` names, `app.module.ts`, or in a monorepo the one
 * that has the name of the application.
 *
 * @returns undefined where there is none
 * @throws Error where `--module` names no file
 */
export function findModule(
  tree: Tree,
  { module, sourceRoot, project }: Pick<NestAddOptions, 'module' | 'sourceRoot' | 'project'>,
): string | undefined {
  const folder = sourceRootOf(tree, project) ?? sourceRoot;
  if (module !== undefined) {
    const names = /\.[cm]?[jt]s$/.test(module) ? [module] : [`${module}.ts`, `${module}.module.ts`];
    const paths = names
      .map((name) => name.replaceAll('\\', '/'))
      .flatMap((name) => [posix.normalize(name), posix.join(folder, name)]);
    const found = paths.find((path) => isInside(path) && tree.exists(path));
    if (found === undefined)
      throw new Error(`--module names no file: there is no ${paths.join(', and no ')}`);
    return found;
  }
  const names = ['app', project, posix.basename(posix.dirname(folder)), posix.basename(folder)];
  return ['ts', 'js']
    .flatMap((extension) =>
      names.filter((name) => name !== undefined).map((name) => `${name}.module.${extension}`),
    )
    .map((name) => posix.join(folder, name))
    .find((path) => tree.exists(path));
}

const isInside = (path: string): boolean => !path.startsWith('..');

/** What nest-cli.json says of a project of a monorepo. */
function sourceRootOf(tree: Tree, project: string | undefined): string | undefined {
  const text = project === undefined ? undefined : textOf(tree, 'nest-cli.json');
  if (project === undefined || text === undefined) return undefined;
  const { projects = {} } = JSON.parse(text.replace(/^\uFEFF/, '')) as NestCli;
  if (!Object.hasOwn(projects, project)) return undefined;
  const { sourceRoot, root } = projects[project] ?? {};
  return sourceRoot ?? (root === undefined ? undefined : posix.join(root, 'src'));
}
