/** Edge: firewall lacks — what a host cannot do is named, and noticed when it comes. */
import { found } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import type { Vm } from '../vm.ts';
import type { RealWorld } from '../world.ts';
import { becomes, connect, ENFORCED_MS, firewall, overlayOf } from './firewall-words.ts';

/** Where a VM looks for programs first; its own, and empty. */
const WRAPPER = '/usr/local/sbin/nft';

/** An `nft` of which the kernel takes nothing with these words. */
const without = (words: string): string => `#!/bin/sh
nft=$(ls /usr/sbin/nft /sbin/nft 2>/dev/null | head -n 1)
case " $* " in *" -f "*) ;; *) exec $nft "$@" ;; esac
input=$(mktemp)
cat > $input
if grep -q '${words}' $input; then
  rm $input
  echo 'internal:0:0-0: Error: Could not process rule: No such file or directory' >&2
  exit 1
fi
exec $nft "$@" < $input
`;

/** Longest until what was missing is noticed. Unit: ms. It is tried again every 30 s at most. */
const NOTICED_MS = 90_000;
/** For a tool that was not there at all, whose coming is a sign. Unit: ms. */
const INSTALLED_MS = 30_000;

interface Listed {
  readonly name: string;
  readonly applied: number;
  readonly of: number;
  readonly behind: readonly { readonly member: string; readonly why: string }[];
}

const behindOf = async (vm: Vm, rule: string): Promise<string> => {
  const rules = JSON.parse(await firewall(vm, 'list', '-o', 'json')) as readonly Listed[];
  const [found] = rules.filter(({ name }) => name === rule);
  return (found?.behind ?? []).map(({ member, why }) => `${member}: ${why}`).join();
};

/**
 * Goal: features are probed, not guessed; what lacks sets aside one rule and no other; what comes
 * later is noticed.
 * Method: vm2's nft takes no limits of connections: a rule that asks for them is named there, and
 * in force on vm1; the older rule holds on vm2, by packets. Then its nft takes them. Then a daemon
 * that starts without any nft, which comes back.
 */
export async function firewallLacks(world: RealWorld): Promise<void> {
  await found(world, ['vm1', 'vm2']);
  const [vm1, vm2] = [world.vm('vm1'), world.vm('vm2')];
  const second = await overlayOf(world, 'vm2');
  await firewall(vm1, 'deny', 'tcp/8080', '--name', 'old');
  await becomes(world, [vm1, second, 8080], 'silent');
  await vm2.must(['sh', '-c', `cat > ${WRAPPER} && chmod 755 ${WRAPPER}`], {
    input: without('ct count'),
  });
  await firewall(vm1, 'allow', 'tcp/8081', '--connections', '2', '--name', 'few');
  const lacks = /^vm2: set aside here, .*: this host lacks limits of connections /;
  const isNamed = async () => lacks.test(await behindOf(vm1, 'few'));
  await world.eventually('it is named', isNamed, ENFORCED_MS);
  const isOwn = async () => /lacks\s+limits\s+of\s+conn/.test(await obey(vm2, ['status']));
  await world.eventually('vm2 says so itself', isOwn, ENFORCED_MS);
  expect('what is older holds', (await connect(vm1, second, 8080)) === 'silent');
  const isOld = async () => (await behindOf(vm1, 'old')) === '';
  await world.eventually('and is known to', isOld, ENFORCED_MS);
  await firewall(vm1, 'deny', 'tcp/8083', '--name', 'new');
  await becomes(world, [vm1, second, 8083], 'silent');
  const isNew = async () => (await behindOf(vm1, 'new')) === '';
  await world.eventually('what it can have is known to be in force', isNew, ENFORCED_MS);
  await vm2.must(['rm', WRAPPER]);
  await world.eventually('it comes', async () => (await behindOf(vm1, 'few')) === '', NOTICED_MS);

  await firewall(vm1, 'delete', 'old', 'few', 'new');
  await becomes(world, [vm1, second, 8080], 'answered');
  await vm2.must(['sh', '-c', HIDE]);
  await obey(vm2, ['restart']);
  await firewall(vm1, 'deny', 'tcp/8082', '--name', 'late');
  const isMissing = async () => (await behindOf(vm1, 'late')).startsWith('vm2: tool: nft: not');
  await world.eventually('the tool is named', isMissing, ENFORCED_MS);
  await becomes(world, [vm1, second, 8082], 'answered');
  await vm2.must(['sh', '-c', "grep -oE ' /[^ ]*/nft ' /proc/mounts | xargs umount"]);
  const isSilent = async () => (await connect(vm1, second, 8082)) === 'silent';
  await world.eventually('what was installed is used', isSilent, INSTALLED_MS);
  await world.eventually('on all', async () => (await behindOf(vm1, 'late')) === '', NOTICED_MS);
}

const HIDE = `for path in $(which -a nft | xargs -n 1 readlink -f | sort -u); do
  mount --bind /dev/null $path; done`;
