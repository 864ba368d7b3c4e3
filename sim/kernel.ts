/**
 * Edge: kernel — what the kernel of a simulated VM holds for the overlay: interfaces and WireGuard.
 *
 * It outlives the daemon and dies with the power. `ip-command.ts` and `wg-command.ts` change it as
 * the tools would; `tunnel.ts` moves packets through it.
 */
import type { Station } from './underlay.ts';

/** A WireGuard peer. Keys in base64. */
export interface Peer {
  readonly publicKey: string;
  endpoint: { readonly host: string; readonly port: number } | null;
  /** Each with its length. */
  allowedIps: readonly string[];
  keepaliveS: number;
  /**
   * The session that both sides must share for data to pass, and since when: virtual ms, and Unix
   * seconds as this VM's clock stamped it.
   */
  session: { readonly id: number; readonly atMs: number; readonly stampS: number } | null;
  /** Last initiation, and since when data has gone unanswered; virtual ms. */
  triedMs: number;
  unansweredMs: number | null;
  rxBytes: number;
  txBytes: number;
}

/** An interface that speaks WireGuard. */
export interface Device {
  readonly name: string;
  /** `wireguard` of the kernel, or `tun` of wireguard-go. */
  readonly kind: 'wireguard' | 'tun';
  /** Whether `wg` gets an answer: wireguard-go takes a moment. */
  answersWg: boolean;
  isUp: boolean;
  isGone: boolean;
  mtu: number;
  /** With prefix length. */
  addresses: readonly string[];
  /** The addresses whose prefix's route is there: each brings it, and it may be deleted alone. */
  routes: readonly string[];
  publicKey: string | null;
  port: number;
  readonly peers: Map<string, Peer>;
}

/** How a program serves a port: well; it takes connections no more; it answers with status 503. */
export type Serving = 'well' | 'hung' | 'failing';

/** Tools whose monitors run. */
export type MonitoredTool = 'ip' | 'nft';

/** The kernel of one VM. */
export interface Kernel {
  readonly station: Station;
  readonly hasWireguard: boolean;
  readonly devices: Map<string, Device>;
  /** Told of each change: the lines that the monitor of a tool prints of it. */
  readonly monitors: Set<(tool: MonitoredTool, lines: readonly string[]) => void>;
  /** Of the underlay's interface. */
  uplinkMtu: number;
  /** Tables of nftables by family and name: what they consist of, as JSON. */
  readonly tables: Map<string, object[]>;
  /** Programs of the user's that serve, by port; null: a run that does not look at any. */
  servers: Map<number, Serving> | null;
  /** Unix time by this VM's clock, ms. */
  readonly wallMs: () => number;
  /** Virtual ms. */
  readonly nowMs: () => number;
  /** Counts power cuts, and commands that may have changed something. */
  cuts: number;
  changes: number;
  /** Handles of nftables that were given, so that nobody relies on there being none. */
  handles: number;
}

/** A kernel as it is after booting. */
export const bootKernel = (
  station: Station,
  hasWireguard: boolean,
  clock: Pick<Kernel, 'wallMs' | 'nowMs'>,
): Kernel => ({
  station,
  hasWireguard,
  devices: new Map(),
  monitors: new Set(),
  uplinkMtu: 1500,
  tables: new Map(),
  servers: null,
  ...clock,
  cuts: 0,
  changes: 0,
  handles: 0,
});

/** Everything in memory is gone. */
export function wipeKernel(kernel: Kernel): void {
  for (const device of kernel.devices.values()) device.isGone = true;
  kernel.devices.clear();
  kernel.tables.clear();
  // They start with the VM.
  for (const port of kernel.servers?.keys() ?? []) kernel.servers?.set(port, 'well');
  kernel.monitors.clear();
  kernel.cuts += 1;
}

/** Makes an interface. */
export function addDevice(kernel: Kernel, name: string, kind: Device['kind']): Device {
  const device: Device = {
    name,
    kind,
    answersWg: kind === 'wireguard',
    isUp: false,
    isGone: false,
    mtu: 1420,
    addresses: [],
    routes: [],
    publicKey: null,
    port: 0,
    peers: new Map(),
  };
  kernel.devices.set(name, device);
  tellMonitors(kernel);
  return device;
}

/** Deletes an interface. */
export function deleteDevice(kernel: Kernel, device: Device): void {
  device.isGone = true;
  kernel.devices.delete(device.name);
  tellMonitors(kernel);
}

/** Tells those who watch links, addresses and routes. */
export function tellMonitors(kernel: Kernel): void {
  for (const tell of [...kernel.monitors]) tell('ip', ['2: (something changed)']);
}

/** Tells those who watch the rules of nftables of a transaction, with a line for each change. */
export function tellTableMonitors(kernel: Kernel, tables: readonly string[]): void {
  const lines = tables.map((table) => `delete rule ${table} forward handle 2`);
  for (const tell of [...kernel.monitors]) tell('nft', lines);
}
