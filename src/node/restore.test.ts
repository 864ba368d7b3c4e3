/** Backup and restore: a member comes back, a mesh is founded anew, or nothing changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import type { Ports } from '../ports.ts';
import { makeArchive } from './backup.ts';
import { prepareInit } from './init.ts';
import { openCrypto } from './linux/crypto.ts';
import { readLocalState } from './local-state.ts';
import { openReplica } from './replica.ts';
import { forkMesh, orAsBefore, restoreMember } from './restore.ts';
import { type Archive, readArchive } from './rules/archive.ts';
import { readSettings } from './rules/settings.ts';
import { adoptionOf, createDisk, idOf, open } from './test-replica.ts';
import { openHost } from './test-restore.ts';

const crypto = openCrypto();
const ENDPOINTS = {
  port: 7300,
  advertised: null,
  observed: null,
  local: ['192.0.2.1', '198.51.100.1'],
};
/** What an operator wants: a rule that stays, one that is changed, one that is deleted. */
const INTENT = [
  { path: 'intent/firewall/a', value: { allow: 22 } },
  { path: 'intent/firewall/b', value: 'old' },
  { path: 'intent/firewall/c', value: true },
];

type Host = ReturnType<typeof openHost>;

const replicaOn = async ({ ports }: Host) =>
  openReplica(ports, await readLocalState(crypto, ports.disk));

/** A founder that has said things. */
async function openFounder(): Promise<Host> {
  const host = openHost();
  const settings = readSettings({ mesh: 'shop', member: 'vm1', port: '7400' }, 'vm1', []);
  await prepareInit(host.ports, settings, async () => undefined);
  const replica = await replicaOn(host);
  await replica.write([{ path: 'member/endpoints', value: ENDPOINTS }, ...INTENT]);
  await replica.write([
    { path: 'intent/firewall/b', value: 'new' },
    { path: 'intent/firewall/c', value: null },
  ]);
  return host;
}

async function backUp({ ports }: Host, withKeys = true): Promise<Archive> {
  const { bytes } = await makeArchive(ports, { withKeys, version: '1.0.0' });
  const read = readArchive(crypto, bytes);
  assert.ok(read.ok);
  return read.archive;
}

const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => null,
    (why: unknown) => why,
  );
  assert.ok(error instanceof Fault && error.code === 'refused', String(error));
  return error.message;
};

test('restore: the same member, with all that it knew', async () => {
  // Goal: lossless. Method: back up, restore on an empty disk, compare keys, settings, heads, view.
  const founder = await openFounder();
  const archive = await backUp(founder);
  const here = openHost();
  const restored = await restoreMember(here.ports, archive, {}, false);
  const about = { mesh: 'shop', name: 'vm1', ipv4: '10.10.0.1' };
  assert.deepEqual(restored, { ...about, awaitsOthers: false });
  const [before, after] = [founder, here].map(({ files }) => files);
  for (const name of ['genesis', 'member-key', 'wg-key', 'psk', 'config', 'journal']) {
    assert.deepEqual(after?.get(name), before?.get(name), name);
  }
  const [then, now] = [await replicaOn(founder), await replicaOn(here)];
  assert.deepEqual(now.heads(), then.heads());
  assert.deepEqual(now.view(), then.view());
});

test('restore: nothing is said before others were heard, then in a new generation', async () => {
  // Goal: what was said after the backup is never contradicted. Method: the founder says more after
  // it; the copy may not write; then it hears that from another member, and may.
  const founder = await openFounder();
  const later = await replicaOn(founder);
  await later.write([adoptionOf(8)]);
  const other = await open(createDisk().disk, 8, await readLocalState(crypto, founder.ports.disk));
  other.receive(later.framesAfter([], Number.POSITIVE_INFINITY));
  await other.write([{ path: 'member/version', value: { version: '1' } }]);
  later.receive(other.framesAfter(later.heads(), Number.POSITIVE_INFINITY));
  await later.flush();
  const archive = await backUp(founder);
  await later.write([{ path: 'intent/firewall/d', value: 1 }]);
  const here = openHost();
  assert.ok((await restoreMember(here.ports, archive, {}, false)).awaitsOthers);
  const replica = await replicaOn(here);
  const edit = { path: 'intent/firewall/e', value: 2 };
  assert.match(await refusal(replica.write([edit])), /^journal: /);
  replica.receive(later.framesAfter(replica.heads(), Number.POSITIVE_INFINITY));
  replica.reassure();
  await replica.write([edit]);
  const isOwn = ({ author }: { readonly author: string }): boolean => author === archive.member;
  assert.equal(replica.heads().find(isOwn)?.generation, 1);
  assert.equal(replica.valueOf(archive.member, 'intent/firewall/d'), 1);
  later.receive(replica.framesAfter(later.heads(), Number.POSITIVE_INFINITY));
  assert.equal(later.heads().find(isOwn)?.generation, 0, 'who has the key too is not overrun');
});

