/** `engines.node` of package.json. A test compares them. */
export const MINIMUM_NODE = '22.15';

/** True for a version of Node.js, such as `20.19.0`, that is older. */
export function isOldNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minimumMajor = 0, minimumMinor = 0] = MINIMUM_NODE.split('.').map(Number);
  return major < minimumMajor || (major === minimumMajor && minor < minimumMinor);
}
