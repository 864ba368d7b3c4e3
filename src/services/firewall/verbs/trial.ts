/**
 * Rule: firewall trial — confirm, which makes a change last that is on trial; and open, which lets
 * everything through on this VM for a time, whatever the mesh does.
 */
import type { Member } from '../../../crdt/view.ts';
import { ACCEPT } from '../../nft/tables.ts';
import { refuse } from '../../refuse.ts';
import { type LocalVerb, type Scene, type Standing, type Verb, verbInPieces } from '../../verb.ts';
import { addElements, FAMILY, NAME, OPEN_MAP } from '../own-table.ts';
import { policyOf, type TrialOrder } from '../policy.ts';
import type { TrialRecord } from '../schemas.table.ts';
import { isFresh, withdrawnMark } from '../trial.ts';
import { type Change, checkedEdits, runningTrial } from './change.ts';
import { isEnforcing } from './sites.ts';
import { trialEnd } from './trial-parts.ts';

interface Confirmed {
  readonly trial: string;
  readonly changes: readonly string[];
  readonly undone: boolean;
  /** Where it was on trial; null where nobody was asked. */
  readonly tried: Tried | null;
  /** Of policy tests that could not be tried whole, in plain words. */
  readonly untried: readonly string[];
}

/** Of how many members that enforce a firewall how many had it in force, and why the others not. */
interface Tried {
  readonly applied: number;
  readonly of: number;
  readonly behind: readonly { readonly member: string; readonly why: string }[];
}

/** How long members are asked whether they have it in force, ms: they begin it within seconds. */
const STANDINGS_MS = 5_000;

/** `confirm`. */
export const confirmVerb: Verb = verbInPieces<Confirmed>({
  name: 'confirm',
  help: 'make the change last that is on trial, or take it back',
  example: '',
  inputs: [
    { name: 'trial', as: 'word', kind: 'text', help: 'its id (the one that is on trial)' },
    { name: 'undo', as: 'flag', kind: 'switch', help: 'take it back now' },
    { name: 'force', as: 'flag', kind: 'switch', help: 'also withdrawn, or in force nowhere' },
  ],
  needs: 'operator',
  standingsMs: (given) => (given.isSet('undo') || given.isSet('force') ? 0 : STANDINGS_MS),
  isTold: (scene, given) => {
    const running = runningTrial(scene);
    const id = given.text('trial');
    if (running === null || (id !== null && running.id !== id)) return true;
    return isTold(scene, running);
  },
  decideInPieces: function* confirmed(scene, given, meter) {
    const trial = trialOf(scene, given.text('trial'));
    const undone = given.isSet('undo');
    const isBlind = undone || given.isSet('force');
    if (!isBlind) mustStand(scene, trial);
    const tried = isBlind ? null : triedAt(scene, trial);
    if (tried?.applied === 0) {
      const [first] = tried.behind;
      const who = first === undefined ? 'no member enforces it' : `${first.member}: ${first.why}`;
      const why = `is in force nowhere: ${who}`;
      throw refuse('trial', trial.id, why, 'wait, see cnsmo firewall list, or say --force');
    }
    const end = trialEnd(scene.view, trial);
    const { edits, untried } = undone
      ? { edits: [], untried: [] }
      : yield* checkedEdits(scene, changesOf(trial), meter);
    const changes = trial.changes.map(({ kind, name }) => `${kind} ${name}`);
    return {
      edits: [...edits, ...end],
      body: { trial: trial.id, changes, undone, tried, untried },
    };
  },
  show: ({ trial, changes, undone, tried, untried }) => ({
    lines: [
      `Trial ${trial} ${undone ? 'is taken back' : 'lasts'}: ${listed(changes)}.`,
      ...(tried === null ? [] : triedLines(tried)),
      ...untried,
    ],
  }),
});

const triedLines = ({ applied, of, behind }: Tried): readonly string[] =>
  behind.length === 0
    ? []
    : [
        `It was in force on ${applied} of ${of}, and will be on all:`,
        ...behind.slice(0, NAMED_MAX).map(({ member, why }) => `  ${member}: ${why}`),
        ...(behind.length > NAMED_MAX ? [`  and ${behind.length - NAMED_MAX} more`] : []),
      ];

/** Whether all that answer have begun it, or some have and the others had time enough. */
const isTold = (scene: Scene, trial: TrialOrder): boolean => {
  const { applied } = triedAt(scene, trial);
  const { wallMs, skewsMs, self, standings } = scene;
  const isWithdrawn = [...standings.values()].some((each) => withdrawnWhy(each, trial) !== null);
  const answered = enforcersIn(scene).filter(({ id }) => standings.get(id)?.kind === 'told');
  if (isWithdrawn || applied >= Math.max(1, answered.length)) return true;
  return !isFresh(trial, { id: self, wallMs, skewsMs });
};

