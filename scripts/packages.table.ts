/**
 * What build and tests need of the operating system: a file that shows that it is there, and the
 * package of Debian and Ubuntu that has it.
 */

/** One need: `file` is a command found in PATH, or an absolute path. */
export interface Tool {
  readonly file: string;
  readonly package: string;
}

/** By name, so that a script can say what it needs. */
export const TOOLS = {
  strip: { file: 'strip', package: 'binutils' },
  'aarch64-linux-gnu-strip': {
    file: 'aarch64-linux-gnu-strip',
    package: 'binutils-aarch64-linux-gnu',
  },
  'x86_64-linux-gnu-strip': {
    file: 'x86_64-linux-gnu-strip',
    package: 'binutils-x86-64-linux-gnu',
  },
  git: { file: 'git', package: 'git' },
  'debian-keyring': {
    file: '/usr/share/keyrings/debian-archive-keyring.gpg',
    package: 'debian-archive-keyring',
  },
  'debian-mirrors': {
    file: '/usr/share/python-apt/templates/Debian.info',
    package: 'python-apt-common',
  },
  certificates: { file: '/etc/ssl/certs/ca-certificates.crt', package: 'ca-certificates' },
  ip: { file: 'ip', package: 'iproute2' },
  wg: { file: 'wg', package: 'wireguard-tools' },
  ping: { file: 'ping', package: 'iputils-ping' },
  nft: { file: 'nft', package: 'nftables' },
  tcpdump: { file: 'tcpdump', package: 'tcpdump' },
  haproxy: { file: 'haproxy', package: 'haproxy' },
  nginx: { file: 'nginx', package: 'nginx-light' },
  'nginx-stream': {
    file: '/usr/lib/nginx/modules/ngx_stream_module.so',
    package: 'libnginx-mod-stream',
  },
  ss: { file: 'ss', package: 'iproute2' },
  unshare: { file: 'unshare', package: 'util-linux' },
  faketime: { file: 'faketime', package: 'faketime' },
  qemu: { file: 'qemu-system-x86_64', package: 'qemu-system-x86' },
  busybox: { file: '/bin/busybox', package: 'busybox-static' },
  cpio: { file: 'cpio', package: 'cpio' },
  depmod: { file: 'depmod', package: 'kmod' },
  mmdebstrap: { file: 'mmdebstrap', package: 'mmdebstrap' },
  mke2fs: { file: '/sbin/mke2fs', package: 'e2fsprogs' },
  openssl: { file: 'openssl', package: 'openssl' },
  iperf3: { file: 'iperf3', package: 'iperf3' },
  openvpn: { file: 'openvpn', package: 'openvpn' },
  tinc: { file: 'tincd', package: 'tinc' },
  serf: { file: 'serf', package: 'serf' },
} as const satisfies Readonly<Record<string, Tool>>;

/** A name in the table. */
export type ToolName = keyof typeof TOOLS;
