/**
 * Rule: api path — which path of the local API fits which pattern.
 */

/** What a path says, by the names of its pattern. */
export type Params = Readonly<Record<string, string>>;

/**
 * What `path` says where it fits, else null. A segment of the pattern that begins with `:` matches
 * any and names it.
 */
export function matchPath(pattern: string, path: string): Params | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = unescaped(given[index] ?? '');
    if (segment.startsWith(':') && value !== null) params[segment.slice(1)] = value;
    else if (segment !== value) return null;
  }
  return params;
}

/** A segment of a path as it was meant, or null when its escapes are none. */
function unescaped(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
