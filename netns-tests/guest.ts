/**
 * Edge: guest — a container on a VM, as Docker makes them: a network of its own behind a bridge
 * `docker0`, two published ports by DNAT, and whatever it opens itself under the VM's address.
 */
import { must } from './command.ts';
import { type Namespace, openNamespace } from './namespace.ts';
import type { Vm } from './vm.ts';

/** The VM's ports by which it is reached, and its own behind them. */
export const PUBLISHED = [
  [8080, 80],
  [8081, 81],
] as const;

const INSIDE = {
  ip: ['172.20.0.1', '172.20.0.2', 24],
  ip6: ['fd00:20::1', 'fd00:20::2', 64],
} as const;

/** Starts one on a VM. It ends with the test, or by `end`. */
export async function openGuest(vm: Vm): Promise<Namespace> {
  const guest = await openNamespace('network', 'ip link set lo up');
  const outside = (argv: readonly string[], input = ''): Promise<string> =>
    must(vm.machine().enterNetwork(argv), { input });
  await outside(['sh', '-ec', FORWARD]);
  const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(guest.pid)];
  await outside(['ip', 'link', 'add', 'docker0', 'type', 'bridge', 'forward_delay', '0']);
  await outside(['ip', 'link', 'add', 'veth0', 'master', 'docker0', ...peer]);
  await outside(['ip', '-batch', '-'], HOST_SIDE);
  await guest.must(['ip', '-batch', '-'], { input: GUEST_SIDE });
  await outside(['nft', '-f', '-'], NAT);
  return guest;
}

const FORWARD = `cd /proc/sys/net
echo 1 >ipv4/ip_forward
echo 1 >ipv6/conf/all/forwarding`;

const [HOST4, GUEST4, LENGTH4] = INSIDE.ip;
const [HOST6, GUEST6, LENGTH6] = INSIDE.ip6;

const HOST_SIDE = `link set docker0 up
link set veth0 up
address add ${HOST4}/${LENGTH4} dev docker0
address add ${HOST6}/${LENGTH6} dev docker0 nodad
`;

const GUEST_SIDE = `link set eth0 up
address add ${GUEST4}/${LENGTH4} dev eth0
address add ${GUEST6}/${LENGTH6} dev eth0 nodad
route add default via ${HOST4}
route add default via ${HOST6}
`;

const publish = (family: string, protocol: string, to: (port: number) => string): string =>
  PUBLISHED.map(
    ([port, inner]) =>
      `iifname != "docker0" fib daddr type local meta nfproto ${protocol} tcp dport ${port} ` +
      `dnat ${family} to ${to(inner)}`,
  ).join('\n');

const NAT = `table inet publish {
chain in { type nat hook prerouting priority -100
${publish('ip', 'ipv4', (port) => `${GUEST4}:${port}`)}
${publish('ip6', 'ipv6', (port) => `[${GUEST6}]:${port}`)}
}
chain out { type nat hook postrouting priority 100
oifname != "docker0" ip saddr ${GUEST4} masquerade
oifname != "docker0" ip6 saddr ${GUEST6} masquerade
}
}`;
