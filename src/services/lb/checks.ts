/**
 * Rule: lb checks — what is checked in this mesh: each backend's address, port and check, once,
 * however many balancers ask for it.
 *
 * Of a range of ports the first stands for all: they are one program's.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import { checksum } from '../checksum.ts';
import { type Balancer, backendsOf, balancersOf, frontendsOf } from './balancers.ts';
import type { Check } from './schemas.table.ts';

/** One thing to be checked. */
export interface Target {
  /** Its name in sights: member, port and check. */
  readonly key: string;
  readonly member: MemberId;
  /** Where it is, inside the mesh. */
  readonly host: string;
  readonly port: number;
  readonly check: Check;
  /** The check's name in words of health; with the port it names the target on its member. */
  readonly name: string;
  /** Members that listen for a balancer that uses it at their other addresses. */
  readonly frontends: ReadonlySet<MemberId>;
}

/** What tells one check from another, in few characters: they stand in every word of health. */
export const checkName = (check: Check): string => {
  if (check.kind === 'http') return `http-${checksum(check.path)}`;
  if (check.kind === 'exec') return `exec-${checksum(JSON.stringify(check.argv))}`;
  return check.kind;
};

/** The name in sights of what a balancer checks on a member. */
export const targetKey = (
  member: MemberId,
  { port, check }: Pick<Balancer, 'port' | 'check'>,
): string => `${member} ${nameOf(port, check)}`;

const nameOf = (port: number, check: Check): string => `${port} ${checkName(check)}`;

const known = new WeakMap<View, readonly Target[]>();

/** All of them. The same list for the same view. */
export const targetsOf = (view: View): readonly Target[] => {
  const targets = known.get(view) ?? gather(view);
  known.set(view, targets);
  return targets;
};

function gather(view: View): readonly Target[] {
  const targets = new Map<string, Target & { readonly frontends: Set<MemberId> }>();
  for (const balancer of balancersOf(view).balancers) {
    const { port, check } = balancer;
    const frontends = frontendsOf(view, balancer);
    const name = checkName(check);
    const place = nameOf(port, check);
    for (const { member } of backendsOf(view, balancer)) {
      const key = `${member.id} ${place}`;
      const host = member.ipv4 ?? member.ipv6;
      const target = targets.get(key) ?? {
        ...{ key, port, check, name, member: member.id, host, frontends: new Set() },
      };
      for (const frontend of frontends) target.frontends.add(frontend);
      targets.set(key, target);
    }
  }
  return [...targets.values()];
}
