/**
 * Loop: conflict watch — says so in the log when a change meets one of which its author did not
 * know: one of the two has lost, and whoever said it should hear of it.
 *
 * Only the paths that were just spoken of are looked at. `cnsmo conflicts` looks at all, and
 * further back.
 */
import type { Change } from '../crdt/change.ts';
import { conflictsAmong } from '../crdt/conflicts.ts';
import type { MemberId } from '../crdt/ids.ts';
import type { Log } from '../ports.ts';
import type { Replica } from './replica.ts';

/** Paths looked at in one go: after a long partition a person reads the list instead. */
const PATHS_MAX = 50;

/** Makes what is told of changes that were taken. */
export const watchConflicts =
  (log: Pick<Log, 'warn'>, self: MemberId, replica: Pick<Replica, 'view' | 'claims'>) =>
  (changes: readonly Change[]): void => {
    const view = replica.view();
    const operators = new Set(view.operators.map(({ member }) => member));
    const nameOf = (id: MemberId): string =>
      view.members.find((member) => member.id === id)?.name ?? id;
    // What this member writes itself knows what it replaces.
    const news = changes.filter(({ author }) => author !== self && operators.has(author));
    const names = new Set(news.map(({ name }) => name));
    const paths = [...new Set(news.map(({ path }) => path))].slice(0, PATHS_MAX);
    for (const path of paths) {
      for (const { winner, losers } of conflictsAmong(replica.claims(path), operators, new Map())) {
        const [loser] = losers;
        const isNew = names.has(winner.name) || losers.some(({ name }) => names.has(name));
        if (loser === undefined || !isNew) continue;
        log.warn('conflict', {
          path,
          winner: nameOf(winner.author),
          loser: nameOf(loser.author),
        });
      }
    }
  };
