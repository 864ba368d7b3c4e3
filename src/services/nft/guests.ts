/**
 * Rule: guests — behind which interfaces are guests of this host.
 */

/** Containers and virtual machines. A name that ends with `*` stands for all that begin so. */
export const GUEST_INTERFACES = [
  ...['docker*', 'br-*', 'podman*', 'cni*', 'virbr*', 'lxc*', 'lxd*', 'incus*'],
];
