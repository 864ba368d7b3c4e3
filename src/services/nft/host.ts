/**
 * Rule: nft host — how a host tells that nft is there, and that a table changed.
 */
import type { Sign } from '../../sign.ts';
import type { Monitor } from '../service.ts';
import type { Place } from './tables.ts';

/** Whether `nft` can be run. */
export const NFT_SIGN = { kind: 'tool', name: 'nft' } as const satisfies Sign;

/** Changes to anything that nft tells of; those of the table concern who asks. */
export const monitorOf = ({ family, table }: Place): Monitor => {
  const ours = new RegExp(`\\b${family} ${table}(?:\\s|$)`);
  return { argv: ['nft', 'monitor'], concerns: (line) => ours.test(line) };
};
