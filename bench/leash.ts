/** Rule: leash — programs that a bench starts end with it, however it ends. */

/** The words of a program that is killed when whoever starts it has ended. */
export const leashed = (argv: readonly string[]): readonly string[] => [
  ...['setpriv', '--pdeathsig', 'KILL'],
  ...argv,
];
