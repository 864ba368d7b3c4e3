/**
 * Rule: test ask — asks verbs as a request would, for tests only; what a request is checked for
 * before them is not, so they stand by themselves.
 */
import assert from 'node:assert/strict';
import { isPath } from '../crdt/entry-bytes.ts';
import { foresee } from '../crdt/foresight.ts';
import type { MemberId } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import { idOf } from './test-view.ts';
import type { Arguments, Caller, Reached, Scene, Standing, Verb } from './verb.ts';

/** What was typed, by name. */
export type Typed = Readonly<Record<string, string | readonly string[] | number | boolean>>;

/** In each of them somebody's shell, rule file or terminal could find an order. */
export const HOSTILE: readonly string[] = [
  '',
  ';reboot',
  'a;b',
  "a'b",
  'a"b',
  'a\nb',
  'a\r\nb',
  '$(reboot)',
  '`reboot`',
  '-f',
  '--force',
  'a\0b',
  'a|b',
  'a&b',
  'a\\b',
  '{ drop }',
  '../../etc/passwd',
  '\u202egnp',
  'x'.repeat(1_048_576),
];

/** How vm1 is reached by its operator. */
export const CALLER: Caller = {
  remote: { host: '203.0.113.7', port: 50_000 },
  local: { host: '192.0.2.1', port: 22 },
};

/** A mesh whose operator asks on vm1. */
export interface Desk {
  readonly view: View;
  readonly caller?: Caller;
  readonly standings?: ReadonlyMap<MemberId, Standing>;
  readonly reached?: Reached;
}

/** What the first member's daemon decides by. */
export const sceneOf = ({ view, caller, standings, reached }: Desk): Scene => ({
  view,
  self: idOf(1),
  port: 7300,
  interface: 'cnsmo0',
  caller: caller ?? null,
  wallMs: 1_000_000,
  skewsMs: new Map(),
  nonce: '00',
  openingsAt: ({ endpoints }) => {
    const port = endpoints?.port ?? 7300;
    return [
      { zone: 'wan', protocol: 'udp', ports: [port, port], why: 'WireGuard tunnels' },
      { zone: 'wan', protocol: 'tcp', ports: [port, port], why: 'swarm of the members' },
    ];
  },
  standings: standings ?? new Map(),
  reached: reached ?? null,
});

/** What was typed, as verbs read it. */
export const argumentsOf = (typed: Typed): Arguments => ({
  text: (name) => (typed[name] as string | undefined) ?? null,
  texts: (name) => (typed[name] as readonly string[] | undefined) ?? [],
  number: (name) => (typed[name] as number | undefined) ?? null,
  isSet: (name) => typed[name] === true,
});

/** A way to ask the verbs of one service. */
export const askingOf = (verbs: () => readonly Verb[]) => {
  /** Asks a verb; the view as it is then, and what was answered. A refusal is thrown. */
  const ask = (desk: Desk, name: string, typed: Typed) => {
    const verb = verbs().find((each) => each.name === name);
    if (verb === undefined) throw new TypeError(`no verb ${name}`);
    const scene = sceneOf(desk);
    const { edits, body } = verb.decide(scene, argumentsOf(typed));
    for (const { path } of edits) assert.ok(isPath(path), `${path}: no document takes it`);
    const view = foresee(desk.view, edits, scene.self);
    return { edits, body, view, shown: verb.show(body) };
  };
  /** The line of a refusal, or `done`. */
  const refusalOf = (desk: Desk, name: string, typed: Typed): string => {
    try {
      ask(desk, name, typed);
      return 'done';
    } catch (error) {
      if (error instanceof Fault && error.code === 'refused') return error.message;
      throw error;
    }
  };
  /** The mesh after several changes. */
  const after = (view: View, ...lines: readonly (readonly [string, Typed])[]): View =>
    lines.reduce((now, [name, typed]) => ask({ view: now }, name, typed).view, view);
  return { ask, refusalOf, after };
};
