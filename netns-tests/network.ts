/**
 * Edge: network — two data centres and the internet between them, out of namespaces.
 *
 *     vm1 ─┐                                            ┌─ vm3
 *          ├─ east (router) ── internet ── west (router) ┤
 *     vm2 ─┘                                            └─ vm4
 *
 * 1. Addresses are from the ranges for documentation (RFC 5737, RFC 3849).
 * 2. A site behind NAT gives its VMs private addresses and maps each to a public one, 1:1 and with
 *    hairpin, as clouds do. Without NAT the VMs have the public addresses themselves.
 * 3. A cut drops packets in the internet's router: nobody is told.
 */
import { type Namespace, openNamespace } from './namespace.ts';

/** A data centre. */
export interface Site {
  readonly name: string;
  readonly isNatted: boolean;
}

/** The underlay's families and data centres. Both families: IPv6 is never translated. */
export interface Layout {
  readonly sites: readonly Site[];
  readonly families: readonly (4 | 6)[];
}

/** The usual one: only IPv4, the second site behind NAT: what is hardest for a VPN. */
export const USUAL_LAYOUT: Layout = {
  sites: [
    { name: 'east', isNatted: false },
    { name: 'west', isNatted: true },
  ],
  families: [4],
};

/** The addresses of a VM: what it has, and at which others reach it. */
export interface Place {
  readonly site: string;
  readonly inside4: string;
  readonly public4: string;
  readonly public6: string;
  /** The same after a restart, or neighbours would talk to the old one for a while. */
  readonly mac: string;
}

/** A running network. */
export interface Network {
  readonly internet: Namespace;
  readonly routers: ReadonlyMap<string, Namespace>;
  /** Where the VM with this number (1 to 99) stands. */
  place(site: string, number: number): Place;
  /** Plugs the link `eth0` into a VM, with its address and routes. */
  plug(vm: Namespace, name: string, place: Place): Promise<void>;
  /** Removes a VM's link, both ends at once. */
  unplug(name: string, place: Place): Promise<void>;
  cut(siteA: string, siteB: string): Promise<void>;
  heal(): Promise<void>;
  end(): Promise<void>;
}

/** Public /24 of each site, in order, and the private one of those behind NAT. */
const PUBLIC_PREFIXES = ['198.51.100', '203.0.113'];
const PRIVATE_PREFIX = '172.31.0';
/** Given to a bridge; else it is that of one of its ports, and changes when a VM is unplugged. */
const ROUTER_MAC = '02:00:00:00:00:01';
/** Where VM numbers begin within a prefix; 1 is the router. */
const FIRST_HOST = 10;

interface SiteNumbers extends Site {
  readonly publicPrefix: string;
  readonly insidePrefix: string;
  readonly prefix6: string;
  /** The transit link: internet's end and the router's. */
  readonly transit: readonly [string, string];
  readonly transit6: readonly [string, string];
}

/** Builds it. `isKept`: it outlives this process. */
export async function openNetwork(layout: Layout, isKept = false): Promise<Network> {
  const sites = layout.sites.map((site, index) => numbersOf(site, index));
  const internet = await openNamespace('network', ROUTER_SETUP, isKept);
  const routers = new Map<string, Namespace>();
  for (const site of sites) routers.set(site.name, await openSite(layout, site, internet, isKept));
  const siteOf = (name: string): SiteNumbers => found(sites, name);
  const place = (name: string, number: number): Place => {
    const site = siteOf(name);
    const host = FIRST_HOST + number;
    return {
      site: name,
      inside4: `${site.insidePrefix}.${host}`,
      public4: `${site.publicPrefix}.${host}`,
      public6: `${site.prefix6}::${host}`,
      mac: `02:00:00:00:00:${host.toString(16).padStart(2, '0')}`,
    };
  };
  const routerOf = (name: string): Namespace => {
    const router = routers.get(name);
    if (router === undefined) throw new Error(`no site ${name}`);
    return router;
  };
  return {
    internet,
    routers,
    place,
    plug: (vm, name, where) =>
      plug(layout, siteOf(where.site), routerOf(where.site), { vm, name, place: where }),
    unplug: async (name, where) => {
      await routerOf(where.site).must(['ip', 'link', 'delete', name]);
    },
    cut: async (siteA, siteB) => {
      const drop = (from: string, to: string) => `iifname "${from}" oifname "${to}" drop`;
      const rules = `${drop(siteA, siteB)}\n${drop(siteB, siteA)}`;
      const chain = `chain pass {\ntype filter hook forward priority 0\n${rules}\n}`;
      const input = `table inet cut {\n${chain}\n}`;
      await internet.must(['nft', '-f', '-'], { input });
    },
    heal: async () => {
      const tables = await internet.must(['nft', 'list', 'tables']);
      if (tables.includes('cut')) await internet.must(['nft', 'delete', 'table', 'inet', 'cut']);
    },
    end: async () => {
      for (const one of [...routers.values(), internet]) await one.end();
    },
  };
}

function found(sites: readonly SiteNumbers[], name: string): SiteNumbers {
  const site = sites.find((one) => one.name === name);
  if (site === undefined) throw new Error(`no site ${name}`);
  return site;
}

