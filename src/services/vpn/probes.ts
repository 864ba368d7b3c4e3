/**
 * Rule: vpn probes — what to run to see what the VPN is on this host, in four processes: a process
 * costs more than all that it reads here.
 *
 * 1. Routes are asked for within our prefixes only: a host may have a million of others.
 */
import { isAddress } from '../../crdt/addresses.ts';
import type { View } from '../../crdt/view.ts';
import type { CommandProbe, Results, Self } from '../service.ts';
import { addressesOf } from './collisions.ts';
import { hostOf } from './mtu.ts';
import { readDump } from './read-device.ts';
import { TABLE_SHOW } from './table.ts';

/** `-force`: a line that fails, as one of a family that the host forbids, ends no other. */
const BATCH: readonly string[] = ['ip', '-force', '-j', '-d', '-batch', '-'];

/** The probes whose results are needed; the last one follows from that of `wg`. */
export const probes = (self: Self, view: View, results: Results): readonly CommandProbe[] => {
  const { mesh } = view;
  const routes = [mesh.prefix, mesh.prefix6].map((each) => `route show table all root ${each}`);
  const first: readonly CommandProbe[] = [
    { name: 'host', argv: BATCH, stdin: lines(['address show', ...routes]) },
    { name: 'wg', argv: ['wg', 'show', self.interface, 'dump'] },
    ...(self.facts.tools.nft === true ? [{ name: 'table', argv: TABLE_SHOW }] : []),
  ];
  const device = results.wg === undefined ? null : readDump(results.wg, self.interface);
  if (device === null || !device.ok || device.value === null) return first;
  const endpoints = device.value.peers.flatMap(({ endpoint }) =>
    endpoint === null ? [] : [hostOf(endpoint)],
  );
  const members = view.members.flatMap((member) => addressesOf(member, self));
  const targets = [...new Set([...endpoints, ...members])].filter(isAddress);
  if (targets.length === 0) return first;
  const stdin = lines(targets.map((target) => `route get ${target}`));
  return [...first, { name: 'paths', argv: BATCH, stdin }];
};

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');
