/**
 * Rule: firewall probes — what to run to see our table, and who else filters here.
 */
import type { Probe, Self } from '../service.ts';
import { FAMILY, NAME } from './nft.ts';

/** Without the tool there is nothing to run. */
export const probes = (self: Self): readonly Probe[] =>
  self.facts.tools.nft === true
    ? [
        { name: 'table', argv: ['nft', '-j', 'list', 'table', FAMILY, NAME] },
        { name: 'chains', argv: ['nft', '-j', 'list', 'chains'] },
      ]
    : [];