test('restore: whoever knew nobody speaks at once, in a new generation', async () => {
  // Goal: a mesh of one comes back without anybody's help. Method: restore it, write, start again.
  const archive = await backUp(await openFounder());
  const here = openHost();
  await restoreMember(here.ports, archive, {}, false);
  await (await replicaOn(here)).write([adoptionOf(8)]);
  const again = await replicaOn(here);
  assert.equal(again.heads()[0]?.generation, 1);
  assert.equal(again.view().members.length, 2);
  await again.write([{ path: 'intent/firewall/e', value: 2 }]);
  assert.equal(again.heads()[0]?.generation, 1, 'the doubt is over');
});

test('restore: settings of this VM go before those of the backup', async () => {
  // Goal: a VM elsewhere has another address. Method: with flags, and as a twin without.
  const archive = await backUp(await openFounder());
  const configOn = async (changes: Parameters<typeof restoreMember>[2]) => {
    const { ports } = openHost();
    await restoreMember(ports, archive, changes, false);
    return (await readLocalState(crypto, ports.disk)).config;
  };
  const same = await configOn({});
  assert.deepEqual(same, archive.config);
  const other = await configOn({ port: '7500', advertise: '203.0.113.9', interface: 'wg9' });
  assert.deepEqual(other, {
    ...archive.config,
    port: 7500,
    interface: 'wg9',
    advertised: { host: '203.0.113.9', port: 7500 },
  });
});

test('restore: while a holder of the key answers, nothing is restored', async () => {
  // Goal: one key, one holder. Method: it answers at its second address; the twin: somebody else
  // answers there, and at the first nobody. It is asked with a key that is none of the mesh.
  const archive = await backUp(await openFounder());
  const held = openHost({ '198.51.100.1': 'holder' });
  assert.match(
    await refusal(restoreMember(held.ports, archive, {}, false)),
    /^backup: vm1: this member lives: it answers at 198\.51\.100\.1:7300; .*--fork$/,
  );
  assert.deepEqual([...held.files], []);
  assert.deepEqual(held.dialled.toSorted(), ['192.0.2.1', '198.51.100.1']);
  assert.deepEqual(held.opened[0]?.psk, archive.keys?.psk);
  assert.notDeepEqual(held.opened[0]?.seed, archive.keys?.member);
  const free = openHost({ '198.51.100.1': 'other' });
  await restoreMember(free.ports, archive, {}, false);
  assert.ok(free.files.has('genesis'));
});

/** The founder, and a member that said where it is. */
async function openPair() {
  const founder = await openFounder();
  const own = await replicaOn(founder);
  await own.write([adoptionOf(8)]);
  const other = await open(createDisk().disk, 8, await readLocalState(crypto, founder.ports.disk));
  other.receive(own.framesAfter([], Number.POSITIVE_INFINITY));
  const local = ['203.0.113.8'];
  await other.write([{ path: 'member/endpoints', value: { ...ENDPOINTS, local } }]);
  own.receive(other.framesAfter(own.heads(), Number.POSITIVE_INFINITY));
  await own.flush();
  return founder;
}

test('restore: into a mesh that lives only by who says that the VM is gone', async () => {
  // Goal: no second holder of a key by a slip. Method: another member answers: refused, nothing is
  // written, and both remedies are named; with the word it comes back, and only the member itself
  // is asked for then; the twins: nobody answers, and the member itself answers.
  const archive = await backUp(await openPair());
  const alive = openHost({ '203.0.113.8': 'holder' });
  assert.match(
    await refusal(restoreMember(alive.ports, archive, {}, false)),
    /^backup: vm1: its mesh shop lives: .* at 203\.0\.113\.8:7300; .*--rejoin;.*--fork$/,
  );
  assert.deepEqual([...alive.files], []);
  assert.ok(alive.peers.includes(archive.member) && alive.peers.includes(idOf(8)));
  const rejoined = openHost({ '203.0.113.8': 'holder' });
  assert.ok((await restoreMember(rejoined.ports, archive, {}, true)).awaitsOthers);
  assert.deepEqual([...new Set(rejoined.peers)], [archive.member]);
  const silent = openHost({ '203.0.113.8': 'other' });
  assert.ok((await restoreMember(silent.ports, archive, {}, false)).awaitsOthers);
  const held = openHost({ '203.0.113.8': 'holder', '192.0.2.1': 'holder' });
  for (const isRejoin of [false, true]) {
    const why = await refusal(restoreMember(held.ports, archive, {}, isRejoin));
    assert.match(why, /^backup: vm1: this member lives: it answers at 192\.0\.2\.1:7300;/);
  }
});

