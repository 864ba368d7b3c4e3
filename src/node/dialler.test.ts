import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Endpoint, SwarmNode } from '../ports.ts';
import { createDialler, type DialOutcome } from './dialler.ts';
import { LETS_NOT_IN, NOBODY_LISTENS } from './rules/gated.ts';

const peer = 'peer' as PeerKey;
const place: Endpoint = { host: '192.0.2.1', port: 7300 };
const elsewhere: Endpoint = { host: '198.51.100.1', port: 7300 };

const failure = (code: 'refused' | 'timeout', why: string): Fault =>
  new Fault(code, { field: 'endpoint', value: 'place', why, remedy: 'none' });
const CLOSED = failure('refused', 'closed the connection at once');
const SILENT = failure('timeout', 'no answer');
const CUT = failure('refused', `${LETS_NOT_IN}, 1 other(s) failed too`);
const ABSENT = failure('refused', NOBODY_LISTENS);

/** Of a member that was lost: where it was dialled, and what each failure told. */
async function dialled(errors: readonly Fault[]) {
  const told: (DialOutcome | null)[] = [];
  const places: number[] = [];
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs } as Parameters<typeof createDialler>[0]['clock'];
  const log = { info: () => undefined } as unknown as Parameters<typeof createDialler>[0]['log'];
  const random = { fraction: () => 0.5 } as Parameters<typeof createDialler>[0]['random'];
  const dialler = createDialler({ clock, log, random }, (_, outcome) => told.push(outcome));
  dialler.lose(peer, place);
  for (const error of errors) {
    const dial = async (_: PeerKey, endpoints: readonly Endpoint[]): Promise<never> => {
      places.push(endpoints.length);
      throw error;
    };
    const swarm = { dial } as unknown as SwarmNode;
    dialler.consider(swarm, { peer, endpoints: [place, elsewhere] }, 0, 1);
    await new Promise((resolve) => setImmediate(resolve));
    nowMs += 60_000;
  }
  return { told, places, cutForMs: dialler.cutBy().get(peer) ?? null };
}

test('dialler: who is killed is gone, also when its port outlives it for a moment', async () => {
  // Goal: a death by kill is known at once, whichever of its sockets the kernel closes first.
  // Method: dials after a connection was lost: nobody listens, or it was closed once before.
  // Twins: one that goes on to close is no dead one; one that is silent is looked for everywhere.
  assert.deepEqual(await dialled([ABSENT]), { told: ['gone'], places: [1], cutForMs: null });
  const ending = await dialled([CLOSED, ABSENT]);
  assert.deepEqual(ending, { told: ['unreached', 'gone'], places: [1, 1], cutForMs: null });
  const closing = await dialled([CLOSED, CLOSED, ABSENT]);
  assert.deepEqual(closing, {
    ...{ told: ['unreached', 'unreached', 'absent'], places: [1, 1, 2] },
    cutForMs: null,
  });
  const silent = await dialled([SILENT, ABSENT]);
  assert.deepEqual(silent, { told: ['unreached', 'absent'], places: [1, 2], cutForMs: null });
});

test('dialler: who cuts this VM off is known, and for how long it has', async () => {
  // Goal: an evicted VM learns of it, and nobody else is told so. Method: dials that the member
  // itself answers and cuts, 60 s apart. Twins: one that somebody else answers, and one by nobody.
  const cutForMs = async (errors: readonly Fault[]) => (await dialled(errors)).cutForMs;
  assert.equal(await cutForMs([CUT]), 0);
  assert.equal(await cutForMs([CLOSED, CUT, CUT, CUT]), 120_000);
  assert.equal(await cutForMs([CUT, SILENT]), null);
  assert.equal(await cutForMs([CUT, SILENT, CUT]), 0);
  assert.equal(await cutForMs([CLOSED]), null);
});