function numbersOf(site: Site, index: number): SiteNumbers {
  const publicPrefix = PUBLIC_PREFIXES[index];
  if (publicPrefix === undefined) throw new Error('more sites than prefixes');
  const base = 4 * index;
  return {
    ...site,
    publicPrefix,
    insidePrefix: site.isNatted ? PRIVATE_PREFIX : publicPrefix,
    prefix6: `2001:db8:${index + 1}`,
    transit: [`192.0.2.${base + 1}`, `192.0.2.${base + 2}`],
    transit6: [`2001:db8:ff:${index}::1`, `2001:db8:ff:${index}::2`],
  };
}

/** A router forwards, sends no redirects, and its links are up without waiting for duplicates. */
const ROUTER_SETUP = `
ip link set lo up
cd /proc/sys/net
echo 1 > ipv4/ip_forward
echo 1 > ipv6/conf/all/forwarding
echo 0 > ipv4/conf/all/send_redirects
echo 0 > ipv4/conf/default/send_redirects
echo 0 > ipv6/conf/default/accept_dad`;

async function openSite(
  layout: Layout,
  site: SiteNumbers,
  internet: Namespace,
  isKept: boolean,
): Promise<Namespace> {
  const router = await openNamespace('network', ROUTER_SETUP, isKept);
  const ends = ['netns', String(router.pid), 'type', 'veth', 'peer', 'name', site.name];
  const pair = ['link', 'add', 'wan', ...ends, 'netns', String(internet.pid)];
  await internet.must(['ip', ...pair]);
  const [far, near] = site.transit;
  await ip(internet, [
    `addr add ${far}/30 dev ${site.name}`,
    `link set ${site.name} up`,
    `route add ${site.publicPrefix}.0/24 via ${near}`,
  ]);
  await ip(router, [
    `link add lan address ${ROUTER_MAC} type bridge forward_delay 0`,
    'link set lan up',
    'link set wan up',
    `addr add ${near}/30 dev wan`,
    `addr add ${site.insidePrefix}.1/24 dev lan`,
    `route add default via ${far}`,
  ]);
  if (layout.families.includes(6)) await openSite6(site, internet, router);
  else {
    await internet.must(['sh', '-c', NO_IPV6(site.name)]);
    await router.must(['sh', '-c', NO_IPV6('wan')]);
  }
  if (site.isNatted) await router.must(['nft', '-f', '-'], { input: natRules(site) });
  return router;
}

async function openSite6(site: SiteNumbers, internet: Namespace, router: Namespace): Promise<void> {
  const [far, near] = site.transit6;
  await ip(internet, [
    `addr add ${far}/64 dev ${site.name} nodad`,
    `route add ${site.prefix6}::/64 via ${near}`,
  ]);
  await ip(router, [
    `addr add ${near}/64 dev wan nodad`,
    `addr add ${site.prefix6}::1/64 dev lan nodad`,
    `route add default via ${far}`,
  ]);
}

/** Keeps a link that carries only IPv4 free of the kernel's own IPv6 chatter. */
const NO_IPV6 = (link: string): string => `echo 1 > /proc/sys/net/ipv6/conf/${link}/disable_ipv6`;

/** 1:1 in both directions, and inside to inside by the public address. */
function natRules(site: SiteNumbers): string {
  const inside = `${site.insidePrefix}.0/24`;
  const outside = `${site.publicPrefix}.0/24`;
  return `table ip nat {
  chain in {
    type nat hook prerouting priority dstnat
    dnat ip prefix to ip daddr map { ${outside} : ${inside} }
  }
  chain out {
    type nat hook postrouting priority srcnat
    oifname "wan" snat ip prefix to ip saddr map { ${inside} : ${outside} }
    ct status dnat ip saddr ${inside} snat ip prefix to ip saddr map { ${inside} : ${outside} }
  }
}`;
}

interface Plug {
  readonly vm: Namespace;
  readonly name: string;
  readonly place: Place;
}

async function plug(
  layout: Layout,
  site: SiteNumbers,
  router: Namespace,
  { vm, name, place }: Plug,
): Promise<void> {
  const ends = ['netns', String(vm.pid), 'type', 'veth', 'peer', 'name', name];
  const pair = ['link', 'add', 'eth0', 'address', place.mac, ...ends, 'netns', String(router.pid)];
  await router.must(['ip', ...pair]);
  await ip(router, [`link set ${name} master lan`, `link set ${name} up`]);
  await ip(vm, ['link set eth0 up']);
  if (layout.families.includes(4)) {
    await ip(vm, [
      `addr add ${place.inside4}/24 dev eth0`,
      `route add default via ${site.insidePrefix}.1`,
    ]);
  }
  if (!layout.families.includes(6)) return;
  await ip(vm, [
    `addr add ${place.public6}/64 dev eth0 nodad`,
    `route add default via ${site.prefix6}::1`,
  ]);
}

/** Several commands of ip, in one run. */
async function ip(namespace: Namespace, lines: readonly string[]): Promise<void> {
  await namespace.must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
