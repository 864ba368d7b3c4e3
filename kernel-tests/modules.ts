/** Rule: modules — which files of kernel modules are needed for some modules, by modules.dep(5). */

/** The name of a module, as lsmod prints it: `-` and `_` are the same to the kernel. */
const nameOf = (path: string): string =>
  (path.split('/').at(-1) ?? '').replace(/\.ko(?:\.\w+)?$/, '').replaceAll('-', '_');

/**
 * The files of the named modules and of all that they need, sorted; paths as in `modulesDep`,
 * which is the text of that file. A module that is not in it is `missing`.
 */
export const moduleFiles = (
  modulesDep: string,
  names: readonly string[],
): { readonly files: readonly string[]; readonly missing: readonly string[] } => {
  const needs = new Map<string, readonly string[]>();
  for (const line of modulesDep.split('\n')) {
    const [path = '', rest = ''] = line.split(':');
    if (path !== '') needs.set(path, rest.split(' ').filter(Boolean));
  }
  const paths = new Map([...needs.keys()].map((path) => [nameOf(path), path]));
  const wanted = names.map((name) => ({ name, path: paths.get(nameOf(name)) }));
  // depmod lists a module's needs whole, those of its needs included.
  const found = wanted.flatMap(({ path }) =>
    path === undefined ? [] : [path, ...(needs.get(path) ?? [])],
  );
  return {
    files: [...new Set(found)].toSorted(),
    missing: wanted.filter(({ path }) => path === undefined).map(({ name }) => name),
  };
};
