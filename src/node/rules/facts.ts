/**
 * Rule: facts — what a member says of itself in the shared state, on change only.
 */

import { pickIpv4 } from '../../crdt/addresses.ts';
import { isOverlay } from '../../crdt/endpoints.ts';
import type { Edit } from '../../crdt/entry.ts';
import { bytesOfId, type MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import type { Crypto, OwnAddress } from '../../ports.ts';
import type { LocalConfig } from './local-config.ts';
import { bestAddresses } from './own-addresses.ts';

/** What the member knows of itself. */
export interface OwnKnowledge {
  readonly self: MemberId;
  readonly config: LocalConfig;
  readonly addresses: readonly OwnAddress[];
  readonly version: { readonly version: string; readonly commit: string };
  /** From where others say that they see this VM, a word each. */
  readonly seenAt: readonly string[];
  /** Addresses that no member may claim. */
  readonly reserved: readonly string[];
}

/** The whole of the own facts. Writing what is already said is harmless: the store drops it. */
export function ownFacts(crypto: Crypto, view: View, own: OwnKnowledge): readonly Edit[] {
  const { config } = own;
  const local = bestAddresses(
    own.addresses.filter(
      (address) => address.interface !== config.interface && !isOverlay(view.mesh, address.host),
    ),
  );
  const observed = observedOf(view, own, local);
  const endpoints = { port: config.port, advertised: config.advertised, observed, local };
  return [
    { path: 'member/endpoints', value: endpoints },
    {
      path: 'member/consent',
      value: {
        services: config.services.toSorted(),
        allowRun: config.allowRun,
        ...(config.eligible === false ? { eligible: false } : {}),
      },
    },
    { path: 'member/version', value: own.version },
    ...claim(crypto, view, own),
  ];
}

/**
 * The public side of a NAT: where most others see this VM, where that is none of its own addresses;
 * while nobody says so, or as many say otherwise, what was said last, at first what its entry saw.
 */
function observedOf(view: View, own: OwnKnowledge, local: readonly string[]) {
  const { config, self, seenAt } = own;
  const said = view.members.find(({ id }) => id === self)?.endpoints?.observed ?? config.observed;
  const outside = seenAt.filter((host) => !local.includes(host) && !isOverlay(view.mesh, host));
  const votes = [...Map.groupBy(outside, (host) => host)]
    .map(([host, all]) => ({ host, count: all.length }))
    .toSorted((a, b) => b.count - a.count);
  const [first, second] = votes;
  const isAgreed = first !== undefined && first.count > (second?.count ?? 0);
  const observed = isAgreed ? { host: first.host, port: config.port } : said;
  return observed === null || local.includes(observed.host) ? null : { ...observed };
}

/** The loser of an address tie claims a free one for itself. */
function claim(crypto: Crypto, view: View, own: OwnKnowledge): readonly Edit[] {
  const { self, reserved } = own;
  const me = view.members.find(({ id }) => id === self);
  if (me === undefined || me.ipv4 !== null) return [];
  const members = view.members.flatMap(({ ipv4 }) => (ipv4 === null ? [] : [ipv4]));
  const taken = new Set([...members, ...reserved]);
  const ipv4 = pickIpv4(crypto, view.mesh.prefix, bytesOfId(self), taken);
  return ipv4 === null ? [] : [{ path: 'member/ipv4', value: { ipv4 } }];
}