test('restore: whoever has left or was evicted does not come back', async () => {
  // Goal: its mesh would cut it. Method: the member says that it leaves; another one is evicted;
  // the twin of that one, a member that is not, comes back.
  const left = await openFounder();
  await (await replicaOn(left)).write([{ path: 'member/left', value: { left: true } }]);
  const whyLeft = await refusal(restoreMember(openHost().ports, await backUp(left), {}, false));
  assert.match(whyLeft, /^backup: vm1: this member has left its mesh; /);
  const founder = await openFounder();
  await (await replicaOn(founder)).write([adoptionOf(8), adoptionOf(9)]);
  const evict = { path: `trust/evict/${idOf(9)}`, value: { reason: 'lost' } };
  await (await replicaOn(founder)).write([evict]);
  const archive = await backUp(founder);
  const as = (fill: number): Archive => {
    const keys = { member: new Uint8Array(32).fill(fill), wg: psk, psk };
    return { ...archive, member: idOf(fill), keys };
  };
  const psk = new Uint8Array(32);
  const whyOut = await refusal(restoreMember(openHost().ports, as(9), {}, false));
  assert.match(whyOut, /^backup: vm1: this member was evicted; /);
  assert.equal((await restoreMember(openHost().ports, as(8), {}, false)).ipv4, '10.10.0.8');
});

test('restore: what is refused leaves no file', async () => {
  // Goal: bad input changes nothing. Method: no keys; a port that is taken; a member here already;
  // a disk that fills up midway, where files that were there before stay.
  const founder = await openFounder();
  const archive = await backUp(founder);
  const empty = openHost();
  const cases: readonly [Archive, Parameters<typeof restoreMember>[2], RegExp][] = [
    [await backUp(founder, false), {}, /^backup: without keys: .*--fork.*--keys$/],
    [archive, { port: '9999' }, /^port: 9999: in use/],
    [archive, { port: 'x' }, /^port: x: /],
  ];
  for (const [from, changes, line] of cases) {
    assert.match(await refusal(restoreMember(empty.ports, from, changes, false)), line);
  }
  assert.deepEqual([...empty.files], []);
  assert.match(await refusal(restoreMember(founder.ports, archive, {}, false)), /^state: in use: /);
  for (let writes = 0; writes < 6; writes += 1) {
    const full = openHost();
    full.files.set('other', new Uint8Array(1));
    await assert.rejects(
      orAsBefore(full.ports.disk, () => restoreMember(fillUp(full, writes), archive, {}, false)),
      /no space/,
    );
    assert.deepEqual([...full.files.keys()], ['other'], `after ${writes} writes`);
  }
});

/** The ports of a host whose disk takes only so many more writes. */
function fillUp({ ports }: Host, writes: number): Host['ports'] {
  let left = writes;
  const write: Ports['disk']['write'] = async (name, content) => {
    left -= 1;
    if (left < 0) throw new Error('no space left');
    await ports.disk.write(name, content);
  };
  return { ...ports, disk: { ...ports.disk, write } };
}

test('fork: a new mesh wants what the old one wanted, and knows none of its members', async () => {
  // Goal: seed a mesh from a backup. Method: found it from a backup without keys; compare.
  const founder = await openFounder();
  const archive = await backUp(founder, false);
  const here = openHost({ '192.0.2.1': 'holder' });
  const codes: string[] = [];
  const texts = { hostname: 'fresh' };
  const made = await forkMesh(here.ports, archive, texts, async (code) => void codes.push(code));
  assert.deepEqual(
    [made.mesh, made.name, made.ipv4, made.prefix],
    ['shop', 'fresh', '10.10.0.1', '10.10.0.0/16'],
  );
  assert.equal(codes.length, 1);
  const [old, fork] = [await replicaOn(founder), await replicaOn(here)];
  assert.notEqual(fork.view().mesh.id, old.view().mesh.id);
  assert.notEqual(made.prefix6, old.view().mesh.prefix6);
  const [member, ...others] = fork.view().members;
  assert.ok(member !== undefined && others.length === 0 && member.id !== archive.member);
  const said = fork.pathsOf(member.id).filter((path) => path.startsWith('intent/'));
  assert.deepEqual(said, ['intent/firewall/a', 'intent/firewall/b']);
  assert.equal(fork.valueOf(member.id, 'intent/firewall/b'), 'new');
  await fork.write([{ path: 'intent/firewall/f', value: 3 }]);
});

test('backup: while a frame is being written, the whole ones are taken', async () => {
  // Goal: a state that the member had. Method: a journal that ends within a record; a damaged one.
  const founder = await openFounder();
  const whole = founder.files.get('journal') ?? assert.fail();
  const length = whole.length;
  founder.files.set('journal', whole.subarray(0, length - 10));
  const wish = { withKeys: false, version: '1' };
  const torn = await makeArchive(founder.ports, wish);
  assert.ok(torn.about.isWhole && readArchive(crypto, torn.bytes).ok);
  const spoilt = whole.slice();
  spoilt[60] = 255 - (spoilt[60] ?? 0);
  founder.files.set('journal', spoilt);
  const damaged = await makeArchive(founder.ports, wish);
  assert.ok(!damaged.about.isWhole && readArchive(crypto, damaged.bytes).ok);
  assert.match(await refusal(makeArchive(openHost().ports, wish)), /^state: empty: /);
  founder.files.set('leaving', new Uint8Array());
  assert.match(await refusal(makeArchive(founder.ports, wish)), /^state: leaving: /);
});
