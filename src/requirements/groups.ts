/** What all groups contain: undefined without any group, empty where they have nothing in common. */
export function inCommon(groups: readonly (readonly string[])[]): readonly string[] | undefined {
  const [first, ...others] = groups;
  return first?.filter((one) => others.every((group) => group.includes(one)));
}
