/**
 * Loop: preflight — what init and join check on this host before they change anything.
 */
import { Fault } from '../fault.ts';
import type { Disk, Host, Net } from '../ports.ts';
import { probeDisk } from './disk-watch.ts';
import { isLeaving } from './leave.ts';
import { isInitialised } from './local-state.ts';
import { checkAdvertised, checkFitness, checkRoutes } from './rules/fitness.ts';
import type { Settings } from './rules/settings.ts';

/** Fault 'refused' when the state directory holds a member, or a leave that is not finished. */
export async function checkVacant(disk: Disk): Promise<void> {
  // The next daemon would finish that leave, and erase what is made now.
  if (await isLeaving(disk)) {
    throw new Fault('refused', {
      field: 'state',
      value: 'leaving',
      why: 'an earlier leave was cut and is not finished',
      remedy: 'finish it with: cnsmo leave --local',
    });
  }
  if (!(await isInitialised(disk))) return;
  throw new Fault('refused', {
    field: 'state',
    value: 'in use',
    why: 'this VM is a member of a mesh already',
    remedy: 'start its daemon with cnsmo start, use another --state, or run cnsmo leave first',
  });
}

/**
 * Fault 'refused' when the state directory holds a member or takes nothing, the host is unfit, or
 * the port is taken.
 */
export async function checkHost(
  ports: { readonly disk: Disk; readonly host: Host; readonly net: Net },
  port: number,
): Promise<void> {
  await checkVacant(ports.disk);
  checkFitness(await ports.host.probe());
  await probeDisk(ports.disk);
  if (!(await ports.net.isPortFree(port))) {
    throw new Fault('refused', {
      field: 'port',
      value: String(port),
      why: 'in use on this host',
      remedy: 'choose another with --port, or stop what holds it',
    });
  }
}

/**
 * Fault 'refused' when the overlay's prefixes overlap a route of this host or hold what is
 * advertised, or an interface has our name.
 */
export async function checkOverlay(
  host: Host,
  mesh: { readonly prefix: string; readonly prefix6: string },
  { interface: ownInterface, advertised }: Pick<Settings, 'interface' | 'advertised'>,
): Promise<void> {
  if (advertised !== null) checkAdvertised(advertised.host, mesh);
  const routes4 = await host.run({ argv: ['ip', '-j', '-4', 'route', 'show'] });
  if (routes4.status === 0) checkRoutes(routes4.stdout, mesh.prefix, ownInterface);
  const routes6 = await host.run({ argv: ['ip', '-j', '-6', 'route', 'show'] });
  if (routes6.status === 0) checkRoutes(routes6.stdout, mesh.prefix6, ownInterface);
  const link = await host.run({ argv: ['ip', '-j', 'link', 'show', 'dev', ownInterface] });
  if (link.status !== 0) return;
  throw new Fault('refused', {
    field: 'interface',
    value: ownInterface,
    why: 'an interface of that name exists on this host',
    remedy: 'choose another with --interface, or delete it',
  });
}
