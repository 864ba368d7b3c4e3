/**
 * What of wireguard-go the binary carries: Debian trixie's package. apt's signatures prove it; the
 * figures below record which build was tested, and the build says so when it meets another one.
 */

/** The release of Debian whose package is taken. */
export const SUITE = 'trixie';
/**
 * The lowest version that is good enough: the first with segmentation offload on the tunnel device,
 * which makes it five times as fast as the one of 2022.
 */
export const VERSION_MIN = '0.0.20231211';
/** The tested packages, by Debian's name of the architecture. */
export const TESTED = {
  amd64: {
    version: '0.0.20231211-1+b9',
    packageSha256: 'cce54ea802611a45d07d1053ff285ea9f1a8f15499f3b86ccd8edd2b81ed7f7e',
  },
  arm64: {
    version: '0.0.20231211-1+b9',
    packageSha256: 'fcb53fa683ea8d0640e675e9168fa4e4347ceb1abfaecc85edaf6ed06ee9b09a',
  },
} as const;

/** Debian's name of an architecture that the binary is built for. */
export type DebianArch = keyof typeof TESTED;
