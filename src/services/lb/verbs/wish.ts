/**
 * Rule: lb wish — the flags of create and edit, to the record of a balancer; what no engine could
 * carry is refused here by the flag that asks for it.
 */
import type { View } from '../../../crdt/view.ts';
import { oneOf, refuse } from '../../refuse.ts';
import { readComment } from '../../typed-words.ts';
import type { Arguments, Input } from '../../verb.ts';
import { engineOf } from '../balancers.ts';
import { RANGE_MAX } from '../haproxy-plan.ts';
import {
  type BalancerRecord,
  type Check,
  DRAIN_MAX_MS,
  ENGINES,
  MODES,
  STICKY_MAX_MS,
} from '../schemas.table.ts';
import {
  checkText,
  listenText,
  readCheck,
  readListen,
  readTo,
  readWeights,
  readWhom,
} from './typed.ts';

/** How long a backend that drains may end what it has, by default. Unit: ms. The issue's. */
const DRAIN_DEFAULT_MS = 30_000;

const flag = (name: string, kind: Input['kind'], value: string, help: string): Input => ({
  ...{ name, as: 'flag', kind, help },
  ...(value === '' ? {} : { value }),
});

/** What both verbs take. */
export const WISH_INPUTS: readonly Input[] = [
  flag('listen', 'text', 'ports', 'at which it listens: 80, 8000-8010, 53/udp'),
  flag('to', 'texts', 'selector:port', 'whose members serve, and where: role=web:8080, vm2:80'),
  flag('protocol', 'text', 'tcp|udp', 'what is balanced (tcp)'),
  flag('mode', 'text', 'mode', `${MODES.join(', ')} (roundrobin)`),
  flag('weight', 'texts', 'selector=n', 'of backends, 1 to 256: vm2=3, size=big=2 (1)'),
  flag('on', 'texts', 'selector', 'which members listen at their other addresses as well'),
  flag('check', 'text', 'check', 'tcp, http:/path, exec:/program or none (tcp; udp: none)'),
  {
    ...flag('sticky', 'duration', 'duration', 'how long a client stays with its backend'),
    range: [1_000, STICKY_MAX_MS],
  },
  {
    ...flag(
      'drain',
      'duration',
      'duration',
      'after which what a draining backend still has is ended (30s)',
    ),
    range: [0, DRAIN_MAX_MS],
  },
  flag('engine', 'text', 'engine', 'auto, nft or haproxy (auto: by the mode)'),
  flag('include-self', 'switch', '', 'a member that serves is its own backend as well'),
  flag('comment', 'text', 'text', 'why'),
  flag('force', 'switch', '', 'also where a frontend takes the port of SSH'),
];

/** What edit can take away. */
const CLEARABLE = ['weight', 'on', 'sticky', 'include-self', 'comment'] as const;
/** `--clear`. */
export const CLEAR_INPUT: Input = flag('clear', 'texts', 'flag', `forget ${CLEARABLE.join(', ')}`);

/** A balancer but for its addresses. */
export type Wish = Omit<BalancerRecord, 'addresses'>;

