import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Edit } from './entry.ts';
import { clientIdOf } from './gate.ts';
import type { Store } from './store.ts';
import { openPen } from './subdocument.ts';
import {
  at,
  bodyOf,
  commit,
  entryBytes,
  forge,
  idOf,
  NOW,
  openTestStore,
  pair,
  picture,
  say,
  testCrypto,
  verdictOf,
} from './test-mesh.ts';

/** Frames of a member that rewrites some keys for ever and starts no generation. */
function* rewriting(name: string, keys: number, length: number): Generator<Uint8Array> {
  const author = testCrypto.publicKey(testCrypto.sha256(new TextEncoder().encode(name)));
  const pen = openPen(clientIdOf(testCrypto, author, 0), null);
  let previous: Uint8Array | null = null;
  for (let sequence = 0; ; sequence += 1) {
    const contents = [...Array(keys).keys()].map((key) =>
      entryBytes(`member/k${key}`, new Uint8Array(length), NOW + sequence),
    );
    const body = pen.write(sequence === 0 ? [] : [...Array(keys).keys()], contents);
    const frame: Uint8Array = forge(name, { sequence, previous, body });
    previous = testCrypto.sha256(frame);
    yield frame;
  }
}

const weightOf = (store: Store): number =>
  store.framesAfter([], Number.POSITIVE_INFINITY).reduce((sum, { length }) => sum + length, 0);

describe('weight of a generation', () => {
  it('is bounded in bytes, whatever is live', () => {
    // Goal: no member fills the memory of all. Method: 7 keys of 7 KiB, rewritten 100 times.
    const { founder } = pair();
    const verdicts: string[] = [];
    for (const frame of rewriting('a', 7, 7_000)) {
      verdicts.push(verdictOf(founder.receive(frame, NOW)));
      if (verdicts.length === 100) break;
    }
    const taken = verdicts.filter((verdict) => verdict === 'taken').length;
    assert.ok(taken >= 7 && taken < 9, `${taken} taken`);
    assert.equal(verdicts[taken], 'held: quota');
    assert.ok(weightOf(founder) < 400 * 1024, `${weightOf(founder)} bytes`);
  });

  it('is bounded in frames', () => {
    // Goal: as before, for small ones. Method: one key of an operator, rewritten 4,010 times.
    const { founder } = pair();
    say(founder, [at(`trust/role/${idOf('a')}`, { number: 1 })]);
    const counts = new Map<string, number>();
    let sent = 0;
    for (const frame of rewriting('a', 1, 0)) {
      const verdict = verdictOf(founder.receive(frame, NOW + 4_010));
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      sent += 1;
      if (sent === 4_010) break;
    }
    assert.equal(counts.get('taken'), 4_000);
    assert.equal(counts.get('held: quota'), 1);
  });

  it('lets whoever keeps to the writer’s own limits say what it wants, for ever', () => {
    // Goal: the cap bites nobody honest. Method: a full node that rewrites all, by its own writer.
    const { founder, a } = pair();
    for (let round = 0; round < 40; round += 1) {
      if (a.wantsGeneration(NOW)) assert.ok(founder.receive(commit(a.nextGeneration(NOW)), NOW));
      const fill = new Uint8Array(7_000).fill(round);
      const edits = [...Array(8).keys()].map((key) => at(`member/k${key}`, fill));
      assert.equal(verdictOf(founder.receive(say(a, edits), NOW)), 'taken', `round ${round}`);
    }
    assert.deepEqual(picture(founder), picture(a));
  });

  it('counts anew in the next generation, and after a restart', () => {
    // Goal: the way on is open, and no journal is refused. Method: to the cap, load, then frame 0.
    const { founder } = pair();
    let count = 0;
    for (const frame of rewriting('a', 7, 7_000)) {
      if (founder.receive(frame, NOW).verdict !== 'taken') break;
      count += 1;
      assert.ok(count < 100);
    }
    const again = openTestStore('founder');
    again.load(founder.framesAfter([], 1e9), NOW);
    assert.deepEqual(picture(again), picture(founder));
    const head = again.heads().find(({ author }) => author === idOf('a'));
    assert.ok(head !== undefined);
    const next = forge('a', { generation: 1, previous: [0, head.sequence, head.hash] });
    assert.equal(verdictOf(again.receive(next, NOW)), 'taken');
  });

  it('lets an operator no more go on from where it is', () => {
    // Goal: losing a role costs no statement. Method: 500 KB as an operator, then one deleted.
    const { founder, a } = pair();
    const role = (value: Edit['value']): void => {
      a.receive(say(founder, [at(`trust/role/${idOf('a')}`, value)]), NOW);
    };
    role({ number: 1 });
    for (let area = 0; area < 9; area += 1) {
      const keys = [...Array(8).keys()];
      const frame = say(
        a,
        keys.map((key) => at(`intent/a${area}/k${key}`, new Uint8Array(7_000))),
      );
      assert.equal(verdictOf(founder.receive(frame, NOW)), 'taken');
    }
    role(null);
    const frame = say(a, [at('intent/a0/k0', null)]);
    assert.equal(verdictOf(founder.receive(frame, NOW)), 'taken');
    assert.deepEqual(picture(founder), picture(a));
  });

  it('refuses what is too long or says too much before it reads it', () => {
    // Goal: no node stalls others. Method: a huge frame whose signature nobody may check, and one
    // of 40,000 statements of a byte; the number of signature checks is told by a bad signature.
    const { founder } = pair();
    const previous = [0, 0, new Uint8Array(32)] as const;
    const huge = bodyOf('a', [new Uint8Array(1_000_000)], 1);
    const forged = forge('a', { generation: 1, previous, body: huge, signer: 'b' });
    assert.equal(verdictOf(founder.receive(forged, NOW)), 'held: quota');
    const tiny = [...Array(2_000).keys()].map(() => Uint8Array.of(1));
    const many = forge('a', { generation: 1, previous, body: bodyOf('a', tiny, 1) });
    assert.equal(verdictOf(founder.receive(many, NOW)), 'held: quota');
    const short = forge('a', { generation: 1, previous, signer: 'b' });
    assert.equal(verdictOf(founder.receive(short, NOW)), 'rejected: signature');
  });
});
