/**
 * Rule: lb verbs — all that people may ask of load balancing.
 */
import type { Verbs } from '../../verb.ts';
import { readBalancers } from '../balancers.ts';
import { drainVerbs } from './drain.ts';
import { effects } from './effects.ts';
import { importVerb } from './import.ts';
import { listVerb } from './list.ts';
import { createVerb, deleteVerb, editVerb } from './objects.ts';
import { showVerb } from './show.ts';
import { mustUphold } from './uphold.ts';

/** The balancer's verbs. */
export const lbVerbs: Verbs = {
  help: 'connections over several members, balanced by each member for itself',
  verbs: [createVerb, editVerb, listVerb, showVerb, ...drainVerbs, deleteVerb, importVerb],
  local: [],
  families: {},
  digest: readBalancers,
  mustUphold,
  effects,
};