/** What is wanted. `base`: what stands and is edited, or null. Fault 'refused' names the flag. */
export function readWish(view: View, given: Arguments, base: BalancerRecord | null): Wish {
  const listen = readListening(given, base);
  const cleared = base === null ? new Set<string>() : readCleared(given);
  const kept = <Field extends keyof Wish>(name: string, field: Field): Wish[Field] | undefined =>
    cleared.has(name) ? undefined : base?.[field];
  const to = given.texts('to');
  const goal =
    to.length === 0 && base !== null
      ? { to: base.to, port: base.port }
      : readTo(view, to, listen, base?.port ?? listen.ports[0]);
  const [weightTexts, onTexts] = [given.texts('weight'), given.texts('on')];
  const weights =
    weightTexts.length > 0 ? readWeights(view, weightTexts) : kept('weight', 'weights');
  const on = onTexts.length > 0 ? readWhom(view, 'on', onTexts) : kept('on', 'on');
  const [mode, engine] = [given.text('mode'), given.text('engine')];
  const check = given.text('check');
  const stickyMs = given.number('sticky') ?? kept('sticky', 'stickyMs');
  const comment = readComment(given.text('comment')) ?? kept('comment', 'comment');
  const includesSelf = given.isSet('include-self') || kept('include-self', 'includesSelf') === true;
  const wish: Wish = {
    ...{ listen, ...goal },
    mode: mode === null ? (base?.mode ?? 'roundrobin') : oneOf('mode', mode, MODES),
    ...(weights === undefined ? {} : { weights }),
    ...(on === undefined ? {} : { on }),
    check: check === null ? (base?.check ?? defaultCheck(listen)) : readCheck(check),
    ...(stickyMs === undefined ? {} : { stickyMs }),
    drainMs: given.number('drain') ?? base?.drainMs ?? DRAIN_DEFAULT_MS,
    engine: engine === null ? (base?.engine ?? 'auto') : oneOf('engine', engine, ENGINES),
    ...(includesSelf ? { includesSelf: true as const } : {}),
    ...(comment === undefined ? {} : { comment }),
  };
  mustBeDoable(wish);
  return wish;
}

function readListening(given: Arguments, base: BalancerRecord | null): Wish['listen'] {
  const [listen, protocol] = [given.text('listen'), given.text('protocol')];
  if (listen === null && base !== null) {
    return protocol === null
      ? base.listen
      : { ...base.listen, protocol: oneOf('protocol', protocol, ['tcp', 'udp']) };
  }
  if (listen === null) throw refuse('listen', '', 'needed', 'say where it listens: --listen 80');
  const isSaid = protocol !== null || listen.includes('/');
  return readListen(listen, isSaid ? protocol : (base?.listen.protocol ?? null));
}

function readCleared(given: Arguments): ReadonlySet<string> {
  const names = given.texts('clear').map((text) => oneOf('clear', text, CLEARABLE));
  const both = names.find((name) =>
    name === 'sticky'
      ? given.number(name) !== null
      : name === 'comment'
        ? given.text(name) !== null
        : name === 'include-self'
          ? given.isSet(name)
          : given.texts(name).length > 0,
  );
  if (both === undefined) return new Set(names);
  throw refuse('clear', both, `--${both} is given as well`, 'say one of the two');
}

const defaultCheck = ({ protocol }: Wish['listen']): Check => ({
  kind: protocol === 'tcp' ? 'tcp' : 'none',
});

/** Fault 'refused' for what does not go together. */
function mustBeDoable(wish: Wish): void {
  const { listen, port, mode, engine, check } = wish;
  const isTcp = listen.protocol === 'tcp';
  const last = port + listen.ports[1] - listen.ports[0];
  if (last > 65_535) {
    throw refuse('to', String(port), `the range would end at ${last}`, 'begin at a lower port');
  }
  if (!isTcp && mode === 'leastconn') {
    const remedy = 'choose roundrobin, source or random';
    throw refuse('mode', mode, 'udp has no connections to count', remedy);
  }
  if (!isTcp && engine === 'haproxy') {
    throw refuse('engine', engine, 'it balances no udp', 'choose nft or auto');
  }
  if (mode === 'leastconn' && engine === 'nft') {
    const why = 'nft cannot count the connections of backends';
    throw refuse('mode', mode, why, 'choose --engine haproxy, or roundrobin, source or random');
  }
  if (!isTcp && (check.kind === 'tcp' || check.kind === 'http')) {
    const why = 'udp takes no connection that could be checked';
    throw refuse('check', checkText(check), why, 'choose exec:/program or none');
  }
  const count = listen.ports[1] - listen.ports[0] + 1;
  if (engineOf(wish) === 'haproxy' && count > RANGE_MAX) {
    const why = `haproxy carries at most ${RANGE_MAX} ports of one balancer, not ${count}`;
    throw refuse('listen', listenText(listen), why, 'choose a mode of nft, or fewer ports');
  }
}
