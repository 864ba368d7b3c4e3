/**
 * Rule: firewall check verbs — to add, try, list and delete policy tests.
 */
import type { Value } from '../../../crdt/entry.ts';
import type { Meter } from '../../../crdt/meter.ts';
import { oneOf, refuse } from '../../refuse.ts';
import type { Zone } from '../../selectors/schemas.table.ts';
import { readSelector, selectorText } from '../../selectors/typed.ts';
import { mustBeName } from '../../typed-words.ts';
import { type Scene, type Verb, verb, verbInPieces } from '../../verb.ts';
import { policyOf } from '../policy.ts';
import type { TestRecord } from '../schemas.table.ts';
import { checkedEdits } from './change.ts';
import { meansNobody, type Outcome, runTests } from './checks.ts';
import { readProbe } from './ends.ts';
import { word, ZONE } from './trace.ts';
import { unreadAt } from './unread.ts';

function* tried(scene: Scene, meter: Meter) {
  return { edits: [], body: yield* runTests(scene, scene.view, meter) };
}

const testVerb: Verb = verbInPieces<readonly Outcome[]>({
  name: 'test',
  help: 'try the policy tests by the rules as they are',
  example: '',
  inputs: [],
  needs: 'anybody',
  decideInPieces: (scene, _given, meter) => tried(scene, meter),
  show: (outcomes) =>
    outcomes.length === 0
      ? { lines: ['No tests; add one with cnsmo firewall test add.'] }
      : {
          table: {
            columns: [{ heading: 'TEST' }, { heading: 'RESULT' }, { heading: 'TRIED' }],
            rows: outcomes.map(({ name, result, passed, tried }) => [
              name,
              { text: result, tone: passed ? 'good' : result === 'means nobody' ? 'warn' : 'bad' },
              String(tried),
            ]),
          },
          lines: outcomes.flatMap(({ name, failures }) =>
            failures.map((each) => `${name}: ${each}`),
          ),
        },
});

interface AddedTest {
  readonly name: string;
  readonly test: Value;
  /** Whether nobody is there whom it means: members may be yet to come. */
  readonly meansNobody: boolean;
  /** Of tests that could not be tried whole, in plain words. */
  readonly untried: readonly string[];
}

const testAdd: Verb = verbInPieces<AddedTest>({
  name: 'test add',
  help: 'a connection that must pass, or must not; what breaks it is refused',
  example: 'web-open role=lb role=web tcp/80 --expect allow',
  inputs: [
    word('name', 'what to call it'),
    word('from', 'who opens the connection: a member, k=v, group:NAME or a CIDR'),
    word('to', 'whom it goes to'),
    word('traffic', 'tcp/443, udp/53 or icmp/echo-request'),
    { name: 'expect', as: 'flag', kind: 'text', value: 'allow|deny', help: 'what must come of it' },
    ZONE,
  ],
  needs: 'operator',
  decideInPieces: function* added(scene, given, meter) {
    const name = given.text('name') ?? '';
    mustBeName('name', name);
    const test = readTest(scene, (field) => given.text(field));
    const known = policyOf(scene.view).tests.find((each) => each.name === name);
    if (known !== undefined) {
      throw refuse(
        'name',
        name,
        'another test has that name',
        'choose another, or delete that one',
      );
    }
    const value: Value = { ...test };
    const changes = [{ kind: 'test', name, value }] as const;
    const { edits, untried } = yield* checkedEdits(scene, changes, meter);
    const isIdle = meansNobody(scene.view, { name, ...test });
    return { edits, body: { name, test: value, meansNobody: isIdle, untried } };
  },
  show: ({ name, meansNobody: isIdle, untried }) => ({
    lines: [
      `Test ${name} holds from now on.`,
      ...(isIdle ? ['It means nobody yet, so nothing is tried: see cnsmo firewall test.'] : []),
      ...untried,
    ],
  }),
});

function readTest({ view }: Scene, text: (field: string) => string | null): TestRecord {
  const from = readSelector(view, 'from', text('from') ?? '');
  const to = readSelector(view, 'to', text('to') ?? '');
  const { protocol, value } = readProbe('traffic', text('traffic') ?? '');
  if (protocol === 'other') throw new Error('a probe has a protocol');
  const expect = oneOf('expect', text('expect') ?? '', ['allow', 'deny']);
  const isOutside = [from, to].some(({ kind }) => kind === 'cidr');
  const zone = text('zone') ?? (isOutside ? 'wan' : 'mesh');
  return { from, to, protocol, value, expect, zone: oneOf<Zone>('zone', zone, ['mesh', 'wan']) };
}

const testDelete: Verb = verbInPieces<{
  readonly deleted: string;
  readonly untried: readonly string[];
}>({
  name: 'test delete',
  help: 'delete a policy test',
  example: 'web-open',
  inputs: [word('name', 'as test list shows it')],
  needs: 'operator',
  decideInPieces: function* deleted(scene, given, meter) {
    const name = given.text('name') ?? '';
    const isThere = policyOf(scene.view).tests.some((each) => each.name === name);
    if (!isThere && unreadAt(scene.view, 'test', name) === null) {
      throw refuse('name', name, 'no such test', 'see cnsmo firewall test list');
    }
    const changes = [{ kind: 'test', name, value: null }] as const;
    const { edits, untried } = yield* checkedEdits(scene, changes, meter);
    return { edits, body: { deleted: name, untried } };
  },
  show: ({ deleted, untried }) => ({ lines: [`Test ${deleted} is deleted.`, ...untried] }),
});

const testList: Verb = verb<readonly Readonly<Record<string, string>>[]>({
  name: 'test list',
  help: 'the policy tests',
  example: '',
  inputs: [],
  needs: 'anybody',
  decide: ({ view }) => ({
    edits: [],
    body: policyOf(view).tests.map(({ name, from, to, zone, protocol, value, expect }) => ({
      ...{ name, zone, expect, traffic: `${protocol}/${value}` },
      from: selectorText(view, from),
      to: selectorText(view, to),
    })),
  }),
  show: (tests) =>
    tests.length === 0
      ? { lines: ['No tests.'] }
      : {
          table: {
            columns: ['TEST', 'FROM', 'TO', 'ZONE', 'WHAT', 'EXPECT'].map((heading) => ({
              heading,
            })),
            rows: tests.map(({ name, from, to, zone, traffic, expect }) =>
              [name, from, to, zone, traffic, expect].map((text) => text ?? ''),
            ),
          },
        },
});

/** The verbs of policy tests. */
export const checkVerbs: readonly Verb[] = [testVerb, testAdd, testDelete, testList];
