import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { SwarmNode } from '../ports.ts';
import { createDismissal } from './dismissal.ts';

const PEER = 'peer' as PeerKey;

/** What is done with a peer, in order. `evicted`: who is; `inform`: how the last word goes. */
function stage(evicted: readonly string[], inform: () => Promise<unknown>) {
  const done: string[] = [];
  const swarm = { hangUp: async () => void done.push('hang up') } as unknown as SwarmNode;
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => 0,
    sleep: async () => {
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      done.push('enough');
    },
  };
  const view = () => ({ evicted: evicted as MemberId[] }) as unknown as View;
  const dismiss = createDismissal(clock, view, () => {
    done.push('inform');
    return inform();
  });
  return { done, dismiss: () => dismiss(swarm, PEER) };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};

test('dismissal: who was evicted is told before it is hung up on, once', async () => {
  // Goal: the victim learns of it. Method: what is done, in order, when asked twice.
  const { done, dismiss } = stage([PEER], async () => true);
  dismiss();
  dismiss();
  await settle();
  assert.deepEqual(
    done.filter((act) => act !== 'enough'),
    ['inform', 'hang up'],
  );
});

test('dismissal: a victim that does not listen is hung up on all the same', async () => {
  // Goal: it is out in time. Method: a last word that never ends; a stranger gets none.
  const deaf = stage([PEER], () => new Promise(() => undefined));
  deaf.dismiss();
  await settle();
  assert.deepEqual(deaf.done, ['inform', 'enough', 'hang up']);
  const stranger = stage([], async () => true);
  stranger.dismiss();
  await settle();
  assert.deepEqual(stranger.done, ['hang up']);
});