const enforcersIn = ({ view }: Scene): readonly Member[] =>
  view.members.filter((member) => !member.hasLeft && isEnforcing(member));

const triedAt = (scene: Scene, { path, claim }: TrialOrder): Tried => {
  const enforcers = enforcersIn(scene);
  const behind = enforcers.flatMap(({ id, name }) => {
    const standing = scene.standings.get(id);
    if (standing?.kind !== 'told') {
      return [{ member: name, why: standing?.why ?? 'was not asked' }];
    }
    if (standing.applied.get(path) === claim.hlc.join('.')) return [];
    return [{ member: name, why: standing.problems[0] ?? 'has not begun it' }];
  });
  const of = enforcers.length;
  return { applied: of - behind.length, of, behind };
};

/** Changes that are named. */
const NAMED_MAX = 8;

const listed = (changes: readonly string[]): string => {
  const more = changes.length - NAMED_MAX;
  return `${changes.slice(0, NAMED_MAX).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
};

/** Fault 'refused' when a member told that it has withdrawn the trial. */
function mustStand({ view, standings }: Scene, trial: TrialOrder): void {
  for (const [member, standing] of standings) {
    const problem = withdrawnWhy(standing, trial);
    if (problem === null) continue;
    const name = view.members.find((each) => each.id === member)?.name ?? member;
    const why = `${name} has withdrawn it: ${problem}`;
    throw refuse('trial', trial.id, why, 'take it back with --undo, or say --force');
  }
}

/** Why a member has withdrawn it, or null. */
const withdrawnWhy = (standing: Standing, { id }: TrialOrder): string | null => {
  const mark = withdrawnMark(id);
  const problems = standing.kind === 'told' ? standing.problems : [];
  return problems.find((each) => each.startsWith(mark))?.slice(mark.length) ?? null;
};

const changesOf = ({ changes }: TrialRecord): readonly Change[] =>
  changes.map(({ kind, name, value }) => ({ kind, name, value }));

function trialOf(scene: Scene, id: string | null) {
  const running = runningTrial(scene);
  if (running !== null && (id === null || running.id === id)) return running;
  const isKnown = policyOf(scene.view).trials.some((each) => id === null || each.id === id);
  const why = isKnown ? 'is over, and its changes are gone' : 'nothing of that id is on trial';
  throw refuse('trial', id ?? '(none)', why, 'make the change again with --confirm');
}

/** Shortest and longest time that everything may pass. Unit: ms. */
const OPEN_MS = [1_000, 86_400_000] as const;
const OPEN_MS_USUAL = 600_000;

/** `open`: one command of the kernel's tool, which ends it by itself. */
export const openVerb: LocalVerb = {
  name: 'open',
  help: 'let everything through on this VM for a time, mesh or no mesh, daemon or no daemon',
  example: '--for 10m',
  inputs: [
    {
      ...{ name: 'for', as: 'flag', kind: 'duration', value: 'duration', range: OPEN_MS },
      help: 'how long (10m)',
    },
    { name: 'close', as: 'flag', kind: 'switch', help: 'end it now' },
  ],
  command: (given) => {
    const seconds = Math.ceil((given.number('for') ?? OPEN_MS_USUAL) / 1_000);
    const flush = { flush: { map: { family: FAMILY, table: NAME, name: OPEN_MAP } } };
    const opened = given.isSet('close') ? [] : openElements(seconds);
    return {
      argv: ['nft', '-j', '-f', '-'],
      stdin: JSON.stringify({ nftables: [flush, ...opened] }),
    };
  },
  answer: ({ status, stderr }, given) => {
    const closed = given.isSet('close');
    const seconds = closed ? 0 : Math.ceil((given.number('for') ?? OPEN_MS_USUAL) / 1_000);
    if (status === 0) return { open: !closed, seconds, filtered: true };
    // Without the table nothing of ours stops anything.
    if (/no such file/i.test(stderr)) return { open: true, seconds, filtered: false };
    const why = stderr.trim().split('\n')[0] ?? `nft ended with ${status}`;
    throw refuse('open', 'nft', why, 'run it as root, on a VM with nftables');
  },
  show: (body) => ({ lines: [openText(body as OpenAnswer)] }),
};

interface OpenAnswer {
  readonly open: boolean;
  readonly seconds: number;
  readonly filtered: boolean;
}

const openText = ({ open, seconds, filtered }: OpenAnswer): string => {
  if (!filtered) return 'CNSMO filters nothing on this VM, so nothing was to be opened.';
  return open
    ? `Everything passes on this VM for ${seconds} s; then its rules hold again.`
    : 'The rules of this VM hold again.';
};

const openElements = (seconds: number) =>
  addElements(
    { name: OPEN_MAP },
    (['ipv4', 'ipv6'] as const).map((key) => ({ key, verdict: ACCEPT, rule: null })),
    new Map([[OPEN_MAP, { timeout: seconds }]]),
  );
