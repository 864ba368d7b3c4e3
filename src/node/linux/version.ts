/**
 * Edge: version — which build this is.
 */
declare const __CNSMO_VERSION__: string | undefined;
declare const __CNSMO_COMMIT__: string | undefined;

/** Version and commit, put in by the build; a fixed text outside of a build. */
export function versionInfo(): { readonly version: string; readonly commit: string } {
  return {
    version: typeof __CNSMO_VERSION__ === 'string' ? __CNSMO_VERSION__ : '0.0.0-development',
    commit: typeof __CNSMO_COMMIT__ === 'string' ? __CNSMO_COMMIT__ : 'none',
  };
}
